"""Runs that were started together know it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; runs of before belong to no group."""
    op.add_column("runs", sa.Column("group_id", sa.Integer))
    op.create_index("ix_runs_group_id", "runs", ["group_id"])
