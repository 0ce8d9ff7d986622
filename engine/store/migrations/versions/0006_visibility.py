"""Runs and studies say who may look at them; those of before are private."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column to both tables."""
    for table in ("runs", "trainyard_studies"):
        op.add_column(table, sa.Column("visibility", sa.String(16), nullable=False, server_default="private"))
