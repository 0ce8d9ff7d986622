"""Data of one's own: imported sets, each a folder of checked arrays that is called like the set.

A set has a name and a version. Importing under a known name makes the next version and leaves the older ones as they
are, so that runs that used them can still be repeated: `leaves` is version 1, `leaves@2` version 2.
"""

import csv
import fcntl
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from engine.datasets.prepare import file_fingerprint
from engine.errors import TrainyardError
from engine.settings import settings

Kind = Literal["images", "clips", "texts", "table"]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
"""What an imported set may be called: its name is also the name of its folder on disk."""
REFERENCE = re.compile(rf"{NAME.pattern}(@[1-9][0-9]{{0,3}})?")
"""A name, and the version unless it is the first."""
ABOUT, PROBLEMS = "folder.json", "problems.json"
LONGEST_TITLE = 80
"""Characters of the title that people read."""
_FORMAT, _IMAGES_ONLY = 2, 1  # sets of images were there first, without kind and title
_TEMPORARY = ".import-"


@dataclass(frozen=True)
class Place:
    """Where a kind of set is used: the dataset, and its field that names the set."""

    dataset: str
    field: str


PLACES: dict[Kind, Place] = {
    "images": Place("folder", "folder"),
    "clips": Place("my-clips", "clips"),
    "texts": Place("my-texts", "texts"),
    "table": Place("my-table", "table"),
}


@dataclass(frozen=True)
class Problem:
    """A file or a row that was left out or changed, and the reason."""

    file: str
    reason: str


@dataclass(frozen=True)
class OwnSet:
    """What is known of an imported set without reading its examples."""

    reference: str
    kind: Kind
    title: str
    fingerprint: str
    """Hash of the stored examples, taken at import."""
    tasks: tuple[str, ...]
    """What can be predicted from it; of a table, its target decides."""
    num_examples: int
    num_problems: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    """Examples of each class, in the order of the classes; empty where a number is predicted."""
    roles: dict[str, Any] = field(default_factory=dict)
    """Of tables and texts: which column is what."""
    imported_at: str = ""

    @property
    def name(self) -> str:
        """The name that all versions share."""
        return self.reference.partition("@")[0]

    @property
    def version(self) -> int:
        """1 for the first set of this name."""
        return version_of(self.reference)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(self.counts)


@dataclass(frozen=True)
class ImportReport:
    """What an import brought: the set, and all that was left out."""

    made: OwnSet
    problems: tuple[Problem, ...] = ()


def sets_path() -> Path:
    """Where imported sets lie, a folder each."""
    return settings().datasets_path / "folders"


def set_path(reference: str) -> Path:
    """The folder of a set. Raises `TrainyardError` unless the reference is plain."""
    if not REFERENCE.fullmatch(reference):
        raise TrainyardError(
            f"{reference[:80]!r} cannot be the name of a dataset. Use up to 48 of a-z, 0-9, - and _, beginning with a "
            "letter or digit."
        )
    return sets_path() / reference


def version_of(reference: str) -> int:
    """The version that a reference names."""
    return int(reference.partition("@")[2] or 1)


def suggest_name(text: str) -> str:
    """A name that a set may have, from the name of a file in any script."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:48] or "my-data"


def plain_text(text: str, most: int) -> str:
    """`text` without what cannot be printed, on one line, at most `most` characters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:most].strip()


# -- what there is -----------------------------------------------------------------------------------------------------


def list_sets(kind: Kind | None = None) -> list[OwnSet]:
    """The imported sets, by name and version; those that cannot be read are left out."""
    found = []
    for path in sets_path().glob(f"*/{ABOUT}"):
        with suppress(OSError, ValueError):
            found.append(_read(path.parent.name))
    chosen = [own for own in found if kind in (None, own.kind)]
    return sorted(chosen, key=lambda own: (own.name, own.version))


def describe_set(reference: str) -> OwnSet:
    """What was written down when the set was imported."""
    try:
        return _read(reference)
    except OSError as error:
        raise TrainyardError(gone(reference)) from error


def _read(reference: str) -> OwnSet:
    """The set. Raises `OSError` where there is none, and `TrainyardError` for a record that cannot be understood."""
    text = (set_path(reference) / ABOUT).read_text(encoding="utf-8")
    try:
        about: dict[str, Any] = json.loads(text)
        if about.pop("format", None) not in (_FORMAT, _IMAGES_ONLY):
            raise TrainyardError(f"The dataset {reference!r} was imported by another version. Import it again.")
        if "kind" not in about:
            return _images(reference, about)
        return OwnSet(reference, **about | {"tasks": tuple(about["tasks"])})
    except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise TrainyardError(
            f"What is written down about the dataset {reference!r} is broken. Import it again."
        ) from error


