"""Transformer for series: short stretches of time that look at each other."""

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from engine.models.attention import related_patches
from engine.models.base import Model, models
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("patch-transformer", "Patch transformer for series")
class PatchTransformer(Model):
    """Cuts the window into patches and relates them by attention: it needs longer series than simple models do."""

    modalities: ClassVar[tuple[str, ...]] = ("time-series",)
    source: ClassVar[str] = "Nie et al. 2022, https://arxiv.org/abs/2211.14730"

    steps_per_patch: Annotated[int, Range(1, 48, log=True)] = 6
    """Steps of time in one patch; zeros are added before the first where they do not divide evenly."""
    embedding: Annotated[int, Range(16, 256, log=True)] = 32
    """Length of the vector of a patch; rounded up to a multiple of the heads."""
    depth: Annotated[int, Range(1, 6)] = 2
    """Number of transformer blocks: attention, then a small dense network on each patch."""
    heads: Annotated[int, Range(1, 8)] = 4
    r"""Attention heads: each compares patches in its own way, $\mathrm{softmax}(Q K^\top / \sqrt d)\,V$."""
    mlp_ratio: Annotated[float, Range(1.0, 4.0, step=0.5), ADVANCED] = 2.0
    """Hidden units of the dense network in each block, as a multiple of the embedding."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of units zeroed after the embedding and in each block, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, steps, channels) -> (batch, patches * embedding)."""
        from keras import layers

        steps, channels = x.shape[1:]
        size = min(self.steps_per_patch, steps)
        count = math.ceil(steps / size)
        x = layers.ZeroPadding1D((count * size - steps, 0), name="fill")(x)
        x = layers.Reshape((count, size * channels), name="patches")(x)
        x = related_patches(
            x, embedding=self.embedding, heads=self.heads, depth=self.depth, mlp_ratio=self.mlp_ratio,
            dropout=self.dropout, name="embed_patches",
        )  # fmt: skip
        return layers.Flatten(name="flatten")(x)
