"""Images of one's own with a number each: imported with a table that names them."""

from typing import Annotated, Any, ClassVar

from engine.datasets.base import datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE
from engine.datasets.stored.images import StoredImages
from engine.imports.collected import Stored
from engine.spec import Options


@datasets.register("my-measured-images", "My images with numbers")
class MyMeasuredImages(StoredImages):
    """Your own images, each with a number: import a zip of them with a table of file names and numbers."""

    tasks: ClassVar[tuple[str, ...]] = ("image-regression",)
    kind: ClassVar[str] = "measured-images"
    limits: ClassVar[str] = (
        "The score holds for images like these, and for numbers within the range of the table: a network does not go on beyond it."
    )

    measured: Annotated[str, Options("measured-images"), REFERENCE_OR_NONE] = ""
    """The imported images with numbers."""

    def arranged(self, stored: Stored) -> dict[str, Any]:
        """The numbers as targets, under the name of their column."""
        return super().arranged(stored) | {"target": str(self.own().roles.get("target", ""))}
