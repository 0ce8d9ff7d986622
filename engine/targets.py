"""Storage of targets: one codec for each form of target.

A codec checks the targets of a dataset, writes them, reads them back so that positions index into them, and says how
they are divided among the splits. Each task names its codec; nothing else guesses it from shapes or labels.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from engine.errors import TrainyardError
from engine.sentences import COMMA, Sentence, joined

_FILE, _ENDS = "targets.npy", "target_ends.npy"
_STRATA = 5
_LEAST_ROWS = 10


@dataclass(frozen=True, eq=False)
class Ragged:
    """Arrays of different length, one after the other: ids of a text (length,), boxes of an image (length, 5)."""

    values: np.ndarray
    """(all lengths together, ...)"""
    ends: np.ndarray
    """(examples,) int64: the end of each."""

    @classmethod
    def of(cls, rows: Sequence[np.ndarray], dtype: Any = None, shape: tuple[int, ...] = ()) -> "Ragged":
        """Join arrays (length, *shape)."""
        parts = [np.asarray(row, dtype).reshape(-1, *shape) for row in rows]
        values = np.concatenate(parts) if parts else np.zeros((0, *shape), dtype or np.float32)
        return cls(values, np.cumsum([len(part) for part in parts], dtype=np.int64))

    @property
    def starts(self) -> np.ndarray:
        """(examples,) int64: the beginning of each."""
        found: np.ndarray = np.concatenate([[0], self.ends])[:-1].astype(np.int64)
        return found

    @property
    def lengths(self) -> np.ndarray:
        """(examples,) int64."""
        found: np.ndarray = self.ends - self.starts
        return found

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self.one(position) for position in range(len(self)))

    def one(self, position: int) -> np.ndarray:
        """Return the array (length, ...) of one example."""
        start = int(self.ends[position - 1]) if position else 0
        return np.asarray(self.values[start : int(self.ends[position])])

    def __getitem__(self, where: Any) -> Any:
        """One position -> its array (length, ...); several (examples,) -> those of them, in this order."""
        if isinstance(where, int | np.integer):
            return self.one(int(where) % max(len(self), 1))
        chosen = np.arange(len(self))[where]
        return Ragged.of([self.one(int(position)) for position in chosen], self.values.dtype, self.values.shape[1:])

    def dense(self, fill: float = 0) -> np.ndarray:
        """Return (examples, longest, ...), padded at the end of each."""
        longest = int(self.lengths.max(initial=0))
        found = np.full((len(self), longest, *self.values.shape[1:]), fill, self.values.dtype)
        inside = np.arange(longest) < self.lengths[:, None]
        found[inside] = self.values
        return found


Stored = np.ndarray | Ragged
"""Targets that positions index into: (examples, ...) or ragged."""


def joined_rows(parts: Sequence[Stored]) -> Stored:
    """Return several portions of rows as one, in their order."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], Ragged):
        rows = [row for part in parts for row in part]
        return Ragged.of(rows, parts[0].values.dtype, parts[0].values.shape[1:])
    return np.concatenate([np.asarray(part) for part in parts])


def as_lists(rows: Stored) -> list[Any]:
    """Return rows as nested lists, for JSON."""
    found: list[Any] = [row.tolist() for row in rows] if isinstance(rows, Ragged) else rows.tolist()
    return found


def finite_rows(rows: Stored) -> np.ndarray:
    """Return (examples,) bool: whether every number of a row is finite."""
    if isinstance(rows, Ragged):
        return np.array([bool(np.isfinite(row).all()) for row in rows])
    return np.asarray(np.isfinite(rows).reshape(len(rows), -1).all(axis=1))


def same(one: Stored, other: Stored) -> bool:
    """Return whether two have the same targets in the same order."""
    if isinstance(one, Ragged) and isinstance(other, Ragged):
        return np.array_equal(one.ends, other.ends) and np.array_equal(one.values, other.values)
    return not isinstance(one, Ragged) and not isinstance(other, Ragged) and np.array_equal(one, other)


class Targets(ABC):
    """One form of targets."""

    name: ClassVar[str] = ""
    classes: ClassVar[bool] = False
    """Whether each target is one of the labels."""
    numbers: ClassVar[bool] = False
    """Whether each target is one number."""

    @abstractmethod
    def store(self, targets: Any, examples: int) -> Stored:
        """Return `targets` of so many examples, as a dataset gives them, in the form that is kept."""

    def check(self, dataset: str, targets: Stored, labels: Sequence[str], groups: np.ndarray | None) -> None:  # noqa: B027
        """Raise `TrainyardError` where nothing can be learned from these targets."""

    def strata(self, targets: Stored) -> np.ndarray:
        """Return (examples,) int64: the groups to balance across splits. All the same unless there is something to balance."""
        return np.zeros(len(targets), np.int64)

    def counts(self, targets: Stored, labels: Sequence[str]) -> list[int]:
        """Return how many examples of each class there are, or one number where there are no classes."""
        return [len(targets)]

    def files(self, stored: Stored) -> dict[str, np.ndarray]:
        """Return the arrays to be saved, by file name."""
        if isinstance(stored, Ragged):
            return {_FILE: stored.values, _ENDS: stored.ends}
        return {_FILE: stored}

    def read(self, folder: Path) -> Stored:
        """Read the saved `files` in `folder`; large ones are memory-mapped."""
        if (folder / _ENDS).is_file():
            return Ragged(np.load(folder / _FILE, mmap_mode="r"), np.load(folder / _ENDS))
        return np.asarray(np.load(folder / _FILE))


