"""Tokens for named demos."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column; no token is limited to demos yet."""
    op.add_column("account_tokens", sa.Column("demos", sa.JSON, nullable=False, server_default="[]"))
