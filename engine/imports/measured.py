"""Files with a number each, which a table in the archive gives: an age, a count, an angle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from engine.errors import TrainyardError
from engine.imports.collected import Collected
from engine.imports.folders import Arrangement, Folders, Placed
from engine.imports.labels_file import LabelsFile, find_labels_file
from engine.imports.remarks import said_of_names, said_of_numbers
from engine.imports.sets import Problem
from engine.imports.understood import Understood
from engine.modalities.own import OwnKind
from engine.readers.unpack import Member, Members
from engine.reading import plain_text
from engine.sentences import Sentence

LEAST_FILES = 10
"""Fewer than these cannot be divided into three splits."""


class Measured(Collected):
    """The files of an import so far, each with its number."""

    def __init__(self, kind: OwnKind, spool: IO[bytes]) -> None:
        super().__init__(kind, spool)
        self._values: list[float] = []

    def add(self, label: str, name: str, data: bytes, row: int = 0) -> None:
        """Store a file; `label` is its number in words."""
        super().add("", name, data, row)
        self._values.append(float(label))

    def store(self, folder: Path, spool: Path, **more: np.ndarray) -> tuple[Path, dict[str, int]]:
        """Write all files; they have no classes."""
        if len(self) < LEAST_FILES:
            raise TrainyardError(
                "There are {count} {words} with a number; at least {least} are needed.",
                count=len(self),
                words=self.kind.words,
                least=LEAST_FILES,
            )
        return self.write_arrays(folder, spool, range(len(self)), np.array(self._values), more, {})


def arrangement_of(found: LabelsFile | None) -> Arrangement:
    """Return the numbers in the place of classes. Raises `TrainyardError` where no table gives any."""
    if found is None or not found.values:
        raise TrainyardError(
            "No table beside the files gives each a number. Add one, such as labels.csv, with a column of file names and a "
            "column of numbers."
        )
    return Arrangement(Folders(class_level=0), found.values, found.name, measure=found.value_column)


def suited(found: Understood, kind: OwnKind) -> Arrangement | None:
    """Return what the files mean for a kind that was chosen instead of the guess: numbers, or classes with numbers as names.

    Raises `TrainyardError` where numbers are wanted and no table gives any.
    """
    table, known = found.labels_file, found.arrangement
    if kind.measured:
        return arrangement_of(table)
    return Arrangement(Folders(), table.placed, table.name) if known and known.measure and table else known


def find_arrangement(members: Sequence[Member]) -> Arrangement:
    """Return the numbers of the table in an archive. Raises `TrainyardError` where there is none."""
    return arrangement_of(find_labels_file(members))


def understand_measured(kind: OwnKind, members: Members, found: LabelsFile | None) -> Understood:
    """Return how many files have which number, and the files that are left out."""
    arrangement = arrangement_of(found)
    assert found is not None
    counts = Counter(arrangement.labels[one.name].label for one in members if one.name in arrangement.labels)
    problems = _without_numbers(members, arrangement.labels, found)
    few = Sentence(
        "There are {count} {words} with a number; at least {least} are needed.",
        count=counts.total(),
        words=kind.words,
        least=LEAST_FILES,
    )
    return Understood(
        kind.name,
        counts=dict(sorted(counts.items(), key=lambda item: float(item[0]))),
        problems=tuple(problems[:1_000]),
        remarks=(*said_of_names(members.encoding), said_of_numbers(found)),
        arrangement=arrangement,
        labels_file=found,
        names_encoding=members.encoding,
        left_out=len(problems),
        too_few=few if counts.total() < LEAST_FILES else "",
    )


def _without_numbers(members: Sequence[Member], numbers: Mapping[str, Placed], found: LabelsFile) -> list[Problem]:
    reason = Sentence(
        "The table {name!r} has no number for it in the column {column!r}.",
        name=found.name[-80:],
        column=found.value_column,
    )
    return [
        Problem(plain_text(member.name[-200:], 200), reason)
        for member in members
        if member.name not in numbers and member.name != found.name
    ]
