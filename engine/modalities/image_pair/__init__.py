"""Pairs of pictures: do both show the same?"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import Modality, modalities
from engine.modalities.given import bytes_of, stacked_numbers
from engine.modalities.image import Image
from engine.modalities.schema import Schema, either, file
from engine.readers.images import decode_image, read_image

FIRST, SECOND = "first", "second"
"""Names of both pictures of a pair in JSON."""
_GAP = 4


def pair_file(first: bytes, second: bytes) -> bytes:
    """Return the file of a pair: JSON with the bytes of both picture files in base64."""
    return json.dumps(
        {
            name: {"b64": base64.b64encode(data).decode()}
            for name, data in zip((FIRST, SECOND), (first, second), strict=True)
        }
    ).encode()


@modalities.register("image-pair", "Pairs of images")
class ImagePair(Image):
    """(2, height, width, channels) uint8, with one channel or three."""

    group = "image"
    occludes = False
    own = None
    more_own = ()
    checks = ("duplicates",)

    def expected(self, info: DataInfo) -> str:
        """Two pictures."""
        return Modality.expected(self, info)

    def decode_one(self, data: bytes, name: str, info: DataInfo) -> np.ndarray:
        """(2, height, width, channels) uint8 as in the dataset: each scaled to cover the size, cut at the centre."""
        height, width, channels = info.shape[1:]
        pictures = [
            decode_image(one, f"{name}: {which}", channels=1 if channels == 1 else 3, size=(height, width))
            for which, one in zip((FIRST, SECOND), _both(data, name), strict=True)
        ]
        return np.stack(pictures)

    def opened(self, data: bytes, name: str, pixels: int) -> np.ndarray:
        """Both pictures side by side, upright, on white where they are transparent; each cut to a square at its centre."""
        from PIL import Image as Pictures
        from PIL import ImageOps

        most = max(1, (pixels - _GAP) // 2)
        pictures = [read_image(one, name, (most, most)).convert("RGB") for one in _both(data, name)]
        side = min(most, max(min(one.size) for one in pictures))
        squares = [ImageOps.fit(one, (side, side), Pictures.Resampling.BICUBIC) for one in pictures]
        gap = np.full((side, _GAP, 3), 255, np.uint8)
        return np.concatenate([np.asarray(squares[0]), gap, np.asarray(squares[1])], axis=1)

    def quick(self, data: bytes) -> bool:
        """Two pictures are always decoded in a thread of their own."""
        return False

    def parse(self, instances: list[Any], info: DataInfo) -> np.ndarray:
        """Nested lists, files, or objects with two files."""
        files = [_as_file(one, f"instances[{place}]") for place, one in enumerate(instances)]
        return super().parse(files, info)

    def parse_arrays(self, instances: list[Any], info: DataInfo, where: str = "instances[0]") -> np.ndarray:
        """Nested lists (2, height, width, channels) of 0 to 255."""
        found = stacked_numbers(instances, info.shape)
        if found is None or found.min(initial=0) < 0 or found.max(initial=0) > 255:
            raise TrainyardError(
                "{where} is not a pair of pictures: expected nested lists of {shape} numbers from 0 to 255 (picture, height, width, "
                'channels), or {{"first": {{"b64": "..."}}, "second": {{"b64": "..."}}}} with two picture files.',
                where=where,
                shape=" × ".join(map(str, info.shape)),
            )
        return found

    def schema(self, info: DataInfo | None = None) -> Schema:
        """Two files."""
        picture = file("A picture of any size: PNG, JPEG, WebP, GIF or BMP.")
        pair = {
            "type": "object",
            "properties": {FIRST: picture, SECOND: picture},
            "required": [FIRST, SECOND],
            "additionalProperties": False,
            "description": "Two pictures that are compared.",
        }
        words = 'A JSON file {"first": {"b64": "..."}, "second": {"b64": "..."}} with two pictures of any size.'
        return either(pair, Modality.schema(self, info)["anyOf"][0], file(words))

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Pairs as they are stored."""
        return Modality.inputs(self, info)

    def preprocess(self, x: Any, info: DataInfo) -> Any:
        """As it is: the task has each picture preprocessed."""
        return x

    def near_copies(self, inputs: Any, where: np.ndarray) -> list[list[int]]:
        """None are looked for."""
        return []

    def face(self, one: Any, info: DataInfo) -> Any:
        """Both pictures, small, side by side."""
        return super().face(beside(np.asarray(one)), info)

    def pictures(self, inputs: np.ndarray) -> list[bytes]:
        """Both pictures of each side by side."""
        return super().pictures(np.stack([beside(one) for one in np.asarray(inputs)]))

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Any]:
        """Nothing that people could read."""
        return []

    def advise(self, facts: Facts) -> Advice | None:
        """Nothing was measured yet."""
        return None


def beside(pair: np.ndarray) -> np.ndarray:
    """Return (2, height, width, channels) as one picture, white between both."""
    gap = np.full((pair.shape[1], max(1, pair.shape[2] // 16), pair.shape[3]), 255, pair.dtype)
    return np.concatenate([pair[0], gap, pair[1]], axis=1)


def sides(opened: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both pictures of a pair as `opened` shows it."""
    side = opened.shape[0]
    return opened[:, :side], opened[:, -side:]


def _as_file(instance: Any, where: str) -> Any:
    """An object with two files as an object with one; anything else as it is."""
    if not isinstance(instance, dict) or not {FIRST, SECOND} & instance.keys():
        return instance
    both = [_picture(instance, name, where) for name in (FIRST, SECOND)]
    return {"b64": base64.b64encode(pair_file(*both)).decode()}


def _both(data: bytes, name: str) -> list[bytes]:
    """The bytes of both picture files of a pair."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.keys() != {FIRST, SECOND}:
        raise TrainyardError(
            '{name!r} is not a pair of pictures. Expected: a JSON file {{"first": {{"b64": "..."}}, "second": {{"b64": "..."}}}} with '
            "two picture files in base64.",
            name=name[-80:],
        )
    return [_picture(found, which, name[-80:]) for which in (FIRST, SECOND)]


def _picture(pair: Mapping[str, Any], which: str, where: str) -> bytes:
    """The bytes of one of both."""
    place = f"{where}.{which}"
    given = pair.get(which)
    if not isinstance(given, dict):
        raise TrainyardError('{where} is missing, or no object {{"b64": "..."}} with a picture file.', where=place)
    return bytes_of(given, place)
