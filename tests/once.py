"""What is the same for every test and takes longer than most of them: done once in a process, and kept."""

import functools
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine
from streamlit.components.v2 import manifest_scanner

from engine.datasets.base import Examples, datasets
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


SLOW_TO_LOAD = ("docstrings", "digit-strings", "emoji-counts", "spoken-languages")
"""Datasets that are made anew whenever they are loaded, in five to twenty seconds of one core."""
_loads: "list[functools._lru_cache_wrapper[Examples]]" = []


def forget_loaded() -> None:
    """Load the slow datasets anew, as they always are outside of tests."""
    for load in _loads:
        load.cache_clear()


def _keep_loaded(patch: pytest.MonkeyPatch) -> None:
    """Load each slow dataset once for the tests of a file."""
    for name in SLOW_TO_LOAD:
        kept = functools.lru_cache(maxsize=1)(datasets[name].load)
        _loads.append(kept)
        patch.setattr(datasets[name], "load", lambda self, kept=kept: kept(self))


def keep_what_never_changes(patch: pytest.MonkeyPatch) -> None:
    """Migrate one empty SQLite database instead of one a test, look for components of Streamlit once instead of with each page,
    and load datasets that take long once a file."""
    _keep_loaded(patch)
    patch.setattr(database, "migrate", _migrate)
    patch.setattr(
        manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
    )
