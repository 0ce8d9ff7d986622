"""Vision transformer: an image as a sequence of patches that look at each other."""

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.attention import related_patches
from engine.models.base import Model, models
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("vit", "Vision transformer (ViT)")
class VisionTransformer(Model):
    """Cuts the image into patches and relates them by attention: flexible, but needs many examples."""

    modalities: ClassVar[tuple[str, ...]] = ("image",)
    source: ClassVar[str] = "Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929"
    suggested: ClassVar[dict[str, Any]] = {"epochs": 20, "patience": 5}

    patches_per_side: Annotated[int, Range(2, 16)] = 7
    """Patches along the shorter side. The patch size follows: an image of 28 pixels in 7 patches gives patches
    of 4x4 pixels; if it does not divide evenly, black is added at the edge. Time grows steeply with it."""
    embedding: Annotated[int, Range(16, 256, log=True)] = 64
    """Length of the vector of an image patch; rounded up to a multiple of the heads."""
    depth: Annotated[int, Range(1, 12)] = 2
    """Number of transformer blocks: attention, then a small dense network for each patch."""
    heads: Annotated[int, Range(1, 8)] = 4
    r"""Attention heads: each compares patches in its own way, $\mathrm{softmax}(Q K^\top / \sqrt d)\,V$."""
    mlp_ratio: Annotated[float, Range(1.0, 4.0, step=0.5), ADVANCED] = 2.0
    """Hidden units of the dense network in each block, as a multiple of the embedding."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of units zeroed after the embedding and in each block, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, height, width, channels) -> (batch, embedding)."""
        from keras import layers

        x = patches(x, self.patches_per_side)
        x = related_patches(
            x, embedding=self.embedding, heads=self.heads, depth=self.depth, mlp_ratio=self.mlp_ratio,
            dropout=self.dropout, name="embed_patches",
        )  # fmt: skip
        return layers.GlobalAveragePooling1D(name="pool")(x)


def patches(x: "keras.KerasTensor", per_side: int) -> "keras.KerasTensor":
    """(batch, height, width, channels) -> (batch, patches, size * size * channels), row by row.

    The size of the square patches is chosen so that `per_side` of them cover the shorter side.
    """
    from keras import layers

    height, width, channels = x.shape[1:]
    size = math.ceil(min(height, width) / per_side)
    rows, columns = math.ceil(height / size), math.ceil(width / size)
    bottom, right = rows * size - height, columns * size - width
    if bottom or right:
        x = layers.ZeroPadding2D(((0, bottom), (0, right)), name="pad")(x)
    x = layers.Reshape((rows, size, columns, size * channels), name="cut_rows")(x)
    x = layers.Permute((1, 3, 2, 4), name="cut_columns")(x)
    return layers.Reshape((rows * columns, size * size * channels), name="patches")(x)
