"""Convolutional network for texts: filters that look for groups of words, wherever they stand."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from engine.models.base import models
from engine.models.text import PADDING, TextModel
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("textcnn", "Convolutional network (TextCNN)")
class TextCnn(TextModel):
    """Looks for informative groups of two to five words anywhere in the text, and keeps how well each one matches."""

    source: ClassVar[str] = "Kim 2014, https://arxiv.org/abs/1408.5882"
    suggested: ClassVar[dict[str, Any]] = {"batch_size": 32, "patience": 3}
    compared: ClassVar[tuple[str, ...]] = ("text",)

    filters: Annotated[int, Range(8, 256, log=True)] = 64
    """Number of patterns of each length to look for."""
    kernel_sizes: Annotated[Literal["2,3,4", "3,4,5", "2,3,4,5"], ADVANCED] = "2,3,4"
    """Lengths of the patterns, in words."""
    word_dropout: Annotated[float, Range(0.0, 0.7, step=0.05), ADVANCED, FORKABLE] = 0.0
    """Fraction of words left out, in training only."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.5
    """Fraction of the pooled features zeroed, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, longest) -> (batch, filters * lengths)."""
        from keras import layers, ops

        # padding counts as zero, before and after the filters: the longest text of a batch changes no other's result
        present = ops.expand_dims(ops.cast(ops.not_equal(x, PADDING), "float32"), -1)
        x = layers.Dropout(self.word_dropout, noise_shape=(None, None, 1), name="word_dropout")(self.embed(x))
        x = x * present
        found = []
        for size in map(int, self.kernel_sizes.split(",")):
            y = layers.Conv1D(self.filters, size, padding="same", activation="relu", name=f"conv_{size}")(x)
            found.append(layers.GlobalMaxPooling1D(name=f"max_{size}")(y * present))
        x = layers.Concatenate(name="found")(found)
        return layers.Dropout(self.dropout, name="found_dropout")(x)
