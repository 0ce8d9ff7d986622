"""Published demos: their versions, each of a run, and the examples that visitors call wrongly answered."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the tables; nothing is published yet."""
    op.create_table(
        "demos",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("visibility", sa.String(16), nullable=False),
        sa.Column("title", sa.String(120), nullable=False, server_default=""),
        sa.Column("texts", sa.JSON, nullable=False),
        sa.Column("origins", sa.JSON, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("current", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.Column("history", sa.JSON, nullable=False),
        sa.Column("beside", sa.Integer),
        sa.Column("collects", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_demos_name", "demos", ["name"], unique=True)
    op.create_table(
        "demo_versions",
        _demo(key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", name="fk_demo_versions_run_id"), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("card", sa.JSON, nullable=False),
        sa.Column("examples", sa.Integer, nullable=False, server_default="0"),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("made_at", sa.Float, nullable=False),
    )
    op.create_index("ix_demo_versions_run_id", "demo_versions", ["run_id"])
    op.create_table(
        "demo_wrong_answers",
        sa.Column("id", sa.Integer, primary_key=True),
        _demo(key=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("filename", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("remark", sa.Text, nullable=False, server_default=""),
        sa.Column("at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_demo_wrong_answers_demo_id", "demo_wrong_answers", ["demo_id"])


def _demo(*, key: bool) -> "sa.Column[int]":
    demo = sa.ForeignKey("demos.id", ondelete="CASCADE")
    return sa.Column("demo_id", sa.Integer, demo, primary_key=key, nullable=False)
