"""Databases for tests: SQLite in the home folder, or one of their own in a PostgreSQL server of the session.

A module marked `pytest.mark.both_databases` runs each of its tests that has a home folder on both.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from engine.store import Store

KINDS = ("sqlite", "postgresql")
_TEMPLATE = "migrated"
_numbers = itertools.count()


class Databases:
    """The databases of one server."""

    def __init__(self, server: str) -> None:
        self.server = server
        self._engine = create_engine(server, isolation_level="AUTOCOMMIT")
        self._migrated = False

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Make a database without tables, and give its URL."""
        with self._named("template1") as url:
            yield url

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """Make a database with the tables of the store, and give its URL."""
        if not self._migrated:  # migrating takes longer than most tests: it is done once, and copied
            with self._connected() as db:
                db.execute(text(f"CREATE DATABASE {_TEMPLATE}"))
            Store(self._url(_TEMPLATE)).close()
            self._migrated = True
        with self._named(_TEMPLATE) as url:
            yield url

    @contextmanager
    def _named(self, template: str) -> Iterator[str]:
        name = f"test_{next(_numbers)}"
        with self._connected() as db:
            db.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        yield self._url(name)
        with self._connected() as db:
            db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._engine.connect() as db:
            yield db
        self._engine.dispose()

    def _url(self, name: str) -> str:
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)
