"""What the predictor says of files that it opened, read by the dashboard: only plain numbers and texts, each checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from engine.modalities.given import refuse
from engine.readers.unpack import Member
from engine.sentences import from_json
from engine.serving.wire import from_bytes, unpack


@dataclass(frozen=True)
class Opened:
    """What is seen or heard of one file. What does not apply is None."""

    pixels: np.ndarray | None = None
    """(height, width, 1 or 3) uint8."""
    samples: np.ndarray | None = None
    """(samples,) int16 at `SAMPLE_RATE_HZ`."""
    cells: Mapping[str, list[Any]] | None = None
    """Of a table, by column; a cell for each row that has a result."""
    error: str = ""
    """Why there is nothing."""


@dataclass(frozen=True)
class Unfolded:
    """A portion of the single inputs of a file."""

    members: list[Member]
    total: int
    """Inputs in the whole file."""
    spent_bytes: int
    """What was unpacked for this portion."""


def read_opened(body: bytes) -> list[Opened]:
    """Read the answer of `open_files`. Raises `ValueError` and its like where it is none."""
    head, parts = unpack(body)
    return [_opened(one, part) for one, part in zip(head["files"], parts, strict=True)]


def _opened(described: Mapping[str, Any], part: bytes) -> Opened:
    error = from_json(described["error"])
    if not described["array"]:
        cells = described["cells"]
        if cells is None:
            return Opened(error=error)
        return Opened(cells={str(name): list(column) for name, column in cells.items()}, error=error)
    array = from_bytes(part)
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[-1] in (1, 3) and array.size:
        return Opened(pixels=array, error=error)
    if array.dtype == np.int16 and array.ndim == 1:
        return Opened(samples=array, error=error)
    raise ValueError(f"Neither pixels nor samples: {array.dtype} {array.shape}.")


def read_unfolded(body: bytes, first: int = 0) -> Unfolded:
    """Read the answer of `unfold_file`, asked for the inputs from `first` on. Raises as `read_opened`."""
    head, parts = unpack(body)
    members = [
        Member(
            tuple(map(str, row["path"])),
            partial(refuse, error) if (error := from_json(row["error"])) else partial(bytes, part),
            dict(row["cells"]),
        )
        for row, part in zip(head["rows"], parts, strict=True)
    ]
    total, spent = int(head["total"]), int(head["spent"])
    if first + len(members) > total or (first < total and not members) or spent < 0:
        raise ValueError(f"{len(members)} inputs from {first} on, of {total}.")
    return Unfolded(members, total, spent)
