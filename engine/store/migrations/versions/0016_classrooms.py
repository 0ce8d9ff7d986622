"""Classrooms: their assignments, who has joined them, and the runs that were submitted."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the tables; there is no classroom yet."""
    op.create_table(
        "classrooms",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, server_default=""),
        sa.Column("code_expires_at", sa.Float, nullable=False, server_default="0"),
        sa.Column("ends_at", sa.Float, nullable=False),
        sa.Column("archived_at", sa.Float),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("device_minutes", sa.Float, nullable=False, server_default="0"),
        sa.Column("at_once", sa.Integer, nullable=False, server_default="0"),
        sa.Column("queued", sa.Integer, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_classrooms_digest", "classrooms", ["digest"])
    op.create_table(
        "classroom_assignments",
        sa.Column("id", sa.Integer, primary_key=True),
        _owned("classroom_id", "classrooms.id", key=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("task", sa.String(64), nullable=False),
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(80), nullable=False, server_default=""),
        sa.Column("hidden", sa.String(80), nullable=False, server_default=""),
        sa.Column("metric", sa.String(64), nullable=False, server_default=""),
        sa.Column("models", sa.JSON, nullable=False),
        sa.Column("a_day", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_classroom_assignments_classroom_id", "classroom_assignments", ["classroom_id"])
    op.create_table(
        "classroom_members",
        _owned("classroom_id", "classrooms.id", key=True),
        _owned("account_id", "accounts.id", key=True),
        sa.Column("nickname", sa.String(40), nullable=False, server_default=""),
        sa.Column("joined_at", sa.Float, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_classroom_members_account_id", "classroom_members", ["account_id"])
    op.create_table(
        "classroom_submissions",
        sa.Column("id", sa.Integer, primary_key=True),
        _owned("assignment_id", "classroom_assignments.id", key=False),
        _owned("account_id", "accounts.id", key=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("claimed_at", sa.Float),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("examples", sa.Integer, nullable=False, server_default="0"),
        sa.Column("message", sa.Text, nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    name = "ix_classroom_submissions_assignment_id_account_id"
    op.create_index(name, "classroom_submissions", ["assignment_id", "account_id"])
    op.create_index("ix_classroom_submissions_account_id", "classroom_submissions", ["account_id"])
    op.create_index("ix_classroom_submissions_state", "classroom_submissions", ["state"])


def _owned(name: str, of: str, *, key: bool) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, sa.ForeignKey(of, ondelete="CASCADE"), primary_key=key, nullable=False)
