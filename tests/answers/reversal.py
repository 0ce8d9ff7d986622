"""Write a short text backwards, letter by letter: ragged targets, teacher forcing, a decoding loop that streams."""

import time
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import ConfigDict

from engine.data_info import DataInfo
from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.metrics import Metric
from engine.models.base import Model, models
from engine.spec import ADVANCED, Range
from engine.targets import Ragged, RaggedArrays, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Task, tasks
from engine.tasks.contents import Contents
from engine.tasks.graph import STORED, Tensors

LETTERS = "abc"
LONGEST = 3
PADDING, BEGIN, END, FIRST = 0, 1, 2, 3
SIZE = FIRST + len(LETTERS)
EXACT = Metric("exact", "Exactly right", share=True)


class Writing(Answering):
    """Way in which the text is written."""

    most_letters: Annotated[int, Range(1, 10)] = LONGEST
    """Stop after so many letters."""
    pause: Annotated[float, Range(0.0, 2.0, step=0.1), ADVANCED] = 0.0
    """Seconds of rest before each letter, as if the network were large."""


class Text(Contents):
    """The text."""

    model_config = ConfigDict(extra="forbid")

    text: str
    """As far as it goes."""


@tasks.register("reversal", "Writing backwards")
class Reversal(Task):
    """Write a text backwards."""

    modality: ClassVar[str] = "text"
    targets: ClassVar[Targets] = RaggedArrays()
    prediction: ClassVar[str] = "written"
    contents: ClassVar[type[Contents]] = Text
    metrics: ClassVar[tuple[Metric, ...]] = (EXACT,)
    answering: ClassVar[type[Answering]] = Writing
    streams: ClassVar[bool] = True
    padding: ClassVar[float] = PADDING

    @classmethod
    def accepts(cls, model: type[Any]) -> bool:
        """Only what writes."""
        return issubclass(model, Writer)

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """Strings and the letters so far (batch, steps) -> scores of the next letter after each (batch, steps, letters)."""
        import keras

        raw = keras.Input((), dtype="string", name=STORED)
        previous = keras.Input((None,), dtype="int32", name="previous")
        frozen = model.preprocess(raw, info)
        scores = model.write(frozen, previous)
        return Tensors(raw, raw, frozen, scores, keras.layers.Softmax(name="letters")(scores), {"previous": previous})

    def batch(self, inputs: Any, targets: Any, info: DataInfo) -> tuple[Any, Any]:
        """Teacher forcing: what was right so far is fed, what comes next is wanted."""
        import tensorflow as tf

        targets = tf.cast(targets, tf.int32)
        previous = tf.pad(targets[:, :-1], [[0, 0], [1, 0]], constant_values=BEGIN)
        return {STORED: inputs, "previous": previous}, targets

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Cross-entropy of the next letter, without padding."""
        import keras

        return {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PADDING)}

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """Greedy: the likeliest letter each time."""
        *_before, last = self.stream(call, inputs, info, options)
        return last

    def stream(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Iterator[Stored]:
        """The texts so far, after each letter."""
        assert isinstance(options, Writing)
        known = np.full((len(inputs), 1), BEGIN, np.int32)
        for _letter in range(options.most_letters + 1):
            time.sleep(options.pause)
            chosen = call(inputs, {"previous": known})[:, -1].argmax(axis=-1).astype(np.int32)
            known = np.concatenate([known, chosen[:, None]], axis=1)
            yield Ragged.of([_until_end(row) for row in known[:, 1 : options.most_letters + 1]], np.int32)
            if (known == END).any(axis=1).all():
                return

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Whether every letter is right."""
        pairs = zip(outputs, targets, strict=True)
        return {"exact": np.array([float(np.array_equal(one, _until_end(other))) for one, other in pairs])}

    def describe(self, target: Any, info: DataInfo) -> str:
        """The text."""
        return letters_of(_until_end(target))

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """The text of each."""
        return [Prediction("written", {"text": letters_of(row)}) for row in outputs]


def _until_end(row: np.ndarray) -> np.ndarray:
    ends = np.flatnonzero(row == END)
    return row[: ends[0]] if len(ends) else row


def letters_of(row: np.ndarray) -> str:
    """Ids (length,) as a text."""
    return "".join(LETTERS[number - FIRST] for number in row.tolist() if FIRST <= number < SIZE)


@models.register("writer", "Recurrent writer")
class Writer(Model):
    """Reads with one recurrent layer and writes with another."""

    units: Annotated[int, Range(8, 128)] = 48
    """Width of both layers."""

    def preprocess(self, x: Any, info: DataInfo) -> Any:
        """Strings (batch,) -> ids (batch, LONGEST)."""
        from keras import layers

        return layers.TextVectorization(
            standardize=None, split="character", vocabulary=list(LETTERS), output_sequence_length=LONGEST, name="ids"
        )(x)

    def freezes(self, info: DataInfo) -> bool:
        """Ids are looked up once."""
        return True

    def write(self, ids: Any, previous: Any) -> Any:
        """Ids (batch, LONGEST) and letters so far (batch, steps) -> (batch, steps, SIZE)."""
        from keras import layers, ops

        read = layers.Flatten(name="flat")(layers.Embedding(SIZE, 8, name="read")(ops.cast(ids, "int32")))
        state = layers.Dense(self.units, activation="tanh", name="state")(read)
        known = layers.Embedding(SIZE, 8, name="known")(previous)
        written = layers.GRU(self.units, return_sequences=True, name="write")(known, initial_state=state)
        return layers.Dense(SIZE, dtype="float32", name="scores")(written)


@datasets.register("mirrored", "Mirrored words")
class Mirrored(UnsplitDataset):
    """Words of three letters of the alphabet's first, and what they are backwards."""

    tasks: ClassVar[tuple[str, ...]] = ("reversal",)
    source: ClassVar[str] = "Made here"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = "It is made up."

    def fingerprint(self) -> str:
        """They never change."""
        return "1"

    def load(self) -> Examples:
        """600 words of one to three letters; equal ones stay in one split."""
        rng = np.random.default_rng(0)
        words = np.array(["".join(rng.choice(list(LETTERS), rng.integers(1, LONGEST + 1))) for _ in range(600)], object)
        targets = [np.array([*(LETTERS.index(c) + FIRST for c in word[::-1]), END], np.int32) for word in words]
        return Examples(words, targets)
