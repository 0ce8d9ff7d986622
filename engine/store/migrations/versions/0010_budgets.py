"""Budgets of people, what their runs have used, and what the order of the queue depends on."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables and columns; nothing was charged before."""
    op.create_table(
        "budgets",
        sa.Column("owner", sa.String(120), primary_key=True),
        sa.Column("exempt", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("device_minutes", sa.Float),
        sa.Column("at_once", sa.Integer),
        sa.Column("queued", sa.Integer),
        sa.Column("disk_mb", sa.Integer),
    )
    op.create_table(
        "charges",
        sa.Column("run_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.create_index("ix_charges_hour_owner", "charges", ["hour", "owner"])
    for name in ("claimed_at", "charged_at", "estimate_seconds", "estimate_spread"):
        op.add_column("runs", sa.Column(name, sa.Float))
    op.add_column("runs", sa.Column("held_seconds", sa.Float, nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("priority", sa.Integer, nullable=False, server_default="0"))
