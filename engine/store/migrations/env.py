"""Run by Alembic: migrate over the connection that the caller opened."""

from alembic import context

from engine.store.migration import VERSION_TABLE
from engine.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    version_table=VERSION_TABLE,
)
context.run_migrations()
