"""Studies, and the runs that are their trials; runs know which run they come from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add table and columns; runs of before belong to no study and come from no run."""
    op.create_table(
        "trainyard_studies",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("owner", sa.String(120), nullable=False, server_default=""),
        sa.Column("message", sa.Text, nullable=False, server_default=""),
        sa.Column("guesses", sa.JSON, nullable=False),
        sa.Column("boosted", sa.JSON, nullable=False),
        sa.Column("spent_seconds", sa.Float, nullable=False, server_default="0"),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sqlite_autoincrement=True,
    )
    for name in ("study_id", "trial", "parent_id", "parent_epoch"):
        op.add_column("runs", sa.Column(name, sa.Integer))
    op.create_index("ix_runs_study_id", "runs", ["study_id"])
