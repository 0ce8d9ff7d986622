"""Modality: one object with everything that is particular to a kind of input.

Code that handles inputs uses `modalities[name]`; nothing else compares names or guesses from shapes and types.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.given import Decoded, bytes_of, stacked_numbers, written_numbers
from engine.modalities.occlusions import Occlusions
from engine.modalities.own import OwnKind
from engine.modalities.plane import Plane
from engine.modalities.schema import Schema, either, file, numbers
from engine.readers.unpack import Member
from engine.registry import Objects
from engine.sentences import Sentence
from engine.settings import settings

if TYPE_CHECKING:
    from PIL.Image import Image

    from engine.modalities.recipe import Recipe
    from engine.modalities.seen import Seen

FACE_PIXELS, FACE_CHARACTERS, FACE_NUMBERS, FACE_CELLS = 208, 300, 12, 8
"""Most of an input that its face shows: pixels of a side, characters, numbers, cells of a row."""
_ARRAY = "inputs.npy"


class Inputs(Protocol):
    """A read-only sequence of inputs: an array, or what takes its place."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __getitem__(self, where: np.ndarray) -> np.ndarray:
        """Positions (examples,) -> inputs (examples, ...)."""

    @property
    def nbytes(self) -> int:
        """Return the bytes of all inputs."""


@dataclass(frozen=True)
class Face:
    """How people recognise one input: a picture, or words where there is none."""

    picture: "Image | None" = None
    text: str = ""


@dataclass(frozen=True)
class Stored:
    """Stored form of all inputs of a dataset."""

    files: dict[str, np.ndarray]
    """By file name."""
    shape: tuple[int, ...]
    """Of one input."""
    kind: str
    """Storage format: the type of the array's numbers, or a word."""
    texts: dict[str, str] = field(default_factory=dict)
    """Text files beside them, by name."""


