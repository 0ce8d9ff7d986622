"""Images of one's own: sets that were imported from a folder or a zip, kept as one checked file each."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.datasets.images import decode_image
from engine.errors import TrainyardError
from engine.settings import settings
from engine.spec import Options

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
"""What an imported set may be called: its name is also the name of its folder on disk."""
IMAGES, ABOUT = "images.npz", "folder.json"
FORMAT = 1
"""Version of the stored form; a set of another version must be imported again."""


def folders_path() -> Path:
    """Where imported sets lie, a folder each."""
    return settings().datasets_path / "folders"


def folder_path(name: str) -> Path:
    """The folder of the set `name`. Raises `TrainyardError` unless the name is plain."""
    if not NAME.fullmatch(name):
        raise TrainyardError(
            f"{name[:80]!r} cannot be the name of a set of images. Use up to 48 of a-z, 0-9, - and _, "
            "beginning with a letter or digit."
        )
    return folders_path() / name


def list_folders() -> list[str]:
    """Names of the imported sets, in alphabetical order."""
    return sorted(path.parent.name for path in folders_path().glob(f"*/{ABOUT}") if NAME.fullmatch(path.parent.name))


def describe_folder(name: str) -> dict[str, Any]:
    """What was written down when the set was imported: `labels`, `counts`, `problems`, `fingerprint`."""
    try:
        about: dict[str, Any] = json.loads((folder_path(name) / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainyardError(_gone(name)) from error
    if about.get("format") != FORMAT:
        raise TrainyardError(f"The image set {name!r} was imported by another version. Import it again.")
    return about


def delete_folder(name: str) -> None:
    """Delete an imported set. Runs that used it stay; they can no longer be resumed."""
    path = folder_path(name)
    if not path.is_dir():
        raise TrainyardError(_gone(name))
    shutil.rmtree(path)


@datasets.register("folder", "My images")
class Folder(UnsplitDataset):
    """Images of your own: import a folder or a zip in which each class is a folder of pictures."""

    source: ClassVar[str] = "Imported on this machine"
    licence: ClassVar[str] = "That of the images"
    limits: ClassVar[str] = (
        "The score holds for pictures like these: if all come from one camera, place or website, others will be harder."
    )
    suggested: ClassVar[dict[str, Any]] = {"epochs": 30, "batch_size": 16, "patience": 6}

    folder: Annotated[str, Options("folders"), Field(pattern=rf"^({NAME.pattern})?$")] = ""
    """Which imported set of images."""
    image_size: Literal[28, 32, 64, 96, 128, 160] = 64
    """Height and width in pixels. Larger shows more detail and takes more time, about four times for twice the size."""
    colour: Literal["colour", "grey"] = "colour"
    """Whether colour is kept. Grey suits drawings, letters and X-rays."""

    @classmethod
    def ready(cls) -> bool:
        """Whether any set has been imported."""
        return bool(list_folders())

    def available(self) -> bool:
        """Whether the chosen set is still there."""
        return bool(self.folder) and (folder_path(self.folder) / ABOUT).is_file()

    def missing(self) -> str:
        """Choose or import."""
        return _gone(self.folder)

    def fingerprint(self) -> str:
        """Hash of the stored images, taken at import."""
        return str(describe_folder(self.folder)["fingerprint"])

    def load(self) -> Examples:
        """All images, (image_size, image_size, 3 or 1) uint8. Equal images stay in one split."""
        labels = tuple(describe_folder(self.folder)["labels"])
        channels: Literal[1, 3] = 3 if self.colour == "colour" else 1
        with np.load(folder_path(self.folder) / IMAGES) as file:
            pixels, starts, targets, names = (file[key] for key in ("pixels", "starts", "targets", "names"))
        shape = (len(targets), self.image_size, self.image_size, channels)
        self._check_size(shape)
        inputs, groups = np.empty(shape, np.uint8), np.empty(len(targets), "S32")
        for index, (start, stop) in enumerate(starts):
            data = pixels[start:stop].tobytes()
            inputs[index] = decode_image(data, str(names[index]), channels, shape[1:3])
            groups[index] = hashlib.sha256(data).hexdigest()[:32].encode()
        return Examples(inputs, targets, labels, groups=groups)

    def _check_size(self, shape: tuple[int, int, int, int]) -> None:
        size_mb = int(np.prod(shape, dtype=np.int64)) // 1_000_000
        if size_mb > settings().max_dataset_mb:
            raise TrainyardError(
                f"The image set {self.folder!r} takes {size_mb:,} MB at {self.image_size} pixels, more than "
                f"{settings().max_dataset_mb:,} MB (TRAINYARD_MAX_DATASET_MB). Choose a smaller image size, or grey."
            )


def _gone(name: str) -> str:
    if not name:
        return "No set of images is chosen. Choose one, or import a folder or a zip of class/name.png images."
    there = ", ".join(map(repr, list_folders()))
    return f"The image set {name!r} is not on this machine; it was deleted, or never imported. " + (
        f"There are: {there}." if there else "Import a folder or a zip of class/name.png images."
    )
