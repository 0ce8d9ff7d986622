"""Labellings: pictures of people's own that are given boxes or classes, before a dataset is made of them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the tables; nothing is labelled yet."""
    op.create_table(
        "labellings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("classes", sa.JSON, nullable=False),
        sa.Column("reference", sa.String(80), nullable=False, server_default=""),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_labellings_owner", "labellings", ["owner"])
    op.create_table(
        "labelled_pictures",
        sa.Column(
            "labelling_id",
            sa.Integer,
            sa.ForeignKey("labellings.id", name="fk_labelled_pictures_labelling_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("split", sa.String(16), nullable=False, server_default=""),
        sa.Column("grouped", sa.String(64), nullable=False, server_default=""),
        sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
