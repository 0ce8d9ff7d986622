"""Fixtures shared by all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder: the whole installation lives in it for one test."""
    monkeypatch.setenv("TRAINYARD_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()