class Classes(Targets):
    """(examples,) int64 indices into the labels."""

    name = "classes"
    classes = True

    def store(self, targets: Any, examples: int) -> Stored:
        """Return them unchanged, as int64."""
        return np.asarray(targets).astype(np.int64)

    def check(self, dataset: str, targets: Stored, labels: Sequence[str], groups: np.ndarray | None) -> None:
        """Require at least two classes, and three examples (groups) of each."""
        if not labels:
            raise TrainyardError(
                "Dataset {name!r} does not name its classes, but its task predicts a class.", name=dataset
            )
        counts = _count_units(np.asarray(targets), len(labels), groups)
        if (counts > 0).sum() < 2:
            raise TrainyardError(
                "Dataset {name!r} has examples of only one class ({labels!r}); a classifier needs at least two.",
                name=dataset,
                labels=labels[int(counts.argmax())],
            )
        rare = [label for label, n in zip(labels, counts, strict=True) if n < 3]
        if rare:
            raise TrainyardError(
                "Dataset {name!r} has fewer than 3 different examples of {rare}: each class needs "
                "one for training, one for validation and one for testing. Add examples, or remove "
                "the class.",
                name=dataset,
                rare=joined(map(repr, rare[:5]), COMMA),
            )

    def strata(self, targets: Stored) -> np.ndarray:
        """Return the classes."""
        return np.asarray(targets)

    def counts(self, targets: Stored, labels: Sequence[str]) -> list[int]:
        """Return one number per class."""
        counts: list[int] = np.bincount(np.asarray(targets), minlength=len(labels)).tolist()
        return counts


class Values(Targets):
    """(examples,) float64."""

    name = "values"
    numbers = True

    def store(self, targets: Any, examples: int) -> Stored:
        """Return them unchanged, as float64."""
        return np.asarray(targets).astype(np.float64)

    def check(self, dataset: str, targets: Stored, labels: Sequence[str], groups: np.ndarray | None) -> None:
        """Require enough values, all finite, and not all the same."""
        values = np.asarray(targets)
        if len(values) < _LEAST_ROWS:
            raise TrainyardError(
                "Dataset {name!r} has {targets} rows with a target; a regression needs at least {least_rows}.",
                name=dataset,
                targets=len(values),
                least_rows=_LEAST_ROWS,
            )
        if not np.isfinite(values).all():
            raise TrainyardError(
                "Dataset {name!r} has targets that are not finite numbers. Leave these rows out.", name=dataset
            )
        if values.min() == values.max():
            raise TrainyardError(
                "Dataset {name!r} has the same target in every row ({targets:g}): there is nothing to predict.",
                name=dataset,
                targets=values[0],
            )

    def strata(self, targets: Stored) -> np.ndarray:
        """Return for each value whether it is small, middling or large, as an index."""
        edges = np.quantile(np.asarray(targets), np.linspace(0, 1, _STRATA + 1)[1:-1])
        return np.searchsorted(edges, np.asarray(targets))


class Arrays(Targets):
    """(examples, ...) of one shape and any type: one box, an image, a series, several numbers."""

    name = "arrays"

    def store(self, targets: Any, examples: int) -> Stored:
        """Return them unchanged."""
        return np.ascontiguousarray(targets)

    def read(self, folder: Path) -> Stored:
        """Read memory-mapped: images may be large."""
        found: np.ndarray = np.load(folder / _FILE, mmap_mode="r")
        return found


class RaggedArrays(Targets):
    """One array (length, ...) per example, of any length: ids of a text, boxes of an image."""

    name = "ragged"

    def store(self, targets: Any, examples: int) -> Stored:
        """Return one after the other, with the end of each."""
        return targets if isinstance(targets, Ragged) else Ragged.of(list(targets))


