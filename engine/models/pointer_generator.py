"""A Transformer that may copy: it writes a token of its own, or points at one that it read."""

from typing import Any, ClassVar

from engine.language.rewriter import Mix, Step
from engine.models.base import models
from engine.models.transformer_seq2seq import TransformerSeq2Seq

_LEAST = 1e-9


@models.register("pointer-generator", "Pointer-generator Transformer (text to text)")
class PointerGenerator(TransformerSeq2Seq):
    """Decides for each token whether to write it from its own vocabulary or to copy it from where it looks: names survive."""

    source: ClassVar[str] = (
        "See, Liu and Manning 2017, Get to the point: summarization with pointer-generator networks, https://arxiv.org/abs/1704.04368"
    )
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw", "learning_rate": 0.002, "schedule": "cosine", "batch_size": 32,
    }  # fmt: skip
    copies: ClassVar[bool] = True

    def mix(self, size: int) -> Mix:
        """Both ways together, weighed by a gate."""
        from keras import layers, ops

        gate = layers.Dense(1, activation="sigmoid", name="writes")

        def mixed(scores: Any, step: Step, ids: Any) -> Any:
            own = gate(step.hidden)
            copied = ops.matmul(step.attention, ops.one_hot(ids, size))
            return ops.log(own * ops.softmax(scores, axis=-1) + (1 - own) * copied + _LEAST)

        return mixed
