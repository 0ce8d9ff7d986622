"""Transformer for spectrograms: short stretches of sound that look at each other."""

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.attention import related_patches
from engine.models.audio import AudioModel, over_time
from engine.models.base import models
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("audio-transformer", "Transformer for audio")
class AudioTransformer(AudioModel):
    """Cuts the spectrogram into short patches of time and relates them by attention: flexible, but needs many examples."""

    source: ClassVar[str] = "Berg et al. 2021, https://arxiv.org/abs/2104.00769"
    suggested: ClassVar[dict[str, Any]] = {"epochs": 60, "patience": 15}

    frames_per_patch: Annotated[int, Range(1, 8)] = 2
    """Columns of the spectrogram in one patch. Fewer: finer, and slower."""
    embedding: Annotated[int, Range(16, 256, log=True)] = 64
    """Length of the vector of a patch; rounded up to a multiple of the heads."""
    depth: Annotated[int, Range(1, 12)] = 2
    """Number of transformer blocks: attention, then a small dense network on each patch."""
    heads: Annotated[int, Range(1, 8)] = 4
    r"""Attention heads: each compares patches in its own way, $\mathrm{softmax}(Q K^\top / \sqrt d)\,V$."""
    mlp_ratio: Annotated[float, Range(1.0, 4.0, step=0.5), ADVANCED] = 2.0
    """Hidden units of the dense network in each block, as a multiple of the embedding."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of units zeroed after the embedding and in each block, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, frames, bands) -> (batch, 2 embedding)."""
        from keras import layers

        frames, bands = x.shape[1:]
        stretches = math.ceil(frames / self.frames_per_patch)
        x = layers.ZeroPadding1D((0, stretches * self.frames_per_patch - frames), name="fill")(x)
        x = layers.Reshape((stretches, self.frames_per_patch * bands), name="stretches")(x)
        x = related_patches(
            x, embedding=self.embedding, heads=self.heads, depth=self.depth, mlp_ratio=self.mlp_ratio,
            dropout=self.dropout, name="embed_stretches",
        )  # fmt: skip
        return over_time(x)
