"""Conformer: attention for what lies far apart, convolution for what lies close, in turns."""

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import models
from engine.models.speech import Heard, SpeechModel, columns_to_steps, ends
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("ctc-conformer", "Conformer (CTC)")
class CtcConformer(SpeechModel):
    """Blocks in which all steps attend to each other and neighbours are convolved: accurate with much data, slower to learn.

    Small and without codes of position: the convolutions tell neighbours apart.
    """

    source: ClassVar[str] = "Gulati et al. 2020, https://arxiv.org/abs/2005.08100"
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw", "learning_rate": 0.001, "schedule": "cosine", "batch_size": 32, "epochs": 20, "patience": 6,
        "hide_time": 0.05, "hide_pitch": 0.15, "clip_norm": 1.0,
    }  # fmt: skip

    filters: Annotated[int, Range(8, 256, log=True)] = 64
    """Filters of the convolutions before the first block."""
    width: Annotated[int, Range(8, 256, log=True)] = 96
    """Length of the vector of a step; rounded up to a multiple of the heads."""
    depth: Annotated[int, Range(1, 12)] = 3
    """Number of blocks."""
    heads: Annotated[int, Range(1, 8)] = 4
    r"""Attention heads: each compares steps in its own way, $\mathrm{softmax}(Q K^\top / \sqrt d)\,V$."""
    kernel: Annotated[int, Range(3, 31), ADVANCED] = 15
    """Steps that the convolution of a block sees at once; an even number counts as the next odd one."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the outputs of each part zeroed, in training only."""

    def listen(self, x: "keras.KerasTensor") -> Heard:
        """(batch, columns, bands) -> (batch, steps, width)."""
        from keras import layers

        width = math.ceil(self.width / self.heads) * self.heads
        x, inside = columns_to_steps(x, ends(x), self.filters, 5)
        x = layers.Dense(width, name="embed")(x)
        for number in range(1, self.depth + 1):
            x = self._block(x, inside, width, f"conformer{number}")
        return Heard(x, inside)

    def _block(self, x: Any, inside: Any, width: int, name: str) -> Any:
        from keras import layers

        x = x + 0.5 * self._dense(x, width, f"{name}_first")
        y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_attention_norm")(x)
        attention = layers.MultiHeadAttention(self.heads, width // self.heads, name=f"{name}_attention")
        y = attention(y, y, attention_mask=inside[:, None, :])
        x = x + layers.Dropout(self.dropout, name=f"{name}_attention_dropout")(y)
        x = x + self._convolution(x, inside, width, f"{name}_convolution")
        x = x + 0.5 * self._dense(x, width, f"{name}_second")
        return layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm")(x)

    def _dense(self, x: Any, width: int, name: str) -> Any:
        from keras import layers

        x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm")(x)
        x = layers.Dense(4 * width, activation="silu", name=f"{name}_expand")(x)
        x = layers.Dense(width, name=f"{name}_project")(x)
        return layers.Dropout(self.dropout, name=f"{name}_dropout")(x)

    def _convolution(self, x: Any, inside: Any, width: int, name: str) -> Any:
        """Normalised by step, not by batch as in the paper: small batches then do not matter."""
        from keras import layers, ops

        x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm")(x)
        gate = layers.Dense(width, activation="sigmoid", name=f"{name}_gate")(x)
        x = layers.Dense(width, name=f"{name}_expand")(x) * gate
        x = x * ops.cast(inside, "float32")[:, :, None]  # nothing from behind the end
        x = layers.ZeroPadding1D(self.kernel // 2, name=f"{name}_fill")(x)
        x = layers.DepthwiseConv1D(self.kernel // 2 * 2 + 1, name=f"{name}_depthwise")(x)
        x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_inner_norm")(x)
        x = layers.Activation("silu", name=f"{name}_activation")(x)
        x = layers.Dense(width, name=f"{name}_project")(x)
        return layers.Dropout(self.dropout, name=f"{name}_dropout")(x)
