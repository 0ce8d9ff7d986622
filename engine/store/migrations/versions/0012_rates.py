"""Rates of requests, and keys that sign what is handed out."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the tables; nobody has used anything yet."""
    op.create_table(
        "rates",
        sa.Column("key", sa.String(80), primary_key=True),
        sa.Column("whole_at", sa.Float, nullable=False),
    )
    op.create_table(
        "signing_keys",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
    )
