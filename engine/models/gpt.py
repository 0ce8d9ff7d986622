"""GPT: a Transformer that attends to earlier tokens only."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.language.reader import Read, Reader
from engine.models.base import models
from engine.models.language import LanguageModel
from engine.spec import ESSENTIAL, FORKABLE, Range

if TYPE_CHECKING:
    pass

_PER_LAYER, _PER_HEAD = 64, 32


@models.register("gpt", "GPT")
class Gpt(LanguageModel):
    """Predicts each token of a text by attention to all tokens before it: the network behind chat assistants, in small."""

    source: ClassVar[str] = (
        "Radford et al. 2019, https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf"
    )
    compared: ClassVar[tuple[str, ...]] = ("text",)
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw", "learning_rate": 0.002, "schedule": "cosine", "batch_size": 64, "epochs": 12, "patience": 3,
    }  # fmt: skip

    depth: Annotated[int, Range(1, 12), ESSENTIAL] = 3
    """Number of layers. It is the one dial of size: each layer is 64 numbers wide for each layer there is, so that twice
    the depth is about eight times the weights."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the outputs of each part zeroed, in training only."""

    @property
    def width(self) -> int:
        """Length of the vector of a token."""
        return _PER_LAYER * self.depth

    @property
    def heads(self) -> int:
        """Number of places that a token can attend to at once."""
        return self.width // _PER_HEAD

    def past_shape(self) -> tuple[int | None, ...]:
        """Keys and values of every layer: (layers, 2, steps so far, width)."""
        return self.depth, 2, None, self.width

    def reader(self, size: int, longest: int) -> Reader:
        """Pre-norm blocks with learned positions."""
        from keras import layers, ops

        tokens = layers.Embedding(size, self.width, name="tokens")
        places = layers.Embedding(longest, self.width, name="positions")
        blocks = [self._block(number) for number in range(1, self.depth + 1)]
        norm = layers.LayerNormalization(epsilon=1e-5, name="norm")
        drop = layers.Dropout(self.dropout, name="dropout")

        def read(ids: Any, past: Any = None) -> Read:
            position = ops.cumsum(ops.ones_like(ids), axis=1) - 1
            before = None if past is None else ops.sum(ops.cast(ops.ones_like(past[:, 0, 0, :, :1]), "int32"), axis=1)
            if before is not None:
                position = position + before
            x = drop(tokens(ids) + places(position))
            kept = []
            for number, block in enumerate(blocks):
                x, now = block(x, None if past is None else past[:, number], position)
                kept.append(now)
            return Read(norm(x), None if past is None else ops.stack(kept, axis=1))

        return read

    def _block(self, number: int) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
        """Return one block: (batch, steps, width), what it kept of earlier steps, positions -> its output, what it keeps now."""
        from keras import layers, ops

        width, heads, name = self.width, self.heads, f"block{number}"
        norms = [layers.LayerNormalization(epsilon=1e-5, name=f"{name}_{part}_norm") for part in ("attention", "mlp")]
        asks, keys, values, joined = (
            layers.Dense(width, use_bias=False, name=f"{name}_{part}")
            for part in ("query", "key", "value", "attention")
        )
        expand = layers.Dense(4 * width, activation="gelu", name=f"{name}_mlp_expand")
        project = layers.Dense(width, name=f"{name}_mlp_project")
        drops = [layers.Dropout(self.dropout, name=f"{name}_{part}_dropout") for part in ("attention", "mlp")]
        apart = layers.Reshape((-1, heads, width // heads), name=f"{name}_heads")
        together = layers.Reshape((-1, width), name=f"{name}_joined")

        def block(x: Any, past: Any, position: Any) -> tuple[Any, Any]:
            y = norms[0](x)
            query, key, value, now, mask = asks(y), keys(y), values(y), None, None
            if past is not None:
                key = ops.concatenate([past[:, 0], key], axis=1)
                value = ops.concatenate([past[:, 1], value], axis=1)
                now = ops.stack([key, value], axis=1)
                there = ops.cumsum(ops.cast(ops.ones_like(key[:, :, 0]), "int32"), axis=1) - 1
                mask = ops.less_equal(there[:, None, None, :], position[:, None, :, None])
            found = ops.dot_product_attention(apart(query), apart(key), apart(value), mask=mask, is_causal=past is None)
            x = x + drops[0](joined(together(found)))
            return x + drops[1](project(expand(norms[1](x)))), now

        return block
