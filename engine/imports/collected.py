"""Labelled examples that are read one at a time into one file: sets of pictures, sounds and texts are stored alike."""

import hashlib
import time
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from engine.errors import TrainyardError
from engine.imports.folders import Placed
from engine.imports.own_kinds import own_kind
from engine.imports.sets import OwnSet, Problem, set_path
from engine.modalities.own import OwnKind
from engine.reading import plain_text
from engine.sentences import SPACE, Sentence, joined, placed
from engine.settings import settings

LEAST_EXAMPLES = 3
"""A class needs one example for training, one for validation and one for the test."""
LONGEST_LABEL = 80
MOST_PROBLEMS = 10_000
"""Number of problems listed one by one; the others are only counted."""


@dataclass(frozen=True)
class Stored:
    """Stored examples: the bytes of all examples one after the other, where each lies, its class and its name."""

    data: np.ndarray
    starts: np.ndarray
    targets: np.ndarray
    names: np.ndarray
    more: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.targets)

    def bytes_of(self, index: int) -> bytes:
        """The bytes of one example."""
        start, stop = self.starts[index]
        return bytes(self.data[start:stop].tobytes())

    def groups(self) -> np.ndarray:
        """(examples,) names that equal examples share, so that they stay in one split."""
        digests = [hashlib.sha256(self.bytes_of(index)).hexdigest()[:32].encode() for index in range(len(self))]
        return np.array(digests, "S32")


def read_stored(reference: str, kind: str) -> Stored:
    """Read what `Collected.store` wrote."""
    found = own_kind(kind)
    with np.load(set_path(reference) / found.file) as file:
        arrays = {name: file[name] for name in file.files}
    data, starts, targets, names = (arrays.pop(key) for key in (found.array, "starts", "targets", "names"))
    return Stored(data, starts, targets, names, arrays)


def mean_size_bytes(own: OwnSet) -> float:
    """Return the mean bytes of an example, from the directory of the file alone; 0 for tables, series and choices."""
    kind = own_kind(own.kind)
    if kind.rows or kind.by_time:
        return 0.0
    with zipfile.ZipFile(set_path(own.reference) / kind.file) as file:
        return file.getinfo(f"{kind.array}.npy").file_size / max(own.num_examples, 1)


def written(name: str) -> str:
    """Return a name of a file without the bytes in it that are no text, which Linux allows."""
    return name.encode("utf-8", "ignore").decode()


