"""Making and deleting sets of one's own: each import is a new version, made aside and moved into place as a whole.

A number is never used twice, so that a run never names other data than it was trained on.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine.access import Visibility, default_owner
from engine.errors import TrainyardError
from engine.files import file_fingerprint, write_text
from engine.imports.own_kinds import own_kinds
from engine.imports.sets import (
    ABOUT,
    FORMAT,
    LONGEST_TITLE,
    PROBLEMS,
    ImportReport,
    OwnSet,
    Problem,
    describe_set,
    gone,
    list_sets,
    set_path,
    sets_path,
    version_of,
)
from engine.modalities.own import OwnKind
from engine.reading import plain_text
from engine.sentences import to_json
from engine.settings import settings

_TEMPORARY = ".import-"
_owner: ContextVar[str] = ContextVar("owner", default="")


@contextmanager
def owned_by(owner: str) -> Iterator[None]:
    """Write down, for sets that are imported meanwhile, that they are `owner`'s; otherwise they are the local owner's."""
    before = _owner.set(owner)
    try:
        yield
    finally:
        _owner.reset(before)


@contextmanager
def next_version(name: str) -> Iterator[tuple[str, Path]]:
    """A reference and an empty folder; what is in the folder when the block ends well becomes the set.

    When the block raises, nothing is left. Only one import under a name runs at a time; a second one is refused.
    """
    if "@" in name:
        raise TrainyardError(
            "{name!r} includes a version. Give the name alone: versions are numbered automatically.", name=name[:80]
        )
    set_path(name)
    root = sets_path()
    try:
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        _check_budget()
        with _locked(root / f"{_TEMPORARY}{name}") as folder:
            reference = _next(name)
            yield reference, folder
            _check_budget()
            folder.rename(root / reference)
    except OSError as error:
        raise TrainyardError(
            "The dataset cannot be stored in {root}: {problem}. Check free space and permissions, then import again.",
            root=root,
            problem=error.strerror or error,
        ) from error


def write_about(
    folder: Path,
    reference: str,
    kind: str,
    title: str,
    tasks: Sequence[str],
    counts: dict[str, int],
    problems: Sequence[Problem],
    *,
    data: Path,
    num_examples: int,
    roles: dict[str, Any] | None = None,
) -> ImportReport:
    """Write down what a set is, beside its file `data`."""
    made = OwnSet(
        reference,
        kind,
        plain_text(title, LONGEST_TITLE) or reference,
        file_fingerprint(data),
        tuple(tasks),
        num_examples,
        len(problems),
        counts,
        roles or {},
        datetime.now(UTC).isoformat(timespec="seconds"),
        _owner.get() or default_owner(),
    )
    about = {name: value for name, value in asdict(made).items() if name != "reference"}
    (folder / ABOUT).write_text(json.dumps({"format": FORMAT} | about, ensure_ascii=False), encoding="utf-8")
    if problems:
        listed = [[problem.file, to_json(problem.reason)] for problem in problems]
        (folder / PROBLEMS).write_text(json.dumps(listed, ensure_ascii=False), encoding="utf-8")
    return ImportReport(made, tuple(problems))


def write_arrays(
    kind: OwnKind,
    name: str,
    title: str,
    arrays: Mapping[str, np.ndarray],
    about: Mapping[str, Any],
    problems: Sequence[Problem],
    *,
    num_examples: int,
    roles: Mapping[str, str],
) -> ImportReport:
    """Keep arrays, with `about` as JSON beside them, as the next version of the set `name`. Roles without a column are left out."""
    with next_version(name) as (reference, folder):
        told = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), np.uint8)
        np.savez(folder / kind.file, allow_pickle=False, about=told, **arrays)
        return write_about(
            folder,
            reference,
            kind.name,
            title or name,
            [kind.task],
            {},
            problems,
            data=folder / kind.file,
            num_examples=num_examples,
            roles={role: column for role, column in roles.items() if column},
        )


def show_set(reference: str, visibility: Visibility) -> OwnSet:
    """Write down who may look at a set. Each version says so for itself."""
    describe_set(reference)
    path = set_path(reference) / ABOUT
    about = json.loads(path.read_text(encoding="utf-8")) | {"visibility": str(visibility)}
    write_text(path, json.dumps(about, ensure_ascii=False))
    return describe_set(reference)


def delete_set(reference: str) -> None:
    """Delete an imported set and what was prepared of it. Who may do that is for `engine.own_data` to say."""
    path = set_path(reference)
    if not path.is_dir():
        raise TrainyardError(gone(reference, list_sets()))
    _remember_version(reference)
    shutil.rmtree(path)
    for meta in settings().cache_path.glob("[!.]*/meta.json"):
        with suppress(OSError, ValueError):  # another process has just trimmed it
            used = json.loads(meta.read_text(encoding="utf-8"))["dataset"]
            if any(used["name"] == kind.dataset and used.get(kind.field) == reference for kind in own_kinds().values()):
                shutil.rmtree(meta.parent, ignore_errors=True)


def _next(name: str) -> str:
    """The next version: runs may still name one that was deleted."""
    taken = [version_of(path.name) for path in sets_path().iterdir() if path.name.partition("@")[0] == name]
    deleted = _deleted(name)
    if deleted.is_file():
        taken.append(int(deleted.read_text()))
    return f"{name}@{max(taken) + 1}" if taken else name


def _remember_version(reference: str) -> None:
    deleted = _deleted(reference.partition("@")[0])
    highest = max(version_of(reference), int(deleted.read_text()) if deleted.is_file() else 0)
    deleted.write_text(str(highest))


def forget_versions(name: str) -> None:
    """Begin anew with version 1 of a name, of which no run remembers a version."""
    _deleted(name).unlink(missing_ok=True)


def _deleted(name: str) -> Path:
    """The file with the highest version of a name that was deleted."""
    return sets_path() / f".deleted-{name}"


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """An empty folder for this process alone; it is gone afterwards, unless it was renamed."""
    while True:
        folder.mkdir(exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            if not _lock(handle):
                raise TrainyardError(
                    "Another import named {name!r} is running. Wait for it, or choose another name.",
                    name=folder.name.removeprefix(_TEMPORARY),
                )
            if not _is(handle, folder):  # its last owner has just renamed or deleted it
                continue
            _empty(folder)
            try:
                yield folder
            finally:
                if _is(handle, folder):  # it was not renamed
                    shutil.rmtree(folder, ignore_errors=True)
            return
        finally:
            os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(handle: int, folder: Path) -> bool:
    try:
        return os.fstat(handle).st_ino == folder.stat().st_ino
    except FileNotFoundError:
        return False


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _sweep(root: Path) -> None:
    """Delete what imports left that were killed: nobody holds its lock any more."""
    for leftover in root.glob(f"{_TEMPORARY}*"):
        with suppress(OSError):
            handle = os.open(leftover, os.O_RDONLY)
            try:
                if _lock(handle) and _is(handle, leftover):
                    shutil.rmtree(leftover, ignore_errors=True)
            finally:
                os.close(handle)


def _check_budget() -> None:
    """Refuse to store more than all sets together may take."""
    used = sum(path.stat().st_size for path in sets_path().glob("*/*") if path.is_file())
    if used > settings().own_data_budget_mb * 1_000_000:
        raise TrainyardError(
            "Imported datasets would take {used:,.0f} MB of disk, more than {own_data_budget_mb:,} "
            "MB (TRAINYARD_OWN_DATA_BUDGET_MB). Delete unused datasets on the Data page.",
            used=used / 1e6,
            own_data_budget_mb=settings().own_data_budget_mb,
        )
