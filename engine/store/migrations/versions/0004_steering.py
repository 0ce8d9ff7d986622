"""Runs know how their learning rate was changed while they trained, and how often they were started again by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; the learning rate of runs of before was never changed."""
    op.add_column("runs", sa.Column("steering", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("runs", sa.Column("restarts", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_runs_parent_id", "runs", ["parent_id"])
