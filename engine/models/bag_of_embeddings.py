"""Bag of embeddings: a text is the mean of its words' vectors."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from engine.language.vocabulary import Splitting
from engine.models.base import models
from engine.models.text import TextModel
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("bag-of-embeddings", "Bag of embeddings")
class BagOfEmbeddings(TextModel):
    """Averages the vectors of words and groups of words, and decides by the mean: fast, and hard to beat on short texts."""

    source: ClassVar[str] = "Joulin et al. 2016, https://arxiv.org/abs/1607.01759"
    suggested: ClassVar[dict[str, Any]] = {"vocabulary_size": 20_000, "embedding_size": 64}
    searched: ClassVar[tuple[str, ...]] = (*TextModel.searched, "ngrams")
    compared: ClassVar[tuple[str, ...]] = ("text",)

    ngrams: Literal[1, 2, 3] = 2
    """Longest group of words with a vector of its own: with 2, "not good" is more than "not" and "good"."""
    units: Annotated[int, Range(0, 512)] = 0
    """Width of a dense layer after the mean. 0: no such layer, the mean decides directly."""
    word_dropout: Annotated[float, Range(0.0, 0.7, step=0.05), ADVANCED, FORKABLE] = 0.0
    """Fraction of words left out, in training only."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.3
    """Fraction of the mean vector zeroed, in training only."""

    def widths(self, splitting: Splitting) -> tuple[int, ...]:
        """Return one word, and up to `ngrams` in a row."""
        return super().widths(splitting) if splitting == "pieces" else tuple(range(1, self.ngrams + 1))

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, longest) -> (batch, width) or (batch, units)."""
        from keras import layers

        x = self.embed(x)
        x = layers.Dropout(self.word_dropout, noise_shape=(None, None, 1), name="word_dropout")(x)
        x = layers.GlobalAveragePooling1D(name="mean")(x)
        x = layers.Dropout(self.dropout, name="mean_dropout")(x)
        if self.units:
            x = layers.Dense(self.units, activation="relu", name="hidden")(x)
            x = layers.Dropout(self.dropout, name="hidden_dropout")(x)
        return x
