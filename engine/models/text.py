"""The shared parts of text networks: from strings to indices of words, characters or pieces, and to vectors."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.language.vocabulary import SIGN_WIDTHS, Splitting, capitals, most_frequent, signs, split_for, units
from engine.modalities.seen import Seen
from engine.models import glove
from engine.models.base import Model
from engine.spec import ADVANCED, Range

if TYPE_CHECKING:
    import keras

PADDING, UNKNOWN = 0, 1
"""Indices that stand for no word: padding after a shorter text, and anything outside the vocabulary."""
FIRST_WORD = 2
MOST_SIGNS, LONGEST_SIGNS = 300, 32
"""Number of different signs known, and number read from one text."""
_PIECES = (1, 2, 3)
_FAR = 1 << 24  # beyond the end of any text


class TextModel(Model):
    """Texts as rows of indices, and a vector for each index.

    `preprocess` gives (batch, longest) int32, padded with zeros at the end. Capital letters count as small ones in every
    script. A text of which nothing is left counts as one unknown word, so that no row is all padding.
    """

    modalities: ClassVar[tuple[str, ...]] = ("text",)
    searched: ClassVar[tuple[str, ...]] = ("splitting", "signs")

    vocabulary_size: Annotated[int, Range(1_000, 50_000, log=True)] = 10_000
    """Number of different words known, the most frequent in the training texts. All others count as one unknown word."""
    sequence_length: Annotated[int, Range(8, 2_000, log=True)] = 500
    """Number of words read from a text; the rest is cut off. Time grows with it only for texts that long."""
    splitting: Annotated[Literal["auto", "words", "characters", "pieces"], ADVANCED] = "auto"
    """Units of a text: words separated by spaces, characters, or pieces of one to three characters. Auto takes characters
    for scripts without spaces, such as Chinese, and words for all others."""
    signs: Annotated[bool, ADVANCED] = False
    """Also read punctuation, smileys and emoji: they follow the words, and up to three in a row count as one. Only with words."""
    embedding: Annotated[Literal["learned", "glove"], ADVANCED] = "learned"
    """Initial word vectors: random, or GloVe's, learned from six billion words of English. Both are trained further.
    GloVe's have 50 numbers, whatever the embedding size."""
    embedding_size: Annotated[int, Range(8, 512, log=True)] = 128
    """Length of the vector of a word."""

    def widths(self, splitting: Splitting) -> tuple[int, ...]:
        """Return how many words or characters in a row count as one unit."""
        return _PIECES if splitting == "pieces" else (1,)

    def learn(self, inputs: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Return how the training split's texts (examples,) are cut, and the most frequent units."""
        splitting = split_for(inputs) if self.splitting == "auto" else self.splitting
        widths = self.widths(splitting)
        found = most_frequent(inputs, signs, MOST_SIGNS) if self.signs and splitting == "words" else []
        words = self.vocabulary_size - FIRST_WORD - len(found)
        vocabulary = most_frequent(inputs, lambda text: units(text, splitting, widths), words)
        return {"splitting": splitting, "vocabulary": vocabulary, "signs": found}

    def preprocess(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Strings (batch,) -> (batch, longest) int32."""
        from keras import ops

        splitting: Splitting = info.learned.get("splitting", "words")
        widths = self.widths(splitting)
        known = info.learned.get("vocabulary") or ["the"]
        found = index_units(x, splitting, widths, known, name="vectorize")
        found = found[:, : self.longest(splitting)]
        if info.learned.get("signs"):
            first = FIRST_WORD + len(info.learned["vocabulary"])
            found = packed(ops.concatenate([found, _signs(x, info.learned["signs"], first)], axis=1))
        found = ops.pad(found, ((0, 0), (0, 1)))  # there is a first one now, even if all texts are empty
        return ops.concatenate([ops.maximum(found[:, :1], UNKNOWN), found[:, 1:]], axis=1)

    def longest(self, splitting: Splitting) -> int:
        """Return the largest number of indices for the words of a text."""
        return self.sequence_length * len(self.widths(splitting))

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Seen]:
        """Indices (examples, longest) -> the words or characters that they stand for, then the signs."""
        known = ["", "", *info.learned["vocabulary"], *info.learned["signs"]]
        return [Seen(words=tuple(known[index] for index in row if index != PADDING)) for row in features.tolist()]

    def freezes(self, info: DataInfo) -> bool:
        """Return True: indices of words are looked up once for each text."""
        return True

    def lengths(self, features: np.ndarray) -> np.ndarray:
        """Return how many indices of each row (examples, longest) are not padding."""
        return np.asarray(np.count_nonzero(features, axis=1))

    def raw_lengths(self, inputs: np.ndarray) -> np.ndarray:
        """Return how many indices the strings (examples,) become, without signs."""
        splitting = split_for(inputs) if self.splitting == "auto" else self.splitting
        counts = [sum(1 for _ in units(text, splitting, self.widths(splitting))) for text in inputs]
        return np.clip(counts, 1, self.longest(splitting))

    def embed(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, longest) indices -> (batch, longest, size), with Keras' mask of everything but padding."""
        from keras import layers

        size = glove.SIZE if self.embedding == "glove" else self.embedding_size
        return layers.Embedding(self.vocabulary_size, size, mask_zero=True, name="embed")(x)

    def warm_start(self, network: "keras.Model", info: DataInfo) -> None:
        """Set GloVe's vectors for the words that it contains, where they are wanted."""
        if self.embedding != "glove":
            return
        known, vectors = glove.glove()
        layer = network.get_layer("embed")
        start = np.array(layer.embeddings)
        for number, word in enumerate(info.learned["vocabulary"], FIRST_WORD):
            if word in known:
                start[number] = vectors[known[word]]
        layer.embeddings.assign(start)


def index_units(x: Any, splitting: Splitting, widths: tuple[int, ...], known: list[str], name: str) -> Any:
    """Strings (batch,) -> (batch, longest) int32: for each of their units its place in `known`, counted from `FIRST_WORD`."""
    from keras import layers, ops

    vocabulary, numbers = with_capitals(known, splitting)
    vectorize = layers.TextVectorization(
        standardize="lower_and_strip_punctuation" if splitting == "words" else "lower",
        split="whitespace" if splitting == "words" else "character",
        ngrams=widths if widths != (1,) else None,
        vocabulary=vocabulary,
        name=name,
    )
    found = ops.cast(vectorize(x), "int32")
    if len(numbers) > len(set(numbers)):
        found = ops.take(np.array(numbers, np.int32), found, axis=0)
    return found


def with_capitals(vocabulary: list[str], splitting: Splitting) -> tuple[list[str], list[int]]:
    """Return `vocabulary` with the capitalised spellings that Keras does not lower, and the index that each index stands for.

    Keras lowers A to Z only, and a saved network may hold only Keras' own layers: so "École" and "ÉCOLE" are listed, and
    their indices stand for that of "école". The first two stand for padding and unknown.
    """
    known, spellings = set(vocabulary), dict[str, int]()
    for number, word in enumerate(vocabulary, FIRST_WORD):
        if not word.isascii():
            for spelling in sorted(capitals(word, splitting) - known):
                spellings.setdefault(spelling, number)
    numbers = [*range(FIRST_WORD + len(vocabulary)), *spellings.values()]
    return [*vocabulary, *spellings], numbers


def _signs(x: Any, known: list[str], first: int) -> Any:
    """Strings (batch,) -> indices (batch, LONGEST_SIGNS or fewer) of the known signs, counted from `first`."""
    from keras import layers, ops

    vectorize = layers.TextVectorization(
        standardize="lower", split="character", ngrams=SIGN_WIDTHS, vocabulary=known, name="vectorize_signs"
    )
    found = ops.cast(vectorize(x), "int32")
    return packed(ops.where(found >= FIRST_WORD, found - FIRST_WORD + first, PADDING))[:, :LONGEST_SIGNS]


def packed(x: Any) -> Any:
    """Move padding to the end of each row (batch, longest)."""
    from keras import ops

    position = ops.cumsum(ops.ones_like(x), axis=1)
    order = ops.argsort(ops.where(ops.equal(x, PADDING), position + _FAR, position), axis=1)
    return ops.take_along_axis(x, order, axis=1)
