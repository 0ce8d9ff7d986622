"""Fixtures shared by all tests."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.models.presets import PRESETS
from engine.service import opened
from engine.settings import settings
from tests import postgres
from tests.databases import KINDS, Databases
from tests.encoders import write_encoder
from tests.once import forget_loaded, keep_what_never_changes

if TYPE_CHECKING:
    from engine.store import Store


@pytest.fixture(scope="session", autouse=True)
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A tiny encoder in place of each pretrained network: nothing is downloaded in tests."""
    folder = tmp_path_factory.mktemp("pretrained")
    for name in PRESETS:
        write_encoder(folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_PRETRAINED", str(folder))
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def once() -> Iterator[None]:
    """What is the same for every test is done once."""
    with pytest.MonkeyPatch.context() as patch:
        keep_what_never_changes(patch)
        yield


@pytest.fixture(scope="module", autouse=True)
def loaded_anew() -> Iterator[None]:
    """Each file begins without what others have loaded, which would stay in memory."""
    yield
    forget_loaded()


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Put `__main__` back: AppTest leaves its script there, and a process that is started later would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_databases` on SQLite and on PostgreSQL."""
    if metafunc.definition.get_closest_marker("both_databases") and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", KINDS, indirect=True)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A PostgreSQL server for this session."""
    with postgres.server() as url:
        yield Databases(url)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """What TRAINYARD_DATABASE_URL is: empty for SQLite in the home folder."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield ""
        return
    with request.getfixturevalue("databases").migrated() as url:
        yield url


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> Iterator[Path]:
    """An empty home folder: the whole installation lives in it for one test."""
    monkeypatch.setenv("TRAINYARD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRAINYARD_DATABASE_URL", database)
    settings.cache_clear()
    yield tmp_path / "home"
    opened.close()
    settings.cache_clear()


@pytest.fixture(scope="session")
def prepared_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Datasets that were prepared in this session, with what was found out about them."""
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture
def kept_preparations(home: Path, prepared_before: Path) -> None:
    """What was prepared by an earlier test is there: for tests that train, and say nothing of how data get there."""
    home.mkdir(exist_ok=True)
    settings().cache_path.symlink_to(prepared_before)


@pytest.fixture
def store(home: Path) -> "Iterator[Store]":
    """The empty store of an empty home folder."""
    from engine.store import open_store

    store = open_store()
    yield store
    store.close()
