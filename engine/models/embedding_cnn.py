"""A small network that describes pictures by a vector, from scratch: for telling which show the same."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import Model, models
from engine.models.regularisation import batch_norm
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras

_LAYERS = ((3, 2), (4, 2), (6, 1), (8, 2), (8, 1))  # of each convolution: thirds of the filters, and its stride
_SMALLEST = 4


@models.register("embedding-cnn", "Embedding CNN (small, from scratch)")
class EmbeddingCnn(Model):
    """Convolutions that halve the picture step by step, and a vector of what is left. Not pretrained."""

    modalities: ClassVar[tuple[str, ...]] = ("image-pair",)
    source: ClassVar[str] = "Chen et al. 2020 (SimCLR), https://arxiv.org/abs/2002.05709"
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw", "learning_rate": 0.002, "schedule": "cosine", "batch_size": 64, "epochs": 60, "patience": 0,
        "dropout": 0.0,
    }  # fmt: skip
    searched: ClassVar[tuple[str, ...]] = ("filters",)

    filters: Annotated[int, Range(8, 128, log=True)] = 48
    """Filters of the first convolution; the last ones have nearly three times as many."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.0
    """Fraction of the features zeroed before the embedding, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, height, width, channels) -> (batch, units)."""
        from keras import layers

        for number, (thirds, stride) in enumerate(_LAYERS, 1):
            x = self._convolved(x, thirds, stride, number)
        number = len(_LAYERS)
        while min(x.shape[1:3]) > 2 * _SMALLEST - 1:  # large pictures are halved again
            number += 1
            x = self._convolved(x, _LAYERS[-1][0], 2, number)
        x = layers.Flatten(name="flatten")(x)
        return layers.Dropout(self.dropout, name="dropout")(x)

    def _convolved(self, x: "keras.KerasTensor", thirds: int, stride: int, number: int) -> "keras.KerasTensor":
        from keras import layers

        name = f"block{number}"
        filters = max(1, thirds * self.filters // 3)
        x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
        return layers.Activation("relu", name=f"{name}_activation")(batch_norm(f"{name}_bn")(x))
