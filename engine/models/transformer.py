"""Transformer encoder for texts: every word looks at every other."""

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from engine.models.base import models
from engine.models.text import LONGEST_SIGNS, PADDING, TextModel
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("transformer", "Transformer encoder")
class Transformer(TextModel):
    """Lets every word attend to every other: the basis of today's language models, but needs many examples."""

    source: ClassVar[str] = "Vaswani et al. 2017, https://arxiv.org/abs/1706.03762"
    suggested: ClassVar[dict[str, Any]] = {"batch_size": 32, "embedding_size": 64, "patience": 3}

    depth: Annotated[int, Range(1, 8)] = 1
    """Number of blocks: attention, then a small dense network for each word."""
    heads: Annotated[int, Range(1, 8)] = 2
    r"""Attention heads: each compares words in its own way, $\mathrm{softmax}(Q K^\top / \sqrt d)\,V$."""
    mlp_ratio: Annotated[float, Range(1.0, 4.0, step=0.5), ADVANCED] = 2.0
    """Hidden units of the dense network in each block, as a multiple of the embedding."""
    positions: Annotated[Literal["sinusoidal", "learned"], ADVANCED] = "sinusoidal"
    r"""Position encoding: sinusoids, $\sin(p / 10000^{2i/d})$ and their cosines, or a learned vector for each position."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of units zeroed after the embedding, in each block and at the end, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, longest) -> (batch, size)."""
        from keras import layers, ops

        present = ops.not_equal(x, PADDING)
        seen = ops.expand_dims(present, 1)  # (batch, 1, longest): padding gets no attention
        x = self._place(self.embed(x), ops.cumsum(ops.cast(present, "int32"), axis=1))
        x = layers.Dropout(self.dropout, name="embed_dropout")(x)
        for block in range(self.depth):
            x = self._block(x, seen, f"block{block + 1}")
        x = layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
        x = layers.GlobalAveragePooling1D(name="pool")(x, mask=present)
        return layers.Dropout(self.dropout, name="pool_dropout")(x)

    def _place(self, x: Any, positions: Any) -> Any:
        """Add an encoding of their `positions` (batch, longest), counted from 1, to words (batch, longest, size)."""
        from keras import layers, ops

        size = x.shape[-1]
        if self.positions == "learned":
            places = self.longest("pieces") + LONGEST_SIGNS + 1
            return x + layers.Embedding(places, size, name="embed_position")(positions)
        waves = np.exp(-math.log(10_000) * np.arange(0, size, 2, dtype=np.float32) / size)
        angles = ops.expand_dims(ops.cast(positions, "float32"), -1) * waves
        both = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)[:, :, :size]
        # Keras' default vectors start smaller than the waves: scaled up as in the paper
        return x * math.sqrt(size) + both

    def _block(self, x: Any, seen: Any, name: str) -> Any:
        """(batch, longest, size) -> the same: attention over all words, then a dense network for each."""
        from keras import layers

        size = x.shape[-1]
        y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_attention_norm")(x)
        attend = layers.MultiHeadAttention(self.heads, math.ceil(size / self.heads), name=f"{name}_attention")
        y = layers.Dropout(self.dropout, name=f"{name}_attention_dropout")(attend(y, y, attention_mask=seen))
        x = layers.Add(name=f"{name}_attention_add")([x, y])
        y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_mlp_norm")(x)
        y = layers.Dense(round(size * self.mlp_ratio), activation="gelu", name=f"{name}_mlp_expand")(y)
        y = layers.Dense(size, name=f"{name}_mlp_project")(y)
        y = layers.Dropout(self.dropout, name=f"{name}_mlp_dropout")(y)
        return layers.Add(name=f"{name}_mlp_add")([x, y])