class Boxes(RaggedArrays):
    """Boxes of each picture (boxes, 5) float32: left, top, right, bottom in pixels of the stored picture, index of the class."""

    name = "boxes"

    def store(self, targets: Any, examples: int) -> Stored:
        """Return one after the other, with the end of each picture."""
        return targets if isinstance(targets, Ragged) else Ragged.of(list(targets), np.float32, (5,))

    def check(self, dataset: str, targets: Stored, labels: Sequence[str], groups: np.ndarray | None) -> None:
        """Require names of classes, enough pictures, and boxes in some of them."""
        assert isinstance(targets, Ragged)
        if not labels:
            raise TrainyardError("Dataset {name!r} does not name the classes of its boxes.", name=dataset)
        if len(targets) < _LEAST_ROWS or not len(targets.values):
            raise TrainyardError(
                "Dataset {name!r} has {pictures} pictures with {boxes} boxes; a detector needs at least {least_rows} pictures, "
                "and a box in some of them.",
                name=dataset,
                pictures=len(targets),
                boxes=len(targets.values),
                least_rows=_LEAST_ROWS,
            )

    def strata(self, targets: Stored) -> np.ndarray:
        """Return the rarest class of each picture, -1 where there is no box."""
        assert isinstance(targets, Ragged)
        often = np.bincount(targets.values[:, 4].astype(np.int64), minlength=1)
        found = [row[:, 4].astype(np.int64) for row in targets]
        return np.array([classes[np.argmin(often[classes])] if len(classes) else -1 for classes in found], np.int64)


class Pairs(Arrays):
    """(pairs, 3) int64: what both pictures of a pair show, and the number of each, see `engine.similarity.pairs`."""

    name = "pairs"

    def store(self, targets: Any, examples: int) -> Stored:
        """Return them unchanged, as int64."""
        return np.asarray(targets, np.int64).reshape(-1, 3)

    def check(self, dataset: str, targets: Stored, labels: Sequence[str], groups: np.ndarray | None) -> None:
        """Require pairs of enough different people or things: with fewer, a split would have no two that differ."""
        found = len(np.unique(np.asarray(targets)[:, 0]))
        reason = Sentence("{count} have two pictures or more", count=found)
        if found < 2:
            reason = (
                Sentence("only one has two pictures, with nothing to compare it to")
                if found
                else Sentence("none of them has two pictures")
            )
        if found < _LEAST_ROWS:
            raise TrainyardError(
                "Dataset {name!r} has too few people or things: {reason}. Similarity is learned from two or more pictures of each, "
                "and training, validation and test need different ones: give at least {least}, a folder for each.",
                name=dataset,
                reason=reason,
                least=_LEAST_ROWS,
            )

    def read(self, folder: Path) -> Stored:
        """Read into memory: they are few numbers."""
        return np.asarray(np.load(folder / _FILE))


class Texts(Targets):
    """One text per example, in UTF-8: ragged bytes."""

    name = "strings"

    def store(self, targets: Any, examples: int) -> Stored:
        """Return the bytes of all, one after the other."""
        if isinstance(targets, Ragged):
            return targets
        return Ragged.of([np.frombuffer(text.encode("utf-8", "replace"), np.uint8) for text in targets], np.uint8)

    def check(self, dataset: str, targets: Stored, labels: Sequence[str], groups: np.ndarray | None) -> None:
        """Require enough pairs, and not the same text in all of them."""
        if len(targets) < _LEAST_ROWS:
            raise TrainyardError(
                "Dataset {name!r} has {targets} pairs of texts; a network that makes one from the other needs at least "
                "{least_rows}.",
                name=dataset,
                targets=len(targets),
                least_rows=_LEAST_ROWS,
            )
        if len({row.tobytes() for row in targets}) == 1:
            raise TrainyardError(
                "Dataset {name!r} has the same text to be written in every pair: there is nothing to learn.",
                name=dataset,
            )


def text_of(target: np.ndarray) -> str:
    """Return a stored text."""
    return np.asarray(target, np.uint8).tobytes().decode("utf-8", "replace")


class Nothing(Targets):
    """No targets: everything to learn is in the inputs."""

    name = "none"

    def store(self, targets: Any, examples: int) -> Stored:
        """Return (examples, 0): there is nothing to index."""
        return np.zeros((examples, 0), np.float32)


_CODECS = (Classes(), Values(), Arrays(), RaggedArrays(), Boxes(), Pairs(), Texts(), Nothing())
CODECS: dict[str, Targets] = {codec.name: codec for codec in _CODECS}
"""By name, as recorded in prepared data."""


def _count_units(targets: np.ndarray, classes: int, groups: np.ndarray | None) -> np.ndarray:
    """Return how many groups, or examples without groups, show each class: (classes,). A voice may speak all words."""
    units = np.arange(len(targets)) if groups is None else groups
    number = np.unique(units, return_inverse=True)[1]
    pairs = np.unique(number * classes + targets)
    counts: np.ndarray = np.bincount(pairs % classes, minlength=classes)
    return counts
