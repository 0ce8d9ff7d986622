"""Images of one's own: imported from a folder or a zip in which each class is a folder."""

from typing import Annotated, ClassVar

from engine.datasets.base import datasets
from engine.datasets.sources.pictures import PictureDataset
from engine.datasets.stored.base import REFERENCE_OR_NONE
from engine.datasets.stored.images import StoredImages
from engine.spec import Options


@datasets.register("folder", "My images")
class Folder(PictureDataset, StoredImages):
    """Your own images: import a folder or a zip in which each class is a folder of images."""

    tasks: ClassVar[tuple[str, ...]] = (*PictureDataset.tasks, "image-similarity")
    kind: ClassVar[str] = "images"
    limits: ClassVar[str] = (
        "The score holds for images like these: if all come from one camera, place or website, others will be harder."
    )

    folder: Annotated[str, Options("images"), REFERENCE_OR_NONE] = ""
    """The imported image dataset."""
