"""Pictures of one's own, with boxes around what is in them."""

from dataclasses import replace
from io import BytesIO
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.datasets.base import Examples, datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset, check_size
from engine.imports.boxed import boxes_of
from engine.imports.collected import Stored, read_stored
from engine.imports.splits import fixed_splits, joined_groups
from engine.modalities.scene.fitting import factor, fitted
from engine.spec import FIXED, Options
from engine.targets import Ragged


@datasets.register("my-scenes", "My pictures with boxes")
class MyScenes(OwnDataset):
    """Your own pictures: import a zip of them with boxes as COCO JSON, Pascal VOC XML, or text files of YOLO."""

    tasks: ClassVar[tuple[str, ...]] = ("object-detection",)
    kind: ClassVar[str] = "boxed-pictures"
    licence: ClassVar[str] = "The licence of the pictures"
    limits: ClassVar[str] = (
        "The score holds for things, backgrounds and cameras like these. Pictures of one series are alike: keep them in one split, by "
        "folders that are called train, validation and test."
    )
    suggested: ClassVar[dict[str, Any]] = {"model": "centernet-lite0", "epochs": 30, "flip": "horizontal"}

    pictures: Annotated[str, Options("pictures"), REFERENCE_OR_NONE] = ""
    """The imported pictures."""
    image_size: Annotated[Literal[96, 128, 160, 192, 256, 320], FIXED] = 160
    """Side of the square in which each picture is shown to the network as a whole. Larger: small things are found, and it takes longer."""

    def load(self) -> Examples:
        """All pictures (image_size, image_size, 3) uint8 with their boxes in pixels. Equal ones stay in one split."""
        stored = read_stored(self.reference, self.kind)
        check_size(
            self.reference,
            len(stored) * self.image_size**2 * 3,
            f"at {self.image_size} pixels",
            "a smaller image_size, or fewer pictures",
        )
        boxes, pictures, rows = boxes_of(stored), [], []
        for index in range(len(stored)):
            picture, scale = self._fitted(stored.bytes_of(index))
            pictures.append(picture)
            rows.append(boxes.one(index) * np.array([scale] * 4 + [1], np.float32))
        arranged = self.arranged(stored) | {"targets": Ragged.of(rows, np.float32, (5,))}
        return Examples(np.stack(pictures), **arranged)

    def _fitted(self, data: bytes) -> tuple[np.ndarray, float]:
        from PIL import Image

        with Image.open(BytesIO(data), formats=("PNG",)) as picture:
            scale = factor(picture.size, self.image_size, self.image_size)
            return np.asarray(fitted(picture, self.image_size, self.image_size)), scale

    def arranged(self, stored: Stored) -> dict[str, Any]:
        """Labels, groups and splits; a split need not have each class."""
        groups = joined_groups(stored.groups(), stored.more.get("group"))
        own = self.own()
        validation, test = fixed_splits(stored.more.get("split"), groups, replace(own, counts={}), stored.targets)
        return {"labels": own.labels, "groups": groups, "validation": validation, "test": test}
