"""Files of people opened for pages: what is seen or heard of one, and its single inputs, as plain numbers and texts.

The predictor opens them, so that no process with secrets decodes what a stranger sent; `engine.serving.opened` reads its
answers. It is done beside the turns: nobody's prediction waits for it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.readers.unpack import ArchiveError
from engine.sentences import to_json
from engine.serving.ahead import bounded
from engine.serving.server import Beside
from engine.serving.uploads import open_inputs
from engine.serving.wire import pack, to_bytes, unpack

MOST_PIXELS = 1_024
"""Side of the square into which pictures are fitted, at most."""
PORTION_BYTES = 32_000_000
"""Of what a file holds, unpacked, after which the rest has to be asked for."""


def beside() -> Mapping[str, Beside]:
    """Return what the predictor does beside the turns, by name."""
    return {"opened": open_files, "unfolded": unfold_file}


def open_files(body: bytes) -> bytes:
    """Open each file as its modality shows it; one that cannot be used has its sentence in place of a content."""
    head, parts = unpack(body)
    modality, described, contents = modalities[head["modality"]], [], []
    with bounded(len(body)):
        for name, data in zip(head["names"], parts, strict=True):
            found: Any = None
            error = ""
            try:
                found = modality.opened(data, name, min(int(head["pixels"]), MOST_PIXELS))
            except TrainyardError as problem:
                error = problem.sentence
            array = isinstance(found, np.ndarray)
            described.append({"error": to_json(error), "array": array, "cells": None if array else found})
            contents.append(to_bytes(found) if array else b"")
    return pack({"files": described}, contents)


def unfold_file(body: bytes) -> bytes:
    """Return the single inputs of one table or zip, each with its content or the sentence that says why it has none.

    They begin with that at the position `first`, and are as many as fit into a portion; `spent` bytes were unpacked before.
    """
    head, (data,) = unpack(body)
    rows, contents, size = [], [], 0
    files, spent = [(head["name"], data)], int(head["spent"])
    with bounded(len(body)), open_inputs(head["modality"], files, head["columns"], spent) as inputs:
        counted = inputs.read_bytes  # tables in a zip, of which the inputs are known only by reading them
        for one in inputs[int(head["first"]) :]:
            error = ""
            content = b""
            try:
                content = one.read()
            except ArchiveError:
                raise
            except TrainyardError as problem:
                error = problem.sentence
            cells = {column: _plain(cell) for column, cell in one.cells.items()}
            rows.append({"path": one.path, "error": to_json(error), "cells": cells})
            contents.append(content)
            size += len(content)
            if max(size, inputs.read_bytes - counted) >= PORTION_BYTES:
                break
        spent = inputs.read_bytes - counted
    return pack({"rows": rows, "total": len(inputs), "spent": spent}, contents)


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, bool | int | float | str) else str(cell)
