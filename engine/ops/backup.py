"""Backups: the database, the files of all runs and one's own datasets in one zip, each file with its hash."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine import __version__
from engine.artifacts import artifacts_of, share_file
from engine.errors import TrainyardError
from engine.imports.sets import sets_path
from engine.ops.container import DATABASE, DATASETS, FORMAT, RUNS, Container
from engine.runs import RunState
from engine.settings import settings
from engine.store import Store
from engine.store.copies import kind_of, save

_AT_ONCE = 1_000_000  # more runs than a store holds


def back_up(store: Store, target: Path) -> dict[str, Any]:
    """Write a backup while everything goes on, and return its manifest. `target` must not exist yet.

    Files of runs that train are linked aside before the database is copied: as after a crash, a restored run continues
    from a checkpoint that is not newer than what the database knows.
    """
    if target.exists():
        raise TrainyardError("There is already a file {file!r}. Name another one.", file=str(target))
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    settings().home_path.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(prefix="backup-", dir=settings().home_path) as name:
            manifest = _write(store, partial, Path(name))
        partial.replace(target)
    except OSError as error:
        raise TrainyardError(
            "The backup {file!r} cannot be written: {problem}.", file=str(target), problem=error.strerror or str(error)
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _write(store: Store, target: Path, aside: Path) -> dict[str, Any]:
    for run, _ in store.attempts.workers():
        _link_aside(artifacts_of(run.id).folder, aside / RUNS / str(run.id))
    database = aside / DATABASE
    save(store.url, database)
    runs = store.runs.list(limit=_AT_ONCE)
    with Container.create(target) as container:
        container.add(DATABASE, database)
        for run in runs:
            linked = aside / RUNS / str(run.id)
            live = run.state is RunState.RUNNING and linked.is_dir()
            for file in _files(linked if live else artifacts_of(run.id).folder):
                container.add(
                    f"{RUNS}/{run.id}/{file.relative_to(linked if live else artifacts_of(run.id).folder)}", file
                )
        for file in _files(sets_path()):
            container.add(f"{DATASETS}/{file.relative_to(sets_path())}", file)
        return container.finish(
            {
                "format": FORMAT,
                "version": __version__,
                "created_at": time.time(),
                "database": kind_of(store.url),
                "runs": len(runs),
            }
        )


def _link_aside(source: Path, target: Path) -> None:
    """Keep what a run has written so far: its files are replaced, never changed, but for the log."""
    target.mkdir(parents=True)
    for file in _files(source):
        try:
            share_file(file, target / file.relative_to(source))
        except FileNotFoundError:  # the worker has just replaced or deleted it
            continue


def _files(folder: Path) -> Iterator[Path]:
    """Yield the plain files below a folder, without those that somebody is writing."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.suffix != ".tmp":
            yield path
