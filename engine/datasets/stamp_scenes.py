"""Scenes that are composed of photo cut-outs, with the exact box of each: something to find, some of it never seen before."""

from typing import Annotated, Any, ClassVar

import numpy as np
from PIL import Image

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.datasets.sources import textures
from engine.datasets.stamps import Stamps
from engine.detection.boxes import areas
from engine.files import file_fingerprint
from engine.spec import ADVANCED, FIXED, Range
from engine.targets import Ragged

_FILE = EMBEDDED / "images" / "tuxpaint_stamps_96_rgba.npz"
_COMPOSITION = "1"  # raise it when scenes of one seed change, so that prepared copies are made again
_SIDE = 128
_LEAST, _LARGEST = 32, 80  # pixels of the longer side of an object
_TURN = 12.0  # degrees in either direction
_HIDDEN = 0.25  # most of an object that a later one may cover
_TRIES = 12
_OPAQUE = 128
_KNOWN = 300


@datasets.register("stamp-scenes", "Stamp scenes (composed of 267 cut-outs)")
class StampScenes(UnsplitDataset):
    """Cut-out photos of animals, plants and things on generated backgrounds, with the exact box of each.

    Validation and test have cut-outs that training has not seen; a second test has those that it has seen, in new scenes.
    """

    tasks: ClassVar[tuple[str, ...]] = ("object-detection",)
    source: ClassVar[str] = Stamps.source
    licence: ClassVar[str] = Stamps.licence
    limits: ClassVar[str] = (
        "Composed, not photographed: no shadows, no perspective, hardly any small objects. Validation and test have cut-outs that "
        "training has not seen: there a network finds things better than it names them. Known cut-outs in new scenes are those of "
        "training."
    )
    num_classes: ClassVar[int] = 10
    class_words: ClassVar[dict[str, dict[str, str]]] = Stamps.class_words
    # the validation loss is mostly about names of things that nobody has shown to the network: it is lowest too early
    suggested: ClassVar[dict[str, Any]] = {"model": "centernet-lite0", "first_best": 8}
    extra_tests: ClassVar[dict[str, str]] = {"known_cutouts": "Known cut-outs in new scenes"}

    scenes: Annotated[int, Range(200, 20_000, log=True), FIXED] = 3_000
    """Number of scenes that are made for training."""
    most_objects: Annotated[int, Range(1, 12), FIXED] = 3
    """Most objects of a scene; all numbers from 1 to it are equally frequent."""
    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.15
    """Share of the cut-outs of each class that only the test has. It is used once, at the end, never for decisions."""
    validation_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.1
    """Share of the other cut-outs that only the validation has, to choose epochs and hyperparameters."""

    def fingerprint(self) -> str:
        """Hash of the embedded file, and the version of the composition."""
        return f"{file_fingerprint(_FILE)} {_COMPOSITION}"

    def load(self) -> Examples:
        """Scenes (128, 128, 3) uint8, each with cut-outs of one split; boxes (boxes, 5) in pixels."""
        cutouts = self.cutouts()
        parts = self._parts(cutouts)
        counts = {"train": self.scenes, "validation": max(20, self.scenes // 10), "test": max(20, self.scenes // 10)}
        pictures, boxes = list[np.ndarray](), list[np.ndarray]()
        for number, (split, count) in enumerate(counts.items()):
            for scene in range(count):
                made = self._scene(cutouts, parts[split], np.random.default_rng((self.split_seed, number, scene)))
                pictures.append(made[0])
                boxes.append(made[1])
        splits = np.repeat(list(counts), list(counts.values()))
        held = {name: splits == name for name in ("test", "validation")}
        return Examples(np.stack(pictures), boxes, cutouts.labels, **held)

    def extra_test(self, name: str) -> Examples:
        """Scenes that training has not seen, of the cut-outs that it has."""
        cutouts = self.cutouts()
        known = self._parts(cutouts)["train"]
        made = [self._scene(cutouts, known, np.random.default_rng((self.split_seed, 3, i))) for i in range(_KNOWN)]
        pictures, boxes = zip(*made, strict=True)
        return Examples(np.stack(pictures), Ragged.of(boxes, np.float32, (5,)), cutouts.labels)

    @staticmethod
    def cutouts() -> "_Cutouts":
        """Return all cut-outs."""
        return _Cutouts()

    def _parts(self, cutouts: "_Cutouts") -> dict[str, np.ndarray]:
        """Return positions of the cut-outs of each split: at least one of each class in each."""
        rng = np.random.default_rng(self.split_seed)
        parts: dict[str, list[np.ndarray]] = {"test": [], "validation": [], "train": []}
        for index in range(len(cutouts.labels)):
            members = rng.permutation(np.flatnonzero(cutouts.classes == index))
            test = max(1, round(len(members) * self.test_fraction))
            validation = max(1, round((len(members) - test) * self.validation_fraction))
            for name, part in zip(parts, np.split(members, [test, test + validation]), strict=True):
                parts[name].append(part)
        return {name: np.concatenate(found) for name, found in parts.items()}

    def _scene(self, cutouts: "_Cutouts", may: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return one picture (128, 128, 3) and its boxes (boxes, 5)."""
        make = textures.plain if rng.random() < 0.3 else textures.textured
        scene = Image.fromarray(np.ascontiguousarray(make(rng, _SIDE))).convert("RGBA")
        boxes = np.zeros((0, 5), np.float32)
        for _ in range(int(rng.integers(1, self.most_objects + 1))):
            index = int(cutouts.classes[chosen := rng.choice(may)])
            thing = cutouts.changed(int(chosen), rng)
            for _try in range(_TRIES):
                left, top = (int(rng.integers(0, _SIDE - size + 1)) for size in thing.size)
                box = np.array([[left, top, left + thing.width, top + thing.height, index]], np.float32)
                if len(boxes) == 0 or float(_covered(boxes, box).max()) <= _HIDDEN:
                    scene.alpha_composite(thing, (left, top))
                    boxes = np.concatenate([boxes, box])
                    break
        return np.asarray(scene.convert("RGB")), boxes


class _Cutouts:
    """The cut-outs, with transparency around them."""

    def __init__(self) -> None:
        with np.load(_FILE) as file:
            self.pixels = file["x"]
            self.classes = file["y"].astype(np.int64)
            self.labels = tuple(map(str, file["classes"]))

    def changed(self, position: int, rng: np.random.Generator) -> Image.Image:
        """Return a cut-out mirrored, turned and scaled at random, and cut to what is opaque."""
        thing = Image.fromarray(self.pixels[position])
        if rng.random() < 0.5:
            thing = thing.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        thing = _tight(thing.rotate(rng.uniform(-_TURN, _TURN), Image.Resampling.BICUBIC, expand=True))
        scale = rng.uniform(_LEAST, _LARGEST) / max(thing.size)
        size = (max(1, round(thing.width * scale)), max(1, round(thing.height * scale)))
        return _tight(thing.resize(size, Image.Resampling.BICUBIC))


def _tight(thing: Image.Image) -> Image.Image:
    """Cut away rows and columns at the sides in which nothing is opaque."""
    around = thing.getchannel("A").point(lambda alpha: 255 if alpha >= _OPAQUE else 0).getbbox()
    return thing.crop(around) if around else thing


def _covered(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return the share of each of `boxes` (boxes, 5) that `box` (1, 5) covers: (boxes,)."""
    low, high = np.maximum(boxes[:, :2], box[:, :2]), np.minimum(boxes[:, 2:4], box[:, 2:4])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    return np.asarray(shared / np.maximum(np.minimum(areas(boxes), areas(box)), 1e-9))
