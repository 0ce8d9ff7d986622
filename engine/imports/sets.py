"""Data of one's own: imported sets, each a folder of checked arrays that is called like the set.

A set has a name and a version. Importing under a known name makes the next version and leaves the older ones as they
are, so that runs that used them can still be repeated: `leaves` is version 1, `leaves@2` version 2.
"""

import csv
import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from engine.access import Visibility, default_owner
from engine.errors import TrainyardError
from engine.sentences import COMMA, Sentence, from_json, joined
from engine.settings import settings

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
"""Valid names of an imported set: its name is also the name of its folder on disk."""
LONGEST_NAME = 48
"""Characters of a name without its version."""
REFERENCE = re.compile(rf"{NAME.pattern}(@[1-9][0-9]{{0,3}})?")
"""A name, and the version unless it is the first."""
ABOUT, PROBLEMS = "folder.json", "problems.json"
LONGEST_TITLE = 80
"""Characters of the title that people read."""
FORMAT, _IMAGES_ONLY = 2, 1  # sets of images were there first, without kind and title


@dataclass(frozen=True)
class Problem:
    """A file or a row that was left out or changed, and the reason."""

    file: str
    reason: Sentence


@dataclass(frozen=True)
class OwnSet:
    """Facts about an imported set, known without reading its examples."""

    reference: str
    kind: str
    """Name of its `OwnKind`."""
    title: str
    fingerprint: str
    """Hash of the stored examples, taken at import."""
    tasks: tuple[str, ...]
    """Tasks that it serves; for a table, its target decides."""
    num_examples: int
    num_problems: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    """Examples of each class, in the order of the classes; empty where a number is predicted."""
    roles: dict[str, Any] = field(default_factory=dict)
    """Of tables and texts: which column is what."""
    imported_at: str = ""
    owner: str = field(default_factory=default_owner)
    """Owner who imported it; the local owner for sets older than owners."""
    visibility: Visibility = Visibility.PRIVATE
    """Who else may look at it, and train on it once it is published."""

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
    """Result of an import: the set, and everything that was left out."""

    made: OwnSet
    problems: tuple[Problem, ...] = ()


def sets_path() -> Path:
    """Return the folder of all imported sets."""
    return settings().datasets_path / "folders"


def set_path(reference: str) -> Path:
    """The folder of a set. Raises `TrainyardError` unless the reference is plain."""
    if not REFERENCE.fullmatch(reference):
        raise TrainyardError(
            "{reference!r} is not a valid dataset name. Use up to 48 of a-z, 0-9, - and _, beginning "
            "with a letter or digit.",
            reference=reference[:80],
        )
    return sets_path() / reference


def version_of(reference: str) -> int:
    """The version that a reference names."""
    return int(reference.partition("@")[2] or 1)


def suggest_name(text: str) -> str:
    """A name that a set may have, from the name of a file in any script."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:48] or "my-data"


# -- what there is -----------------------------------------------------------------------------------------------------


def list_sets(kind: str | None = None) -> list[OwnSet]:
    """The imported sets, by name and version; those that cannot be read are left out."""
    found = []
    for path in sets_path().glob(f"*/{ABOUT}"):
        with suppress(OSError, ValueError):
            found.append(_read(path.parent.name))
    chosen = [own for own in found if kind in (None, own.kind)]
    return sorted(chosen, key=lambda own: (own.name, own.version))


def describe_set(reference: str, there: Callable[[], Sequence[OwnSet]] = list_sets) -> OwnSet:
    """Return the record written when the set was imported. `there`: those that the error names where there is none."""
    try:
        return _read(reference)
    except OSError as error:
        raise TrainyardError(gone(reference, there())) from error


def _read(reference: str) -> OwnSet:
    """The set. Raises `OSError` where there is none, and `TrainyardError` for a record that cannot be understood."""
    text = (set_path(reference) / ABOUT).read_text(encoding="utf-8")
    try:
        about: dict[str, Any] = json.loads(text)
        if about.pop("format", None) not in (FORMAT, _IMAGES_ONLY):
            raise TrainyardError(
                "The dataset {reference!r} was imported by another version. Import it again.", reference=reference
            )
        if "kind" not in about:
            return _images(reference, about)
        about["visibility"] = Visibility.read(about.get("visibility", ""))
        return OwnSet(reference, **about | {"tasks": tuple(about["tasks"])})
    except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise TrainyardError(
            "The record of the dataset {reference!r} is damaged. Import it again.", reference=reference
        ) from error


def _images(reference: str, about: dict[str, Any]) -> OwnSet:
    counts = about["counts"]
    return OwnSet(
        reference, "images", reference, about["fingerprint"], ("image-classification",), sum(counts.values()),
        about["problems"], counts, visibility=Visibility.read(about.get("visibility", "")),
    )  # fmt: skip


def there_is(reference: str, kind: str) -> bool:
    """Whether a set of this kind is on the machine."""
    try:
        return bool(reference) and describe_set(reference).kind == kind
    except TrainyardError:
        return False


def find_set(reference: str, kind: str) -> OwnSet:
    """The set, of this kind. Raises `TrainyardError` with what there is instead."""
    found = describe_set(reference) if reference else None
    if found is None or found.kind != kind:
        raise TrainyardError(gone(reference, list_sets(kind)))
    return found


def problems_of(reference: str) -> list[Problem]:
    """Everything that was left out when the set was imported; nothing where that was not written down."""
    path = set_path(reference) / PROBLEMS
    if not path.is_file():
        return []
    return [Problem(file, from_json(reason)) for file, reason in json.loads(path.read_text(encoding="utf-8"))]


def problems_csv(problems: Sequence[Problem]) -> bytes:
    """The list as a table that spreadsheets open; no cell of it becomes a formula."""
    from engine.readers.spreadsheets import plain_cell

    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(("file", "reason"))
    rows.writerows((plain_cell(problem.file), plain_cell(problem.reason)) for problem in problems)
    return text.getvalue().encode("utf-8-sig")


def gone(reference: str, there: Sequence[OwnSet]) -> Sentence:
    """The sentence for a set that is not chosen, or not there; `there` are those to choose from."""
    if there:
        hint = Sentence("Available: {names}.", names=joined((repr(own.reference) for own in there), COMMA))
    else:
        hint = Sentence("Import one on the Data page, or with: python -m engine import PATH")
    if not reference:
        return Sentence("No dataset of your own is chosen. {hint}", hint=hint)
    return Sentence(
        "The dataset {reference!r} is not on this machine; it was deleted, or never imported. {hint}",
        reference=reference,
        hint=hint,
    )