def _images(reference: str, about: dict[str, Any]) -> OwnSet:
    counts = about["counts"]
    return OwnSet(
        reference, "images", reference, about["fingerprint"], ("image-classification",), sum(counts.values()),
        about["problems"], counts,
    )  # fmt: skip


def there_is(reference: str, kind: Kind) -> bool:
    """Whether a set of this kind is on the machine."""
    try:
        return bool(reference) and describe_set(reference).kind == kind
    except TrainyardError:
        return False


def find_set(reference: str, kind: Kind) -> OwnSet:
    """The set, of this kind. Raises `TrainyardError` with what there is instead."""
    found = describe_set(reference) if reference else None
    if found is None or found.kind != kind:
        raise TrainyardError(gone(reference, kind))
    return found


def problems_of(reference: str) -> list[Problem]:
    """Everything that was left out when the set was imported; nothing where that was not written down."""
    path = set_path(reference) / PROBLEMS
    if not path.is_file():
        return []
    return [Problem(file, reason) for file, reason in json.loads(path.read_text(encoding="utf-8"))]


def problems_csv(problems: Sequence[Problem]) -> bytes:
    """The list as a table that spreadsheets open; no cell of it becomes a formula."""
    from engine.datasets.spreadsheets import plain_cell

    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(("file", "reason"))
    rows.writerows((plain_cell(problem.file), plain_cell(problem.reason)) for problem in problems)
    return text.getvalue().encode("utf-8-sig")


def gone(reference: str, kind: Kind | None = None) -> str:
    """The sentence for a set that is not chosen, or not there."""
    there = ", ".join(repr(own.reference) for own in list_sets(kind))
    hint = f"There are: {there}." if there else "Import one on the Data page, or with: python -m engine import PATH"
    if not reference:
        return f"No dataset of your own is chosen. {hint}"
    return f"The dataset {reference!r} is not on this machine; it was deleted, or never imported. {hint}"


# -- making and deleting -----------------------------------------------------------------------------------------------


@contextmanager
def next_version(name: str) -> Iterator[tuple[str, Path]]:
    """A reference and an empty folder; what is in the folder when the block ends well becomes the set.

    When the block raises, nothing is left. One import under a name goes on at a time; a second one is refused.
    """
    if "@" in name:
        raise TrainyardError(f"{name[:80]!r} names a version. Give the name alone: the version counts by itself.")
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
            f"The dataset cannot be stored in {root}: {error.strerror or error}. Check free space and permissions, then "
            "import again."
        ) from error


def write_about(
    folder: Path,
    reference: str,
    kind: Kind,
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
    )
    about = {name: value for name, value in asdict(made).items() if name != "reference"}
    (folder / ABOUT).write_text(json.dumps({"format": _FORMAT} | about, ensure_ascii=False), encoding="utf-8")
    if problems:
        listed = [[problem.file, problem.reason] for problem in problems]
        (folder / PROBLEMS).write_text(json.dumps(listed, ensure_ascii=False), encoding="utf-8")
    return ImportReport(made, tuple(problems))


def delete_set(reference: str) -> None:
    """Delete an imported set and what was prepared of it. Who may do that is for `engine.own_data` to say."""
    path = set_path(reference)
    if not path.is_dir():
        raise TrainyardError(gone(reference))
    _remember_version(reference)
    shutil.rmtree(path)
    for meta in settings().cache_path.glob("[!.]*/meta.json"):
        with suppress(OSError, ValueError):  # another process has just trimmed it
            used = json.loads(meta.read_text(encoding="utf-8"))["dataset"]
            if any(used["name"] == place.dataset and used.get(place.field) == reference for place in PLACES.values()):
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
                    f"Another import under the name {folder.name.removeprefix(_TEMPORARY)!r} goes on. Wait for it, or "
                    "choose another name."
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
            f"Imported datasets would take {used / 1e6:,.0f} MB of disk, more than {settings().own_data_budget_mb:,} MB "
            "(TRAINYARD_OWN_DATA_BUDGET_MB). Delete sets that nobody uses on the Data page."
        )