class Collected:
    """State of an import so far; the examples themselves are in a file already."""

    def __init__(self, kind: OwnKind, spool: IO[bytes]) -> None:
        self.kind, self.spool = kind, spool
        self.problems: list[Problem] = []
        self._labels: list[str] = []
        self._names: list[str] = []
        self._starts: list[tuple[int, int]] = []
        self._rows: list[int] = []
        self._different: dict[str, set[bytes]] = {}
        self._untold = 0
        self._until = time.monotonic() + settings().import_seconds

    def add(self, label: str, name: str, data: bytes, row: int = 0) -> None:
        """Store one example; `row` is its position in the source."""
        start, end = self.write(data)
        label = plain_text(written(label), LONGEST_LABEL) or "unnamed"
        self._labels.append(label)
        self._names.append(plain_text(written(name)[-120:], 120))
        self._starts.append((start, end))
        self._rows.append(row)
        different = self._different.setdefault(label, set())
        if len(different) < LEAST_EXAMPLES:
            different.add(hashlib.sha256(data).digest())

    def rewritten(self, placed: Placed, data: bytes, name: str, path: str) -> tuple[str, bytes, Sentence | None]:
        """Return the label of a file, its example as it is stored, and what had to be changed. Raise `TrainyardError` for one that
        cannot be used."""
        assert self.kind.rewrite is not None
        return placed.label, *self.kind.rewrite(data, name)

    def write(self, data: bytes) -> tuple[int, int]:
        """Write bytes behind those before; return where they lie. Raise `TrainyardError` where there are too many."""
        self._check_time()
        start = self.spool.tell()
        if start + len(data) > settings().max_dataset_mb * 1_000_000:
            raise TrainyardError(
                "The {words} take more than {max_dataset_mb:,} MB (TRAINYARD_MAX_DATASET_MB) when "
                "unpacked. Import fewer.",
                words=self.kind.words,
                max_dataset_mb=settings().max_dataset_mb,
            )
        self.spool.write(data)
        return start, start + len(data)

    def leave_out(self, file: str, reason: Sentence) -> None:
        """Something that cannot be used, and why."""
        self._check_time()
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(plain_text(written(file)[-200:], 200), reason))
        else:
            self._untold += 1

    def _check_time(self) -> None:
        """Files that are small and take long to decode may come by the thousand."""
        if time.monotonic() > self._until:
            raise TrainyardError(
                "The import took more than {import_seconds:g} seconds (TRAINYARD_IMPORT_SECONDS). Import fewer "
                "or smaller files at once.",
                import_seconds=settings().import_seconds,
            )

    def store(self, folder: Path, spool: Path, **more: np.ndarray) -> tuple[Path, dict[str, int]]:
        """Write the examples of classes that are large enough; the file, and examples by class in alphabetical order.

        `more` holds further arrays with one entry for each row of the source. The spool is mapped, not read.
        """
        counts = self._enough()
        position = {label: index for index, label in enumerate(counts)}
        kept = [index for index, label in enumerate(self._labels) if label in position]
        targets = np.array([position[self._labels[index]] for index in kept], np.int64)
        return self.write_arrays(folder, spool, kept, targets, more, {})[0], counts

    def write_arrays(
        self,
        folder: Path,
        spool: Path,
        kept: Sequence[int],
        targets: np.ndarray,
        more: Mapping[str, np.ndarray],
        whole: Mapping[str, np.ndarray],
    ) -> tuple[Path, dict[str, int]]:
        """Write the examples `kept` with their `targets`; of `more` the rows of these, and `whole` arrays as they are."""
        rows = np.array([self._rows[index] for index in kept], np.int64)
        arrays: dict[str, Any] = {
            self.kind.array: np.memmap(spool, np.uint8, "r"),
            "starts": np.array([self._starts[index] for index in kept], np.int64),
            "targets": targets,
            "names": np.array([self._names[index] for index in kept]),
            **{name: values[rows] for name, values in more.items()},
            **whole,
        }
        np.savez(folder / self.kind.file, **arrays)
        return folder / self.kind.file, {}

    def __len__(self) -> int:
        return len(self._names)

    def listed(self) -> list[Problem]:
        """All problems that were told, and how many more there are."""
        more = (
            [Problem("", Sentence("{untold:,} more problems are not listed.", untold=self._untold))]
            if self._untold
            else []
        )
        return [*self.problems, *more]

    def _enough(self) -> dict[str, int]:
        """Examples by class of the classes that are large enough; the others become problems."""
        counts = dict(sorted(Counter(self._labels).items()))
        if len(counts) > settings().max_classes:
            raise TrainyardError(
                "There are {counts:,} classes, more than {max_classes:,} (TRAINYARD_MAX_CLASSES). A "
                "class should have many examples: is this the right column or folder?",
                counts=len(counts),
                max_classes=settings().max_classes,
            )
        for label in counts:
            if (different := len(self._different[label])) < LEAST_EXAMPLES:
                self.leave_out(
                    f"{label}/",
                    Sentence(
                        "The class has {different} different {words}; at least {least} are needed.",
                        different=different,
                        words=self.kind.words,
                        least=LEAST_EXAMPLES,
                    ),
                )
        kept = {label: count for label, count in counts.items() if len(self._different[label]) >= LEAST_EXAMPLES}
        if len(kept) < 2:
            raise TrainyardError(few_classes(list(kept), self.kind.words, self.problems))
        return kept


def few_classes(kept: Sequence[str], words: Sentence, problems: Sequence[Problem]) -> Sentence:
    """The sentence for data that has no two classes."""
    told = Sentence(
        "At least two classes with {least} or more different {words} each are needed; there is {found}.",
        least=LEAST_EXAMPLES,
        words=words,
        found=Sentence("only {label!r}", label=kept[0]) if kept else Sentence("none"),
    )
    return joined([told, *(placed(problem.file, problem.reason) for problem in problems[:3])], SPACE)
