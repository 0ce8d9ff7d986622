"""A home that is filled once and copied for each test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from engine.service import opened
from engine.settings import settings

World = TypeVar("World")


@contextmanager
def filled(home: Path, build: Callable[[], World]) -> Iterator[tuple[Path, World]]:
    """Fill `home` by `build`, and give both for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRAINYARD_HOME", str(home))
        settings.cache_clear()
        world = build()
        opened.close()
        settings.cache_clear()
        yield home, world
        settings.cache_clear()
