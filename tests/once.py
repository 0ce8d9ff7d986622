"""What is the same for every test and takes longer than most of them: done once in a process, and kept."""

import functools
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine
from streamlit.components.v2 import manifest_scanner

from engine.store import Store, database
from engine.store.migration import migrate


@functools.cache
def _migrated() -> list[str]:
    """Statements that make what the migrations make of an empty SQLite database."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", migrate)
        Store(f"sqlite:///{folder}/new.db").close()
        with closing(sqlite3.connect(Path(folder, "new.db"))) as db:
            return [line for line in db.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]


def _migrate(engine: Engine) -> None:
    """As `migrate`; an empty SQLite database is filled at once."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as db:
            if not db.exec_driver_sql("SELECT 1 FROM sqlite_master").first():
                for statement in _migrated():
                    db.exec_driver_sql(statement)
    migrate(engine)


def keep_what_never_changes(patch: pytest.MonkeyPatch) -> None:
    """Migrate one empty SQLite database instead of one a test, and look for components of Streamlit once instead of with each page."""
    patch.setattr(database, "migrate", _migrate)
    patch.setattr(
        manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
    )
