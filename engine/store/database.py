"""One open database: its connections, its write transactions, and the sentence about one that cannot be used."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

from engine.errors import StoreUnavailable, TrainyardError
from engine.sentences import Sentence
from engine.store.json_text import json_text
from engine.store.migration import migrate
from engine.store.outages import outage_of
from engine.store.schema import runs

try:
    import fcntl
except ImportError:  # Windows: SQLite's own waiting has to do
    fcntl = None  # type: ignore[assignment]

_BUSY_SECONDS = 30.0  # how long a SQLite writer waits for its turn
_POLL_SECONDS = 0.002
_RETRY_SECONDS = 0.5


class Database:
    """One open database. Cheap to keep, safe to share between threads."""

    def __init__(self, url: str, patience_seconds: float = 0.0) -> None:
        """`patience_seconds`: how long to wait for a server that cannot be reached, instead of saying so at once."""
        self.url = url
        self.patience_seconds = 0.0 if url.startswith("sqlite") else patience_seconds
        self._engine = self._opened()
        self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT", reading=True)
        self._outage = outage_of(url)

    def _opened(self) -> Engine:
        """Open it, and try again for as long as there is patience."""
        until = time.monotonic() + self.patience_seconds
        while True:
            try:
                return open_database(self.url)
            except StoreUnavailable:  # said in the log
                if time.monotonic() >= until:
                    raise
            time.sleep(_RETRY_SECONDS)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction. Writers of one SQLite file take turns; see `turn`."""
        with self._sentences(), turn(self._engine.url), self._connected(self._engine) as db, db.begin():
            yield db

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees what is committed, and waits for nobody."""
        with self._sentences(), self._connected(self._reader) as db:
            yield db

    def check(self) -> None:
        """Raise `StoreUnavailable` where the database cannot be read."""
        with self.reading() as db:
            db.execute(select(runs.c.id).limit(1)).first()

    def _connected(self, engine: Engine) -> Connection:
        """Connect, and try again for as long as there is patience: the server may be starting."""
        until = time.monotonic() + self.patience_seconds
        while True:
            try:
                return engine.connect()
            except _UNUSABLE as error:
                if time.monotonic() >= until:
                    raise
                self._outage.note(_problem(error))
            time.sleep(_RETRY_SECONDS)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Say what is wrong with the database when it is locked, full, damaged or gone."""
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            if type(error) not in _UNUSABLE:  # a statement that is wrong is ours to mend
                raise
            problem = _problem(error)
            self._outage.note(problem)
            self._engine.dispose()  # what is connected may be connected to a file that was put back meanwhile
            raise StoreUnavailable(problem) from error
        self._outage.over()


_UNUSABLE = (OperationalError, InterfaceError, DatabaseError)  # SQLite calls a malformed file a plain DatabaseError


def _problem(error: DatabaseError | InterfaceError) -> Sentence:
    """Return a sentence about a database that cannot be used now."""
    return Sentence(
        "The database cannot be used: {problem}. Check free disk space in TRAINYARD_HOME, "
        "and whether the server of TRAINYARD_DATABASE_URL is running; then try again.",
        problem=str(error.orig).strip(),
    )


def open_database(url: str) -> Engine:
    """Connect, and bring the schema up to date.

    Raises `TrainyardError` when the folder cannot be written or the database belongs to a newer version, and
    `StoreUnavailable` when it cannot be reached or read.
    """
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite and parsed.database:
        _make_folder(Path(parsed.database).parent)
    if sqlite:
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    else:
        engine = create_engine(url, pool_pre_ping=True, json_serializer=json_text)
    if sqlite:
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    try:
        migrate(engine)
    except DatabaseError as error:
        engine.dispose()
        problem = Sentence(
            "The database {database} cannot be opened: {problem}. Check TRAINYARD_HOME and TRAINYARD_DATABASE_URL.",
            database=parsed.render_as_string(),
            problem=str(error.orig).strip(),
        )
        outage_of(url).note(problem)
        raise StoreUnavailable(problem) from error
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


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainyardError(
            "The folder {folder!r} cannot be written ({problem}). Set TRAINYARD_HOME to a writable folder.",
            folder=str(folder),
            problem=error.strerror,
        ) from error


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see below
    # secure_delete: a picture that somebody has deleted does not stay in a free page of the file
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at the start: a transaction that reads first and writes later could not upgrade."""
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
