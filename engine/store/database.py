"""Opening the database: SQLite settings, folders, and migrations to the newest schema."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from engine.errors import TrainyardError

try:
    import fcntl
except ImportError:  # Windows: SQLite's own waiting has to do
    fcntl = None  # type: ignore[assignment]

HEAD = "0004"
"""Revision of the newest migration in `migrations/versions`; a test compares it."""
VERSION_TABLE = "trainyard_version"
"""Where our revision stands; `alembic_version` is Optuna's, whose tables live beside ours."""
_OLD_VERSION_TABLE = "alembic_version"
_OLD_REVISIONS = ("0001", "0002")  # those that stood there, before there were studies
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 30.0  # how long a SQLite writer waits for its turn
_POLL_SECONDS = 0.002


def open_database(url: str) -> Engine:
    """Connect, and bring the schema up to date.

    Raises `TrainyardError` when the folder cannot be written or the database belongs to a newer version.
    """
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite and parsed.database:
        _make_folder(Path(parsed.database).parent)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS} if sqlite else {}, pool_pre_ping=not sqlite)
    if sqlite:
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    try:
        migrate(engine)
    except DatabaseError as error:
        raise TrainyardError(
            f"The database {parsed.render_as_string()} cannot be opened: {error.orig}. "
            "Check TRAINYARD_HOME and TRAINYARD_DATABASE_URL."
        ) from error
    return engine


@contextmanager
def turn(url: URL) -> Iterator[None]:
    """Wait for one's turn to write. SQLite only: its own waiting backs off for longer and longer, so that busy
    neighbours starve it for seconds; a file lock that is asked for at a steady pace is fairer, and ends with its process.
    """
    if fcntl is None or url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    lock = os.open(f"{url.database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for(lock)
        yield
    finally:
        os.close(lock)


def _wait_for(lock: int) -> None:
    """Take the file lock; after `_BUSY_SECONDS` go on without: its holder may be suspended, which SQLite will tell."""
    until = time.monotonic() + _BUSY_SECONDS
    while time.monotonic() < until:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(_POLL_SECONDS)


def migrate(engine: Engine) -> None:
    """Run the missing migrations in one transaction; processes that come at the same time wait for the first."""
    with engine.connect() as connection:
        if current_revision(connection) == HEAD:
            return
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7281)"))
        if current_revision(connection) == HEAD:
            return
        _move_version(connection)
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise TrainyardError(
                f"The schema of this database is {current_revision(connection)!r}, newer than {HEAD!r}, which this "
                "Trainyard knows. Install the newer Trainyard, or name another folder by TRAINYARD_HOME."
            ) from error


def current_revision(connection: Connection) -> str | None:
    """The schema revision of the database, or None for an empty one."""
    if inspect(connection).has_table(VERSION_TABLE):
        return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  # a constant
    return _old_revision(connection)


def _old_revision(connection: Connection) -> str | None:
    """The revision as earlier versions left it, if it is not Optuna's."""
    if not inspect(connection).has_table(_OLD_VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_OLD_VERSION_TABLE}")).scalar()  # noqa: S608
    return found if found in _OLD_REVISIONS else None


def _move_version(connection: Connection) -> None:
    """Leave the table of earlier versions to Optuna, which would take our revision for its own."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    if inspect(connection).has_table(VERSION_TABLE) or (found := _old_revision(connection)) is None:
        return
    # dropped, not renamed: PostgreSQL would keep the name of its key, which Optuna's table of the same name needs
    connection.execute(text(f"DROP TABLE {_OLD_VERSION_TABLE}"))
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    context.stamp(ScriptDirectory(str(_MIGRATIONS)), found)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainyardError(
            f"The folder {str(folder)!r} cannot be written ({error.strerror}). Set TRAINYARD_HOME to a folder that can."
        ) from error


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see below
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at the start: a transaction that reads first and writes later could not upgrade."""
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
