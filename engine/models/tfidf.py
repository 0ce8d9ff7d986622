"""TF-IDF with one layer of weights: the classical method for texts, as a network."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.language.vocabulary import Splitting, lower, units
from engine.modalities.seen import Seen
from engine.models.base import Model, models
from engine.models.text import FIRST_WORD, PADDING, index_units
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras

_LETTERS = (1, 2, 3)
_LETTERS_PER_WORD = 6  # with the space after it: texts are cut at about the same place for both


@models.register("tf-idf", "TF-IDF with a linear layer")
class TfIdf(Model):
    """Counts words and groups of letters, weighs those more that few texts contain, and decides by a weighted sum."""

    modalities: ClassVar[tuple[str, ...]] = ("text",)
    source: ClassVar[str] = "Spärck Jones 1972, https://doi.org/10.1108/eb026526"
    suggested: ClassVar[dict[str, Any]] = {"learning_rate": 0.01}
    searched: ClassVar[tuple[str, ...]] = ("ngrams",)

    vocabulary_size: Annotated[int, Range(1_000, 50_000, log=True)] = 20_000
    """How many different words and words in a row are known, and how many groups of letters: the most frequent of the training
    texts."""
    sequence_length: Annotated[int, Range(8, 2_000, log=True)] = 300
    """How many words of a text are read, and six times as many letters; what comes after is cut off."""
    ngrams: Literal[1, 2, 3] = 2
    """Up to how many words in a row are counted: with 2, "not good" is more than "not" and "good"."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE, ADVANCED] = 0.0
    """Fraction of the words and groups of letters that are left out, in training only."""

    def learn(self, inputs: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Return the most frequent words and groups of letters of the texts (examples,), and the weight of each."""
        learned: dict[str, Any] = {}
        for splitting, widths in self._cuts().items():
            learned |= _counted(inputs, splitting, widths, self.vocabulary_size)
        return learned

    def preprocess(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Strings (batch,) -> (batch, longest) int32: an index for each word, then for each group of letters."""
        from keras import ops

        found = []
        for number, (splitting, widths) in enumerate(self._cuts().items()):
            known = info.learned.get(splitting) or ["the"]
            indices = index_units(x, splitting, widths, known, name=f"vectorize_{splitting}")
            longest = self.sequence_length * len(widths) * (1 if splitting == "words" else _LETTERS_PER_WORD)
            first = number * self.vocabulary_size
            found.append(ops.where(indices >= FIRST_WORD, indices + first, PADDING)[:, :longest])
        return ops.pad(ops.concatenate(found, axis=1), ((0, 0), (0, 1)))  # not empty, even if all texts are

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Seen]:
        """Indices (examples, longest) -> the words that they stand for; groups of letters, which are many, are left out."""
        known = info.learned["words"]
        places = [[index - FIRST_WORD for index in row if index >= FIRST_WORD] for row in features.tolist()]
        return [Seen(words=tuple(known[place] for place in row if place < len(known))) for row in places]

    def freezes(self, info: DataInfo) -> bool:
        """Return True: indices of words are looked up once for each text."""
        return True

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, longest) indices -> (batch, units): a vector of length 1 for words, and one for groups of letters."""
        from keras import layers, ops

        count = self._count()
        counts = ops.reshape(ops.bincount(x, minlength=count), (-1, count))
        x = ops.log1p(ops.cast(counts, "float32"))
        x = layers.EinsumDense(
            "bu,u->bu", (count,), kernel_initializer="ones", trainable=False, dtype="float32", name="rarity"
        )(x)
        parts = []
        for number, splitting in enumerate(self._cuts()):  # each has a length of its own: letters outnumber words
            first = FIRST_WORD + number * self.vocabulary_size
            part = x[:, first : first + self.vocabulary_size]
            parts.append(layers.UnitNormalization(name=f"unit_length_{splitting}")(part))
        x = layers.Concatenate(name="found")(parts)
        return layers.Dropout(self.dropout, name="units_dropout")(x)

    def warm_start(self, network: "keras.Model", info: DataInfo) -> None:
        """Set how rare each word is; padding and unknown words count nothing."""
        weights = np.zeros(self._count(), np.float32)
        for number, splitting in enumerate(self._cuts()):
            first = FIRST_WORD + number * self.vocabulary_size
            rarity = info.learned[f"rarity_{splitting}"]
            weights[first : first + len(rarity)] = rarity
        network.get_layer("rarity").kernel.assign(weights)

    def _cuts(self) -> dict[Splitting, tuple[int, ...]]:
        """Return how texts are cut, and how many of the parts in a row count as one."""
        return {"words": tuple(range(1, self.ngrams + 1)), "pieces": _LETTERS}

    def _count(self) -> int:
        return FIRST_WORD + self.vocabulary_size * len(self._cuts())


def _counted(texts: Iterable[str], splitting: Splitting, widths: tuple[int, ...], most: int) -> dict[str, Any]:
    """Return the `most` frequent units, and for each the logarithm of how many times more texts there are than contain it."""
    counts, containing, examples = Counter[str](), Counter[str](), 0
    for text in texts:
        found = Counter(units(lower(text), splitting, widths))
        counts.update(found)
        containing.update(found.keys())
        examples += 1
    known = sorted(counts, key=lambda unit: (-counts[unit], unit))[:most]
    rarity = [round(float(np.log((1 + examples) / (1 + containing[unit]))) + 1, 6) for unit in known]
    return {splitting: known, f"rarity_{splitting}": rarity}
