"""Pictures with boxes, as they are stored: each picture upright and not too large, its boxes turned and scaled with it."""

import json
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np

from engine.detection.boxes import areas, moved, to_corners
from engine.errors import TrainyardError
from engine.imports.annotations import Boxed
from engine.imports.collected import Collected, Stored
from engine.imports.folders import Placed
from engine.modalities.own import OwnKind
from engine.readers.images import lies, upright_transform
from engine.sentences import Sentence
from engine.settings import settings
from engine.targets import Ragged

LEAST_PICTURES = 10
"""Fewer than these cannot be divided into three splits."""
_LEAST_PIXELS = 1.0  # sides of a box in the stored picture


class BoxedPictures(Collected):
    """The pictures of an import so far, each with its boxes."""

    def __init__(self, kind: OwnKind, spool: IO[bytes]) -> None:
        super().__init__(kind, spool)
        self._boxes: list[list[list[float]]] = []
        self._classes: list[list[str]] = []

    def rewritten(self, placed: Placed, data: bytes, name: str, path: str) -> tuple[str, bytes, Sentence | None]:
        """The picture as it is stored; its label becomes its boxes in pixels of that."""
        from PIL import Image

        _label, stored, remark = super().rewritten(placed, data, name, path)
        boxed = Boxed.read(placed.label)
        size, orientation = lies(data, name)
        with Image.open(BytesIO(stored)) as picture:
            width, height = picture.size
        boxes = _placed(boxed, size, orientation, (width, height))
        kept, told = self._checked(boxes, boxed, width, height)
        if told:
            self.leave_out(path, told)
        return json.dumps([kept[0], kept[1]], ensure_ascii=False), stored, remark

    def _checked(
        self, boxes: np.ndarray, boxed: Boxed, width: int, height: int
    ) -> tuple[tuple[list[list[float]], list[str]], Sentence | None]:
        """Return the boxes that can be learned, cut at the edges, with their classes; and what had to be left out or cut."""
        cut = np.clip(boxes, 0, [width, height, width, height])
        sides = cut[:, 2:] - cut[:, :2]
        good = (sides >= _LEAST_PIXELS).all(axis=1)
        most = settings().max_boxes
        if good.sum() > most:
            raise TrainyardError(
                "It has {count:,} boxes; a picture may have {most:,} (TRAINYARD_MAX_BOXES).",
                count=int(good.sum()),
                most=most,
            )
        beyond = good & (areas(cut) < 0.99 * areas(boxes))
        told = None
        if not good.all() or beyond.any():
            told = Sentence(
                "{lost:,} of its {count:,} boxes are empty or outside of the picture and were left out; {cut:,} were cut at its edge.",
                lost=int((~good).sum()),
                count=len(boxes),
                cut=int(beyond.sum()),
            )
        names = [name for name, keep in zip(boxed.classes, good.tolist(), strict=True) if keep]
        return (cut[good].round(2).tolist(), names), told

    def add(self, label: str, name: str, data: bytes, row: int = 0) -> None:
        """Store a picture with its boxes."""
        super().add("", name, data, row)
        boxes, classes = json.loads(label)
        self._boxes.append(boxes)
        self._classes.append(classes)

    def store(self, folder: Path, spool: Path, **more: np.ndarray) -> tuple[Path, dict[str, int]]:
        """Write all pictures and their boxes; boxes by class in alphabetical order."""
        counts: dict[str, int] = {}
        for name in sorted(name for classes in self._classes for name in classes):
            counts[name] = counts.get(name, 0) + 1
        if len(self) < LEAST_PICTURES or not counts:
            first = self.problems[0] if self.problems else None
            raise TrainyardError(
                "There are {count} pictures with {boxes} boxes; at least {least} pictures are needed, and a box in some of them. {reason}",
                count=len(self),
                boxes=sum(counts.values()),
                least=LEAST_PICTURES,
                reason=first.reason if first else "",
            )
        if len(counts) > settings().max_classes:
            raise TrainyardError(
                "There are {counts:,} classes, more than {max_classes:,} (TRAINYARD_MAX_CLASSES).",
                counts=len(counts),
                max_classes=settings().max_classes,
            )
        position = {name: index for index, name in enumerate(counts)}
        rows = [
            np.array([[*box, position[name]] for box, name in zip(boxes, classes, strict=True)]).reshape(-1, 5)
            for boxes, classes in zip(self._boxes, self._classes, strict=True)
        ]
        found = Ragged.of(rows, np.float32, (5,))
        whole = {"boxes": found.values, "box_ends": found.ends}
        kept = list(range(len(self)))
        return self.write_arrays(folder, spool, kept, np.zeros(len(self), np.int64), more, whole)[0], counts


def boxes_of(stored: Stored) -> Ragged:
    """Return the boxes that `BoxedPictures.store` wrote, (boxes, 5) of each picture."""
    more: dict[str, Any] = stored.more
    return Ragged(np.asarray(more["boxes"], np.float32), np.asarray(more["box_ends"], np.int64))


def _placed(boxed: Boxed, size: tuple[int, int], orientation: int, stored: tuple[int, int]) -> np.ndarray:
    """Boxes as their file has them -> corners (boxes, 4) in pixels of the stored picture, which is upright.

    A file that says the size of a picture says it as the picture lies in its file, or as it is upright: where that makes a
    difference, boxes that lie turn with the picture. Shares of a picture are of the upright one, as programs that train with
    such files read them.
    """
    turned = (size[1], size[0]) if orientation >= 5 else size
    lying = boxed.format != "relative-cxcywh" and (not boxed.size or tuple(boxed.size) == size or turned == size)
    whole = size if lying else turned
    corners = to_corners(np.asarray(boxed.boxes, np.float64), boxed.format, *whole)
    if boxed.size and tuple(boxed.size) not in (size, turned):  # annotated at another size
        corners *= np.tile(np.array(whole) / np.array(boxed.size), 2)
    if lying and orientation != 1:
        corners = moved(corners, upright_transform(size, orientation))
    return np.asarray(corners * np.tile(np.array(stored) / np.array(turned), 2))
