"""Drain mode of one machine: what runs goes on, nothing new is begun."""

from pathlib import Path

from engine.settings import settings


def drain(on: bool) -> None:
    """Begin or end drain mode. It is a file in the home folder: it outlives restarts, and needs no database."""
    _file().parent.mkdir(parents=True, exist_ok=True)
    if on:
        _file().touch()
    else:
        _file().unlink(missing_ok=True)


def draining() -> bool:
    """Return whether nothing new may begin."""
    return _file().exists()


def _file() -> Path:
    return settings().home_path / "draining"
