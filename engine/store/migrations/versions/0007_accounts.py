"""Accounts of people, with their sessions, tokens and the one-time code of the first admin."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables; nobody has an account yet."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False, server_default=""),
        sa.Column("subject", sa.String(255), nullable=False, server_default=""),
        sa.Column("chosen", sa.String(16), nullable=False, server_default=""),
        sa.Column("claimed", sa.String(16), nullable=False, server_default=""),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("signed_out_at", sa.Float, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_accounts_name", "accounts", ["name"], unique=True)
    op.create_index("ix_accounts_subject", "accounts", ["subject"])
    op.create_table(
        "account_sessions",
        sa.Column("key", sa.String(64), primary_key=True),
        _account(),
        sa.Column("client", sa.String(200), nullable=False, server_default=""),
        sa.Column("issued_at", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
    )
    op.create_index("ix_account_sessions_account_id", "account_sessions", ["account_id"])
    op.create_table(
        "account_codes",
        sa.Column("purpose", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
    )
    op.create_table(
        "account_tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        _account(),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("runs", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("used_at", sa.Float),
        sa.Column("revoked_at", sa.Float),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_account_tokens_digest", "account_tokens", ["digest"], unique=True)
    op.create_index("ix_account_tokens_account_id", "account_tokens", ["account_id"])


def _account() -> "sa.Column[int]":
    return sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False)
