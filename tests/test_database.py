"""Opening databases: migrations, versions, folders that cannot be written."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.search.optuna_adapter import close_storage, open_storage
from engine.settings import settings
from engine.store import Store
from engine.store.migration import HEAD, VERSION_TABLE, current_revision
from engine.store.schema import metadata
from tests.crowd import count_runs, together

MIGRATIONS = Path(__file__).parents[1] / "engine" / "store" / "migrations"
OURS = {"version_table": VERSION_TABLE}
FIRST_SCHEMA = Path(__file__).parent / "first_schema.sql"
"""A database as the first version left it, with one completed run; it never changes."""


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_migrations_make_the_tables_that_the_code_expects(home: Path) -> None:
    Store(settings().url).close()
    engine = create_engine(settings().url)
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db, opts=OURS), metadata) == []
        assert current_revision(db) == HEAD
    engine.dispose()


def test_a_database_of_the_first_version_is_brought_up_to_date_and_keeps_its_runs(home: Path) -> None:
    home.mkdir()
    with sqlite3.connect(home / "trainyard.db") as db:
        db.executescript(FIRST_SCHEMA.read_text())
    db.close()
    store = Store(settings().url)
    (run,) = store.runs.list()
    assert (run.id, run.state.value, run.owner, run.result["test_accuracy"]) == (1, "completed", "ada", 0.9375)
    assert store.metrics.history(1) == {"loss": [0.25], "val_accuracy": [0.9375]}
    assert run.parsed().model.name == "mlp"
    assert store.runs.create(RunSpec.build({"dataset": "digits", "model": "mlp"})).id == 2
    store.close()


def test_the_second_version_is_brought_up_to_date_and_its_revision_moves_out_of_optuna_s_way(home: Path) -> None:
    home.mkdir()
    with sqlite3.connect(home / "trainyard.db") as db:
        db.executescript(FIRST_SCHEMA.read_text())
        db.executescript(
            "ALTER TABLE runs ADD COLUMN group_id INTEGER; CREATE INDEX ix_runs_group_id ON runs (group_id);"
            "UPDATE alembic_version SET version_num = '0002'"
        )
    db.close()
    store = Store(settings().url)
    (run,) = store.runs.list()
    assert (run.id, run.study_id, run.trial, run.parent_id) == (1, None, None, None)
    assert store.metrics.history(1) == {"loss": [0.25], "val_accuracy": [0.9375]}
    assert store.studies.list() == []
    engine = create_engine(settings().url)
    with engine.connect() as db:
        assert current_revision(db) == HEAD
        assert not inspect(db).has_table("alembic_version")
    store.close()
    engine.dispose()


def test_optuna_s_tables_live_beside_ours(home: Path) -> None:
    Store(settings().url).close()
    for _ in range(2):  # made, and found again
        storage = open_storage(settings().url)
        assert storage.get_current_version() == storage.get_head_version()
        close_storage(storage)
        Store(settings().url).close()
    engine = create_engine(settings().url)
    with engine.connect() as db:
        theirs = inspect(db).get_table_names()
        assert {"studies", "trials", "alembic_version", "trainyard_studies", VERSION_TABLE} <= set(theirs)
        ours = MigrationContext.configure(db, opts=OURS | {"include_object": is_ours})
        assert compare_metadata(ours, metadata) == []
        assert current_revision(db) == HEAD
    engine.dispose()


def is_ours(thing: object, name: str, kind: str, reflected: bool, other: object) -> bool:
    """Whether a table is not one of Optuna's."""
    return kind != "table" or name in metadata.tables


def test_processes_that_open_a_new_database_at_once_all_succeed(home: Path) -> None:
    assert together(6, count_runs, settings().url) == [0] * 6


def test_a_database_from_a_newer_version_is_left_alone_with_a_sentence(home: Path) -> None:
    Store(settings().url).close()
    with sqlite3.connect(home / "trainyard.db") as db:
        db.execute("UPDATE trainyard_version SET version_num = '9999'")
    db.close()
    with pytest.raises(TrainyardError, match=r"'9999'.*newer.*TRAINYARD_HOME"):
        Store(settings().url)


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TrainyardError, match=r"cannot be written.*Set TRAINYARD_HOME"):
        Store(f"sqlite:///{tmp_path / 'file' / 'home' / 'trainyard.db'}")


def test_a_file_that_is_no_database_is_a_sentence(home: Path) -> None:
    home.mkdir()
    (home / "trainyard.db").write_bytes(b"This is not a database. " * 100)
    with pytest.raises(TrainyardError, match=r"cannot be opened.*not a database.*TRAINYARD_HOME"):
        Store(settings().url)


def test_a_server_that_does_not_answer_is_a_sentence(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(TrainyardError, match=r"(?s)cannot be opened.*TRAINYARD_DATABASE_URL"):
        Store(f"postgresql+psycopg://nobody:secret@/none?host={tmp_path}")


def test_a_password_is_never_shown(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(TrainyardError) as caught:
        Store(f"postgresql+psycopg://nobody:secret@/none?host={tmp_path}")
    assert "secret" not in str(caught.value)
