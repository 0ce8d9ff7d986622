"""Fixtures shared by all tests."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.service import opened
from engine.settings import settings

if TYPE_CHECKING:
    from engine.store import Store


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Put `__main__` back: AppTest leaves its script there, and a process that is started later would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder: the whole installation lives in it for one test."""
    monkeypatch.setenv("TRAINYARD_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    opened.close()
    settings.cache_clear()


@pytest.fixture
def store(home: Path) -> "Iterator[Store]":
    """The empty store of an empty home folder."""
    from engine.store import open_store

    store = open_store()
    yield store
    store.close()
