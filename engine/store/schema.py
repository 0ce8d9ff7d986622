"""The tables. Times are seconds since 1970 (UTC); JSON columns hold plain values."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)
from sqlalchemy.types import TypeDecorator

from engine.sentences import Sentence, from_json, to_json


class Words(TypeDecorator[Sentence]):
    """A sentence with its values. Texts that an earlier version stored are read as they are."""

    impl, cache_ok = Text, True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Return what is stored."""
        return None if value is None else to_json(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Return the sentence that was stored."""
        return None if value is None else from_json(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("task", String(64), nullable=False),
    Column("dataset", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("owner", String(120), nullable=False, server_default=""),
    Column("visibility", String(16), nullable=False, server_default="private"),
    Column("name", String(120), nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("tags", JSON, nullable=False, server_default="[]"),
    Column("message", Words, nullable=False, server_default=""),
    Column("request", String(16), nullable=False, server_default=""),
    Column("phase", String(16), nullable=False, server_default=""),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("step", Integer, nullable=False, server_default="0"),
    Column("total_epochs", Integer, nullable=False, server_default="0"),
    Column("total_steps", Integer, nullable=False, server_default="0"),
    Column("best", JSON, nullable=False),
    Column("curve", JSON, nullable=False),
    Column("result", JSON, nullable=False),
    Column("environment", JSON, nullable=False),
    Column("slot", String(32), nullable=False, server_default=""),
    Column("group_id", Integer),
    Column("study_id", Integer),
    Column("trial", Integer),
    Column("parent_id", Integer),
    Column("parent_epoch", Integer),
    Column("steering", JSON, nullable=False, server_default="[]"),
    Column("restarts", Integer, nullable=False, server_default="0"),
    Column("worker", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("queued_at", Float, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("heartbeat_at", Float),
    Column("claimed_at", Float),
    Column("charged_at", Float),
    Column("held_seconds", Float, nullable=False, server_default="0"),
    Column("estimate_seconds", Float),
    Column("estimate_spread", Float),
    Column("priority", Integer, nullable=False, server_default="0"),
    Index("ix_runs_state_queued_at", "state", "queued_at"),
    Index("ix_runs_group_id", "group_id"),
    Index("ix_runs_study_id", "study_id"),
    Index("ix_runs_parent_id", "parent_id"),
    sqlite_autoincrement=True,
)

metrics = Table(
    "metrics",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("split", String(16), nullable=False),
    Column("name", String(48), nullable=False),
    Column("scope", String(8), nullable=False),
    Column("step", Integer, nullable=False),
    Column("epoch", Float, nullable=False),
    Column("value", Float),
    Column("at", Float, nullable=False),
    Index("ix_metrics_run_id_id", "run_id", "id"),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("at", Float, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("text", Words, nullable=False),
    Index("ix_events_run_id_id", "run_id", "id"),
    sqlite_autoincrement=True,
)

studies = Table(
    "trainyard_studies",  # Optuna's own tables, in the same database, are called studies and trials
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("state", String(16), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("owner", String(120), nullable=False, server_default=""),
    Column("visibility", String(16), nullable=False, server_default="private"),
    Column("note", Text, nullable=False, server_default=""),
    Column("tags", JSON, nullable=False, server_default="[]"),
    Column("message", Words, nullable=False, server_default=""),
    Column("guesses", JSON, nullable=False),
    Column("boosted", JSON, nullable=False),
    Column("spent_seconds", Float, nullable=False, server_default="0"),
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
    sqlite_autoincrement=True,
)

executors = Table(
    "executors",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("heartbeat_at", Float, nullable=False),
    Column("info", JSON, nullable=False),
)

fetches = Table(
    "fetches",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("done_bytes", BigInteger, nullable=False, server_default="0"),
    Column("total_bytes", BigInteger, nullable=False, server_default="0"),
    Column("message", Words, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("issuer", String(255), nullable=False, server_default=""),
    Column("subject", String(255), nullable=False, server_default=""),
    Column("chosen", String(16), nullable=False, server_default=""),
    Column("claimed", String(16), nullable=False, server_default=""),
    Column("created_at", Float, nullable=False),
    Column("signed_out_at", Float, nullable=False, server_default="0"),
    Index("ix_accounts_name", "name", unique=True),
    Index("ix_accounts_subject", "subject"),
    sqlite_autoincrement=True,
)

sessions = Table(
    "account_sessions",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("client", String(200), nullable=False, server_default=""),
    Column("issued_at", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("ended_at", Float),
    Index("ix_account_sessions_account_id", "account_id"),
)

codes = Table(
    "account_codes",
    metadata,
    Column("purpose", String(16), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("expires_at", Float, nullable=False),
)

tokens = Table(
    "account_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(120), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("actions", JSON, nullable=False),
    Column("runs", JSON, nullable=False),
    Column("demos", JSON, nullable=False, server_default="[]"),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("used_at", Float),
    Column("revoked_at", Float),
    Index("ix_account_tokens_digest", "digest", unique=True),
    Index("ix_account_tokens_account_id", "account_id"),
    sqlite_autoincrement=True,
)

budgets = Table(
    "budgets",
    metadata,
    Column("owner", String(120), primary_key=True),
    Column("exempt", Boolean, nullable=False, server_default=false()),
    Column("device_minutes", Float),
    Column("at_once", Integer),
    Column("queued", Integer),
    Column("disk_mb", Integer),
)

charges = Table(  # outlives the runs: deleting one gives nothing back
    "charges",
    metadata,
    Column("run_id", Integer, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(120), nullable=False),
    Column("seconds", Float, nullable=False),
    Index("ix_charges_hour_owner", "hour", "owner"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String(120), nullable=False),
    Column("role", String(16), nullable=False),
    Column("way", String(16), nullable=False),
    Column("action", String(64), nullable=False),
    Column("thing", String(300), nullable=False, server_default=""),
    Column("about", String(120), nullable=False, server_default=""),
    Column("detail", String(300), nullable=False, server_default=""),
    Index("ix_audit_at", "at"),
    Index("ix_audit_who", "who"),
    sqlite_autoincrement=True,
)

rates = Table(
    "rates",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("whole_at", Float, nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("key", String(64), nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("until", Float),
    sqlite_autoincrement=True,
)

demos = Table(
    "demos",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("title", String(120), nullable=False, server_default=""),
    Column("texts", JSON, nullable=False),
    Column("origins", JSON, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("current", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("history", JSON, nullable=False),
    Column("beside", Integer),
    Column("collects", Integer, nullable=False, server_default="0"),
    Column("created_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Index("ix_demos_name", "name", unique=True),
    sqlite_autoincrement=True,
)

demo_versions = Table(
    "demo_versions",
    metadata,
    Column("demo_id", Integer, ForeignKey("demos.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("card", JSON, nullable=False),
    Column("examples", Integer, nullable=False, server_default="0"),
    Column("note", Text, nullable=False, server_default=""),
    Column("made_by", String(120), nullable=False),
    Column("made_at", Float, nullable=False),
    Index("ix_demo_versions_run_id", "run_id"),
)

wrong_answers = Table(
    "demo_wrong_answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("demo_id", Integer, ForeignKey("demos.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("filename", String(200), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("remark", Text, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
    Index("ix_demo_wrong_answers_demo_id", "demo_id"),
    sqlite_autoincrement=True,
)

labellings = Table(
    "labellings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", String(120), nullable=False),
    Column("title", String(120), nullable=False),
    Column("kind", String(48), nullable=False),
    Column("classes", JSON, nullable=False),
    Column("reference", String(80), nullable=False, server_default=""),
    Column("created_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Index("ix_labellings_owner", "owner"),
    sqlite_autoincrement=True,
)

labelled_pictures = Table(
    "labelled_pictures",
    metadata,
    Column("labelling_id", Integer, ForeignKey("labellings.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(120), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("split", String(16), nullable=False, server_default=""),
    Column("grouped", String(64), nullable=False, server_default=""),
    Column("done", Boolean, nullable=False, server_default=false()),
    Column("said", JSON, nullable=False),
    Column("content", LargeBinary, nullable=False),  # the last: SQLite reads a row from the front
)

shares = Table(
    "shares",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("ix_shares_digest", "digest", unique=True),
    Index("ix_shares_run_id", "run_id"),
    sqlite_autoincrement=True,
)

share_uses = Table(
    "share_uses",
    metadata,
    Column("share_id", Integer, ForeignKey("shares.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Float, nullable=False),
    Column("refused", Boolean, nullable=False, server_default=false()),
    Index("ix_share_uses_account_id", "account_id"),
)

classrooms = Table(
    "classrooms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("title", String(120), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("owner", String(120), nullable=False),
    Column("digest", String(64), nullable=False, server_default=""),
    Column("code_expires_at", Float, nullable=False, server_default="0"),
    Column("ends_at", Float, nullable=False),
    Column("archived_at", Float),
    Column("created_at", Float, nullable=False),
    Column("device_minutes", Float, nullable=False, server_default="0"),
    Column("at_once", Integer, nullable=False, server_default="0"),
    Column("queued", Integer, nullable=False, server_default="0"),
    Index("ix_classrooms_digest", "digest"),
    sqlite_autoincrement=True,
)

assignments = Table(
    "classroom_assignments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("classroom_id", Integer, ForeignKey("classrooms.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(120), nullable=False),
    Column("task", String(64), nullable=False),
    Column("dataset", String(64), nullable=False),
    Column("reference", String(80), nullable=False, server_default=""),
    Column("hidden", String(80), nullable=False, server_default=""),
    Column("metric", String(64), nullable=False, server_default=""),
    Column("models", JSON, nullable=False),
    Column("a_day", Integer, nullable=False),
    Index("ix_classroom_assignments_classroom_id", "classroom_id"),
    sqlite_autoincrement=True,
)

classroom_members = Table(
    "classroom_members",
    metadata,
    Column("classroom_id", Integer, ForeignKey("classrooms.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("nickname", String(40), nullable=False, server_default=""),
    Column("joined_at", Float, nullable=False),
    Column("removed", Boolean, nullable=False, server_default=false()),
    Index("ix_classroom_members_account_id", "account_id"),
)

submissions = Table(  # names runs without a foreign key: deleting a run gives no submission back
    "classroom_submissions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("assignment_id", Integer, ForeignKey("classroom_assignments.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("run_id", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("claimed_at", Float),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("scores", JSON, nullable=False),
    Column("examples", Integer, nullable=False, server_default="0"),
    Column("message", Words, nullable=False, server_default=""),
    Index("ix_classroom_submissions_assignment_id_account_id", "assignment_id", "account_id"),
    Index("ix_classroom_submissions_account_id", "account_id"),
    Index("ix_classroom_submissions_state", "state"),
    sqlite_autoincrement=True,
)
