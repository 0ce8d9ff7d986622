"""Runs have names; runs and studies have notes and tags; a run whose training was stopped may be under evaluation."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns; runs of before have no name, and studies keep theirs."""
    op.add_column("runs", sa.Column("name", sa.String(120), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("phase", sa.String(16), nullable=False, server_default=""))
    for table in ("runs", "trainyard_studies"):
        op.add_column(table, sa.Column("note", sa.Text, nullable=False, server_default=""))
        op.add_column(table, sa.Column("tags", sa.JSON, nullable=False, server_default="[]"))
