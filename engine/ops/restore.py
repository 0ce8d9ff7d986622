"""Restoring a backup: into an empty home only, all of it or nothing."""

import shutil
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.errors import TrainyardError
from engine.galleries import galleries_path
from engine.imports.sets import sets_path
from engine.ops.container import DATABASE, DATASETS, RUNS, Manifest, extract, read_manifest
from engine.settings import settings
from engine.store import open_store
from engine.store.copies import is_empty, kind_of, load


def restore(source: Path) -> Manifest:
    """Put a backup into the home folder and the database of the settings, and return what it contained.

    Raises `TrainyardError` where either has something already, or where one byte of the backup is not as it was written.
    """
    _check_empty()
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = read_manifest(archive)
            _check_kind(manifest)
            _check_space(manifest)
            settings().home_path.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(prefix="restore-", dir=settings().home_path) as name:
                for member, known in manifest.files.items():
                    extract(archive, member, known, Path(name) / member)
                _put_in_place(Path(name))
    except (OSError, zipfile.BadZipFile) as error:
        raise TrainyardError(
            "The backup {file!r} cannot be restored: {problem}.",
            file=str(source),
            problem=getattr(error, "strerror", None) or str(error),
        ) from error
    open_store().close()  # brings a database of an earlier version up to date
    return manifest


def _put_in_place(folder: Path) -> None:
    """Load the database last: until then, nothing refers to the files."""
    moved: list[Path] = []
    try:
        for name, target in ((RUNS, settings().runs_path), (DATASETS, sets_path())):
            if (folder / name).is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                if target.is_dir():
                    target.rmdir()
                moved.append((folder / name).replace(target))
        load(settings().url, folder / DATABASE)
    except BaseException:
        for path in moved:
            shutil.rmtree(path, ignore_errors=True)
        raise


def _check_empty() -> None:
    for place in (galleries_path(), settings().runs_path, sets_path()):
        if place.is_dir() and any(place.iterdir()):
            raise TrainyardError(
                "{place} is not empty, and a backup is only restored into an empty home. "
                "Set TRAINYARD_HOME to a new folder.",
                place=str(place),
            )
    if not is_empty(settings().url):
        raise TrainyardError(
            "There is a database already, and a backup is only restored where there is none. Set TRAINYARD_HOME to a new "
            "folder, or TRAINYARD_DATABASE_URL to an empty database."
        )


def _check_kind(manifest: Manifest) -> None:
    if manifest.database != (here := kind_of(settings().url)):
        raise TrainyardError(
            "The backup has a {kind} database, and the settings name a {here} one. "
            "Set TRAINYARD_DATABASE_URL to an empty {kind} database.",
            kind=manifest.database,
            here=here,
        )


def _check_space(manifest: Manifest) -> None:
    root = settings().home_path
    free = shutil.disk_usage(next(folder for folder in (root, *root.parents) if folder.exists())).free
    needed = sum(member.size for member in manifest.files.values()) + settings().min_free_disk_mb * 1_000_000
    if needed > free:
        raise TrainyardError(
            "The backup needs {needed:.0f} MB on the disk of {root}, and {free:.0f} MB are free.",
            needed=needed / 1e6,
            root=str(root),
            free=free / 1e6,
        )
