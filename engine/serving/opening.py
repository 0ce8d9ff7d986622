"""Files of people opened for pages: what is seen or heard of one, and its single inputs, as plain numbers and texts.

The predictor opens them, so that no process with secrets decodes what a stranger sent; `engine.serving.opened` reads its
answers. It is done beside the turns: nobody's prediction waits for it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.readers.unpack import Member
from engine.sentences import to_json
from engine.serving.ahead import bounded
from engine.serving.server import Beside
from engine.serving.uploads import check_count
from engine.serving.wire import pack, to_bytes, unpack

MOST_PIXELS = 1_024
"""Side of the square into which pictures are fitted, at most."""


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
    """Return the single inputs of one file, each with its content or the sentence that says why it has none."""
    head, (data,) = unpack(body)
    member = Member((head["name"],), partial(bytes, data))
    rows, contents = [], []
    with bounded(len(body)):
        members = modalities[head["modality"]].unfold(member, head["columns"])
        check_count(len(members))
        for one in members:
            error = ""
            content = b""
            try:
                content = one.read()
            except TrainyardError as problem:
                error = problem.sentence
            cells = {column: _plain(cell) for column, cell in one.cells.items()}
            rows.append({"path": one.path, "error": to_json(error), "cells": cells})
            contents.append(content)
    return pack({"rows": rows}, contents)


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, bool | int | float | str) else str(cell)
