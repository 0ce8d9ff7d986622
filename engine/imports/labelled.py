"""Pictures that people label in a browser: the labels of each, and the zip that is imported as a dataset."""

import io
import re
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.errors import TrainyardError
from engine.imports.annotations import Boxed
from engine.imports.folders import Arrangement, Folders, Placed
from engine.modalities.own import OwnKind
from engine.settings import settings

_PNG = b"\x89PNG\r\n\x1a\n"
_LEAST_PIXELS = 1.0  # sides of a box, as an import wants them
_LONGEST_NAME = 80
_NUMBERED = re.compile(r"^\d{5}-")
_BESIDE = ".json"  # an arrangement of boxes names the endings of files that say it; here none does
Sides = tuple[float, float, float, float]


@dataclass(frozen=True)
class Proposal:
    """A box that a network proposes, until somebody accepts or dismisses it."""

    box: Sides
    """Left, top, right, bottom in pixels of the stored picture."""
    name: str
    """What the network calls it."""
    probability: float


@dataclass(frozen=True)
class Said:
    """The labels of one picture, and what a network proposes."""

    boxes: tuple[Sides, ...] = ()
    """Left, top, right, bottom of each in pixels of the stored picture."""
    classes: tuple[int, ...] = ()
    """Of each box: position in the classes of the labelling."""
    label: int | None = None
    """Class of the whole picture, in labellings without boxes."""
    empty: bool = False
    """Whether somebody has confirmed that nothing is in it."""
    proposals: tuple[Proposal, ...] | None = None
    """None: there was no search for them yet."""

    @property
    def done(self) -> bool:
        """Whether the picture counts as labelled."""
        return bool(self.boxes) or self.empty or self.label is not None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Said":
        """The inverse of `to_dict`."""
        proposed = values["proposals"]
        return cls(
            tuple(_sides(box) for box in values["boxes"]),
            tuple(int(index) for index in values["classes"]),
            values["label"],
            bool(values["empty"]),
            None if proposed is None else tuple(map(read_proposal, proposed)),
        )

    def checked(self, width: int, height: int, num_classes: int) -> "Said":
        """Return it with boxes cut at the edges of a picture of this size, and without empty ones. Raise `TrainyardError` where
        there are too many, or a class is not there."""
        _check_classes([*self.classes, *([] if self.label is None else [self.label])], num_classes)
        kept = [
            (box, index)
            for found, index in zip(self.boxes, self.classes, strict=True)
            if (box := _cut(found, width, height)) is not None
        ]
        if len(kept) > settings().max_boxes:
            raise TrainyardError(
                "The picture has {count:,} boxes; a picture may have {most:,} (TRAINYARD_MAX_BOXES). Delete some.",
                count=len(kept),
                most=settings().max_boxes,
            )
        proposals = self.proposals
        if proposals is not None:
            places = [(_cut(one.box, width, height), one) for one in proposals[: settings().max_boxes]]
            proposals = tuple(Proposal(box, one.name, one.probability) for box, one in places if box is not None)
        return Said(
            tuple(box for box, _index in kept),
            tuple(index for _box, index in kept),
            self.label,
            self.empty and not kept,
            proposals,
        )


@dataclass(frozen=True)
class Labelled:
    """One picture with its labels."""

    number: int
    name: str
    content: bytes
    """A PNG of our own making."""
    said: Said
    split: str = ""
    """Split in the dataset that it came from; empty where that says none."""
    group: str = ""


def read_said(told: Any) -> Said:
    """Return the labels that a browser sent. Raise `TrainyardError` for anything else."""
    try:
        found = Said.from_dict(told)
        numbers = [at for box in found.boxes for at in box]
        numbers += [at for one in found.proposals or () for at in (*one.box, one.probability)]
        label = found.label
        if (
            len(found.boxes) == len(found.classes)
            and np.isfinite(numbers).all()
            and (label is None or type(label) is int)
        ):
            return found
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise _unreadable() from error
    raise _unreadable()


def png_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a PNG of our own making, from its header."""
    if not data.startswith(_PNG):
        raise TrainyardError(
            "The stored picture is damaged: it does not begin as a PNG does. Import the dataset again."
        )
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def pack(kind: OwnKind, classes: Sequence[str], pictures: Sequence[Labelled]) -> tuple[io.BytesIO, Arrangement]:
    """Return a zip of the labelled pictures, and the labels of each, as an import takes them.

    Raises `TrainyardError` where none is labelled.
    """
    file, placed = io.BytesIO(), dict[str, Placed]()
    with zipfile.ZipFile(file, "w") as archive:
        for one in pictures:
            if not one.said.done or (one.said.label is None) != kind.boxed:
                continue
            path = f"{one.number:05}-{_NUMBERED.sub('', one.name)}"
            archive.writestr(path, one.content)
            label = _boxed(one, classes) if kind.boxed else classes[one.said.label or 0]
            placed[path] = Placed(label, one.split, one.group)
    if not placed:
        raise TrainyardError(
            "No picture is labelled yet. Label some first: only labelled pictures become part of a dataset."
        )
    file.seek(0)
    return file, Arrangement(Folders(class_level=0), placed, beside=(_BESIDE,) if kind.boxed else ())


def _boxed(one: Labelled, classes: Sequence[str]) -> str:
    return Boxed(
        "xyxy", one.said.boxes, [classes[index] for index in one.said.classes], png_size(one.content)
    ).written()


def _sides(box: Any) -> Sides:
    left, top, right, bottom = map(float, box)
    return left, top, right, bottom


def read_proposal(one: Any) -> Proposal:
    """Return a proposal from JSON. Raise `TypeError` or its like for anything else."""
    return Proposal(_sides(one["box"]), str(one["name"])[:_LONGEST_NAME], float(one["probability"]))


def _cut(box: Sides, width: int, height: int) -> Sides | None:
    """A box with its sides in order, cut at the edges; None where nothing is left of it."""
    (left, right), (top, bottom) = sorted((box[0], box[2])), sorted((box[1], box[3]))
    left, right = max(left, 0.0), min(right, float(width))
    top, bottom = max(top, 0.0), min(bottom, float(height))
    if min(right - left, bottom - top) < _LEAST_PIXELS:
        return None
    return round(left, 2), round(top, 2), round(right, 2), round(bottom, 2)


def _check_classes(indices: Sequence[int], num_classes: int) -> None:
    for index in indices:
        if not 0 <= index < num_classes:
            raise TrainyardError(
                "There is no class {number}; there are {count}. Add the class first.",
                number=index + 1,
                count=num_classes,
            )


def _unreadable() -> TrainyardError:
    return TrainyardError(
        "The browser sent something that is no label of a picture. Reload the page, and label it again."
    )
