"""Probes: fixed validation examples that are predicted at epoch ends, to be watched and replayed.

They lie in the folder of a run as JSON lines: the probed examples come first, then a line for each predicted epoch.
"""

import base64
import json
import logging
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.files import write_text

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Probed:
    """The examples that a run answers at epoch ends."""

    positions: Sequence[int]
    """Positions in the prepared dataset."""
    truths: Sequence[str]
    """Description of each target, in one line; empty where there is none."""
    dataset_hash: str
    """Identity of the prepared dataset that the positions refer to."""
    map: "Map | None" = None
    """Where the answers to a plane of inputs are drawn, for inputs that have one."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Probed":
        """Read what `asdict` gives."""
        return cls(**dict(data) | {"map": Map(**data["map"]) if data.get("map") else None})


@dataclass(frozen=True)
class Map:
    """A square grid in a plane through the inputs, and where some validation examples lie."""

    points: int
    """Points on each side of the grid."""
    low: Sequence[float]
    """The lowest x and y."""
    high: Sequence[float]
    """The highest x and y."""
    columns: Sequence[str]
    """Names of the two columns; empty where the axes are principal components."""
    shares: Sequence[float]
    """Share of the variance along each principal component; empty where the axes are columns."""
    places: Sequence[Sequence[float]]
    """x and y of each example."""
    targets: Sequence[float]
    """The target of each example: a number, or the index of a class."""


@dataclass(frozen=True)
class Answers:
    """The answers to all probes at the end of one epoch."""

    epoch: int
    """Epoch, from 1."""
    kind: str
    """Kind of prediction: picks the renderer."""
    values: Sequence[Mapping[str, Any]]
    """Contents of each prediction, as plain JSON."""
    scores: Mapping[str, Sequence[float | None]]
    """Score of each answer by metric, as `Task.example_scores` gives it; None where it is not a finite number."""
    heights: str = ""
    """The answers on the grid of the map, row by row from the lowest, as `Task.heights` gives them: see `packed`."""
    copied: Sequence[str] = ()
    """For each answer a line of it that stands in the training data as it is, or ""; nothing where that is no fault."""


@dataclass(frozen=True)
class Probes:
    """All that is known of the probes of a run; `epochs` in order."""

    probed: Probed
    epochs: Sequence[Answers]


def begin(path: Path, probed: Probed, done: int = 0) -> Probed:
    """Start a file of probes, or continue the existing one after `done` epochs. Return the probed examples.

    Epochs after `done` are dropped, since they are trained again. Examples of another dataset start a new file.
    """
    found = read(path)
    if found is None or found.probed.dataset_hash != probed.dataset_hash:
        found = Probes(probed, ())
    kept = [answers for answers in found.epochs if answers.epoch <= done]
    write_text(path, _line(found.probed) + "".join(map(_line, kept)))
    return found.probed


def add(path: Path, answers: Answers) -> None:
    """Append the answers of an epoch."""
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(answers))


def read(path: Path) -> Probes | None:
    """Return the probes of a run, or None where none are readable."""
    reader = ProbeReader(path)
    reader.follow()
    return reader.probes


class ProbeReader:
    """Follows the probes of a run while they are written: each look reads what is new. Not safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.probes: Probes | None = None
        """All that has been read so far; None while there is nothing."""
        self._path = path
        self._offset = 0
        self._file = 0  # the inode: an attempt that goes on begins another file
        self._epochs: dict[int, Answers] = {}

    def follow(self) -> Probes | None:
        """Read what is new, and return all. A line that is still being written is left for the next look."""
        try:
            self._read()
        except FileNotFoundError:
            self._begin(0)
        except (OSError, ValueError, TypeError):
            logger.exception("The probes in %s cannot be read.", self._path)
            self._begin(0)
        return self.probes

    def _read(self) -> None:
        with self._path.open("rb") as file:
            known = os.fstat(file.fileno())
            if known.st_ino != self._file or known.st_size < self._offset:
                self._begin(known.st_ino)
            if known.st_size == self._offset:
                return
            file.seek(self._offset)
            *lines, _rest = file.read().split(b"\n")
        if not lines:
            return
        self._offset += sum(len(line) + 1 for line in lines)
        if self.probes is None:
            self.probes = Probes(Probed.of(json.loads(lines.pop(0))), ())
        self._epochs |= {answers.epoch: answers for answers in (Answers(**json.loads(line)) for line in lines)}
        self.probes = Probes(self.probes.probed, [self._epochs[epoch] for epoch in sorted(self._epochs)])

    def _begin(self, file: int) -> None:
        self.probes, self._offset, self._file, self._epochs = None, 0, file, {}


def packed(values: np.ndarray) -> str:
    """Return numbers as Plotly reads them fastest: 32 bits each, in base64."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").data).decode("ascii")


def finite(scores: Sequence[float]) -> list[float | None]:
    """Return scores as JSON can hold them."""
    return [float(score) if math.isfinite(score) else None for score in scores]


def _line(part: Probed | Answers) -> str:
    return json.dumps(asdict(part), ensure_ascii=False, allow_nan=False) + "\n"