class Modality:
    """One kind of input. The defaults do for numbers in arrays of one shape; a modality says what differs."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""

    group: ClassVar[str] = ""
    """Name of the modality under which people find its tasks; "" for its own."""
    ragged: ClassVar[bool] = False
    """Whether examples differ in length."""
    checks: ClassVar[tuple[str, ...]] = ("duplicates", "mislabels")
    """Health checks that make sense: see `engine.inspection.checks`."""
    by_time: ClassVar[bool] = False
    """Whether the splits are always periods, one after the other."""
    occludes: ClassVar[bool] = False
    """Whether `occlude` can hide parts of an input."""
    own: ClassVar[OwnKind | None] = None
    """Kind of import for people's own data; None: not offered."""
    more_own: ClassVar[tuple[OwnKind, ...]] = ()
    """Further kinds, whose examples have something else beside them than a label."""

    # -- stored --------------------------------------------------------------------------------------------------------

    def store(self, inputs: np.ndarray) -> Stored:
        """All inputs (examples, ...) of a dataset as they are written to disk. No pickle."""
        if inputs.dtype.hasobject:
            raise TrainyardError(
                "The inputs are of type {dtype}, but {modality!r} takes arrays of numbers. Check "
                "that the task fits the data.",
                dtype=inputs.dtype,
                modality=self.name,
            )
        array = np.ascontiguousarray(inputs)
        return Stored({_ARRAY: array}, array.shape[1:], str(array.dtype))

    def open(self, folder: Path) -> Inputs:
        """Memory-map what `store` wrote into `folder`."""
        found: np.ndarray = np.load(folder / _ARRAY, mmap_mode="r")
        return found

    # -- given by people -----------------------------------------------------------------------------------------------

    def expected(self, info: DataInfo) -> str:
        """Describe one input in words."""
        return Sentence("{shape} numbers", shape=" × ".join(map(str, info.shape)))

    def decode(self, data: bytes, name: str, info: DataInfo) -> Decoded:
        """All inputs of one file, of which one may hold several. Raises `TrainyardError` with a sentence about it."""
        return Decoded((name,), self.decode_one(data, name, info)[None])

    def quick(self, data: bytes) -> bool:
        """Whether this small file is certain to be decoded within milliseconds. If so, it needs no thread of its own."""
        return False

    def decode_one(self, data: bytes, name: str, info: DataInfo) -> np.ndarray:
        """The one input of a file. Here: numbers as JSON, or between commas and white space."""
        found = written_numbers(data, info.shape)
        if found is None:
            raise TrainyardError(
                "{name!r} cannot be used. Expected: {what}.", name=name[-80:], what=self.expected(info)
            )
        return found

    def unfold(self, member: Member, columns: Sequence[str]) -> list[Member]:
        """The single inputs of an uploaded file, each with a name and a function that reads it.

        `columns`: those of a table that the network takes; for texts the one that holds them. What decodes is done in the
        predictor, where `unfolds` says that there is something to decode.
        """
        return [member]

    def unfolds(self, name: str) -> bool:
        """Whether `unfold` looks into a file of this name. Here: wherever a modality has its own."""
        return type(self).unfold is not Modality.unfold

    def opened(self, data: bytes, name: str, pixels: int) -> np.ndarray | dict[str, list[Any]] | None:
        """Return what is seen or heard of a file, whatever the network; None where there is nothing to decode.

        Pixels (height, width, 1 or 3) uint8 that fit into a square of `pixels`, samples (samples,) int16, or the cells of a
        table by column. Raises `TrainyardError`.
        """
        return None

    def parse(self, instances: list[Any], info: DataInfo) -> np.ndarray:
        """Entries of a JSON list -> (examples, ...). Raises `TrainyardError` about the first that is wrong."""
        if not any(isinstance(instance, dict) for instance in instances):
            try:
                return self.parse_arrays(instances, info)
            except TrainyardError:
                if len(instances) == 1:
                    raise
        parts = []
        for position, instance in enumerate(instances):  # mixed, or one of them is wrong: which, and why?
            where = f"instances[{position}]"
            if isinstance(instance, dict):
                parts.append(self.decode(bytes_of(instance, where), where, info).single(where))
            else:
                parts.append(self.parse_arrays([instance], info, where))
        return np.concatenate(parts)

    def parse_arrays(self, instances: list[Any], info: DataInfo, where: str = "instances[0]") -> np.ndarray:
        """Nested lists of numbers -> (examples, ...)."""
        found = stacked_numbers(instances, info.shape)
        if found is None:
            raise TrainyardError(
                '{where} cannot be used. Expected, as nested lists or as a file in {{"b64": "..."}}: {what}.',
                where=where,
                what=self.expected(info),
            )
        return found

    def schema(self, info: DataInfo | None = None) -> Schema:
        """Return the JSON Schema of one entry: that of a network's data, or without `info` of any of this modality."""
        words = self.expected(info) if info else f"Numbers of the modality {self.name!r} as nested lists."
        array = numbers(info.shape, {"type": "number"}, words) if info else {"type": "array", "description": words}
        return either(array, file("The same as a file."))

    def batch(self, info: DataInfo) -> str:
        """Describe a batch in words: axes, or fields."""
        return f"(examples, {str(info.shape)[1:]}"

    def fits(self, batch: np.ndarray, info: DataInfo) -> bool:
        """Whether an array could be a batch of inputs of the dataset."""
        return batch.dtype.names is None and batch.shape[1:] == info.shape

    @property
    def largest_mb(self) -> int:
        """Return the largest allowed file size in MB."""
        return settings().max_image_mb

    # -- in a network --------------------------------------------------------------------------------------------------

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Return the saved model's inputs and, computed from them, those that networks are trained on: often the same.

        Each is a symbolic tensor of Keras, or a dict of them if an input has several fields.
        """
        import keras

        inputs = keras.Input(info.shape, name="inputs")
        return inputs, inputs

    def signature(self, info: DataInfo, dtype: str) -> Any:
        """Return the signature a saved model is traced for: batches of any length. `dtype`: that of its first input."""
        import tensorflow as tf

        return tf.TensorSpec([None, *info.shape], dtype)

    def learns(self) -> bool:
        """Whether `learn` looks at the inputs."""
        return False

    def learn(self, inputs: np.ndarray) -> dict[str, Any]:
        """Learn what `preprocess` needs from the training split's inputs (examples, ...), as plain JSON."""
        return {}

    def learned_by(self) -> list[Any]:
        """Limits that `learn` obeys: when they change, it learns again."""
        return []

    def preprocess(self, x: Any, info: DataInfo) -> Any:
        """Map inputs (batch, ...) to what models take that do not say otherwise. Part of the saved model, not trained."""
        return x

    def freezes(self) -> bool:
        """Whether what `preprocess` gives is worth computing only once for each example."""
        return False

    # -- looked at -----------------------------------------------------------------------------------------------------

    def keys(self, inputs: Inputs) -> Iterable[bytes]:
        """Return a key for each example that equal inputs share."""
        return (hashlib.sha256(one.tobytes()).digest() for one in inputs)

    def near_copies(self, inputs: Inputs, where: np.ndarray) -> list[list[int]]:
        """Groups of examples among those at `where` that look nearly alike, as indices into `where`."""
        return []

    def measures(self, inputs: Inputs, where: np.ndarray, info: DataInfo) -> dict[str, np.ndarray]:
        """Return the lengths or sizes of the examples at `where`: numbers by the name of the measure."""
        return {}

    def columns(self, inputs: np.ndarray, info: DataInfo) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """Return the columns to check: name, (examples,) numbers or codes, (examples,) whether one is missing."""
        return []

    def face(self, one: Any, info: DataInfo) -> Face:
        """Return how one input (...) is recognised among others. Here: its first numbers."""
        numbers = np.asarray(one).ravel()
        more = " …" if len(numbers) > FACE_NUMBERS else ""
        return Face(text=" ".join(f"{number:.4g}" for number in numbers[:FACE_NUMBERS].tolist()) + more)

    def pictures(self, inputs: np.ndarray) -> list[bytes]:
        """Raw inputs (examples, ...) as PNGs, for the preview of augmentation."""
        raise TrainyardError("Inputs of modality {modality!r} cannot be shown as images.", modality=self.name)

    def feature_pictures(self, features: np.ndarray, originals: np.ndarray) -> list[bytes]:
        """Features (examples, ...) as PNGs, on the scale of those of the unchanged examples."""
        raise TrainyardError("Inputs of modality {modality!r} cannot be shown as images.", modality=self.name)

    def plane(self, inputs: np.ndarray, info: DataInfo) -> Plane | None:
        """Return a plane through inputs of the training split (examples, ...), None where no map of them makes sense."""
        return None

    def numbers(self, inputs: np.ndarray) -> np.ndarray:
        """Inputs (examples, ...) -> the numbers (examples, numbers) that `plane` goes through."""
        return np.empty((len(inputs), 0))

    def from_numbers(self, numbers: np.ndarray, like: np.ndarray) -> np.ndarray:
        """The inverse of `numbers`; what else an input has is what is usual among the inputs `like` (examples, ...)."""
        raise TrainyardError("Inputs of modality {modality!r} are not numbers alone.", modality=self.name)

    def seen(self, features: np.ndarray, info: DataInfo) -> "list[Seen]":
        """Return what `preprocess` made of examples (examples, ...), for people; nothing where nobody could read it."""
        return []

    # -- explained -----------------------------------------------------------------------------------------------------

    def typical(self, inputs: Inputs, where: np.ndarray) -> Any:
        """Return what `occlude` puts in place of a hidden part, by the examples at `where`, as plain JSON; None: nothing."""
        return None

    def occlude(self, one: np.ndarray, most: int, info: DataInfo, typical: Any) -> Occlusions:
        """Return an input (1, ...) again and again, each time with another part hidden: at most so many."""
        raise TrainyardError("No parts of inputs of modality {modality!r} can be hidden.", modality=self.name)

    # -- classical methods ---------------------------------------------------------------------------------------------

    def baseline(self, sample: np.ndarray, num_classes: int) -> "Recipe":
        """Return the baseline to beat: all that is tried. `sample` (1, ...) is one input; no classes: a regression."""
        from engine.modalities.recipe import flat_recipe

        return flat_recipe(num_classes)

    def doubter(self, sample: np.ndarray, num_classes: int) -> "Recipe":
        """The simple classifier that looks for wrong labels: the first estimator of the first family counts."""
        return self.baseline(sample, num_classes)

    def advise(self, facts: Facts) -> Advice | None:
        """Return what to start with on imported data; None where nothing was measured."""
        return None

    # -- in a script ---------------------------------------------------------------------------------------------------

    def arrays(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Inputs (examples, ...) as plain arrays for an npz file, by the end of their names."""
        return {"inputs": np.ascontiguousarray(inputs)}

    def script(self, info: DataInfo) -> "ScriptInputs":
        """Return how a script reads these arrays."""
        return ScriptInputs('data["{split}_inputs"]')


@dataclass(frozen=True)
class ScriptInputs:
    """The code that reads the inputs of one split."""

    expression: str
    """Stands for the inputs of `{split}`."""
    strings: bool = False
    """Whether texts are among them."""
    lines: Sequence[str] = ()
    """A function that the expression calls."""


modalities: Objects[Modality] = Objects(
    "modality",
    package="engine.modalities",
    order=(
        "image",
        "scene",
        "image-pair",
        "text",
        "audio",
        "speech",
        "table",
        "time-series",
        "choices",
        "voiced-text",
        "named-class",
    ),
    nested=False,
)
"""One object each. The files beside a class belong to it alone and are imported when they are needed."""
