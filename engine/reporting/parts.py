"""The parts of a report: plain data, each with the template that makes HTML of it. No part holds HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from engine.sentences import Sentence

Cell = str | int | float | None


class Part:
    """One part of a section."""

    template: ClassVar[str]


@dataclass(frozen=True)
class Words(Part):
    """A paragraph."""

    template: ClassVar[str] = "words.html"
    text: str
    severity: str = ""
    """As of a finding (`engine.advice.findings`), or empty."""


@dataclass(frozen=True)
class Facts(Part):
    """Names with their values; those without a value are left out."""

    template: ClassVar[str] = "facts.html"
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table(Part):
    """Rows under a head. The first column names the row, numbers stand to the right."""

    template: ClassVar[str] = "table.html"
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    folded: bool = False
    """Whether it opens on request."""


@dataclass(frozen=True)
class Matrix(Part):
    """Counts of each true class (rows) by predicted class (columns), the darker the larger their share of the row."""

    template: ClassVar[str] = "matrix.html"
    title: str
    labels: Sequence[str]
    counts: Sequence[Sequence[int]]

    # the template turns the text at a share of 0.72: there black and white have a contrast of 4.5 to the cell in both schemes
    @property
    def shares(self) -> list[list[float]]:
        """The counts as shares of their rows."""
        return [[count / max(sum(row), 1) for count in row] for row in self.counts]


@dataclass(frozen=True)
class Shown:
    """One example with its answer."""

    picture: str
    """A data URL, or empty."""
    few: bool
    """Whether the picture has so few pixels that they should stay squares."""
    text: str
    truth: str
    answer: str
    right: bool | None = None
    """None where an answer is neither right nor wrong."""


@dataclass(frozen=True)
class Gallery(Part):
    """Examples side by side."""

    template: ClassVar[str] = "gallery.html"
    title: str
    examples: Sequence[Shown]


@dataclass(frozen=True)
class Section:
    """Parts under a heading."""

    title: Sentence
    parts: Sequence[Part]
    wide: bool = True
    """False: as many parts in a row as there is room for."""
