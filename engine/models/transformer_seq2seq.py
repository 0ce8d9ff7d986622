"""The Transformer as it was first published: one half reads, the other writes."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from engine.language.rewriter import Rewriter, Step
from engine.language.tokenizer import PADDING
from engine.models.base import models
from engine.models.language import PairModel
from engine.spec import ESSENTIAL, FORKABLE, Range

_PER_HEAD = 32


@models.register("transformer-seq2seq", "Transformer (text to text)")
class TransformerSeq2Seq(PairModel):
    """Each token that is written attends to all tokens that were read and to those written before it."""

    source: ClassVar[str] = "Vaswani et al. 2017, Attention is all you need, https://arxiv.org/abs/1706.03762"
    compared: ClassVar[tuple[str, ...]] = ("text",)
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw", "learning_rate": 0.002, "schedule": "cosine", "batch_size": 64,
    }  # fmt: skip

    width: Annotated[int, Range(8, 512, step=8), ESSENTIAL] = 128
    """Length of the vector of a token."""
    layers: Annotated[int, Range(1, 8)] = 2
    """Number of layers in each half."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the outputs of each part zeroed, in training only."""

    @property
    def heads(self) -> int:
        """Number of places that a token can attend to at once: one for some `_PER_HEAD` numbers of its vector."""
        return next(count for count in range(max(1, self.width // _PER_HEAD), 0, -1) if self.width % count == 0)

    def memory_shape(self) -> tuple[int | None, ...]:
        """Keys and values of the source for every layer that writes: (layers, 2, source, width)."""
        return self.layers, 2, None, self.width

    def past_shape(self) -> tuple[int | None, ...]:
        """Keys and values of every layer that writes: (layers, 2, steps so far, width)."""
        return self.layers, 2, None, self.width

    def rewriter(self, source_size: int, target_size: int, longest: int) -> Rewriter:
        """Pre-norm blocks with learned positions."""
        return Rewriter(self._reader(source_size, longest), self._writer(target_size, longest))

    def _reader(self, size: int, longest: int) -> Callable[[Any], Any]:
        from keras import layers, ops

        embed = self._embedding("source", size, longest)
        numbers = range(1, self.layers + 1)
        looking = [self._attention(f"read{number}") for number in numbers]
        thinking = [self._mlp(f"read{number}") for number in numbers]
        norm = layers.LayerNormalization(epsilon=1e-5, name="source_norm")
        keep = [[self._dense(f"write{n}_source_{part}") for part in ("key", "value")] for n in numbers]

        def read(ids: Any) -> Any:
            x = embed(ids, None)
            mask = ops.not_equal(ids, PADDING)[:, None, None, :]
            for look, think in zip(looking, thinking, strict=True):
                x = think(look(x, None, mask)[0])
            x = norm(x)
            return ops.stack([ops.stack([key(x), value(x)], axis=1) for key, value in keep], axis=1)

        return read

    def _writer(self, size: int, longest: int) -> Callable[..., Step]:
        from keras import layers, ops

        embed = self._embedding("target", size, longest)
        numbers = range(1, self.layers + 1)
        looking = [self._attention(f"write{number}") for number in numbers]
        asking = [self._asking(f"write{number}") for number in numbers]
        thinking = [self._mlp(f"write{number}") for number in numbers]
        norm = layers.LayerNormalization(epsilon=1e-5, name="target_norm")

        def write(ids: Any, memory: Any, present: Any, past: Any = None) -> Step:
            x, kept, shares = embed(ids, past), [], None
            before = None if past is None else past[:, 0, 0, :, :1]
            mask = _earlier(ids, before)
            for number in range(self.layers):
                x, now = looking[number](x, None if past is None else past[:, number], mask)
                x, shares = asking[number](x, memory[:, number, 0], memory[:, number, 1], present)
                x = thinking[number](x)
                kept.append(now)
            return Step(norm(x), shares, None if past is None else ops.stack(kept, axis=1))

        return write

    def _dense(self, name: str) -> Any:
        from keras import layers

        return layers.Dense(self.width, use_bias=False, name=name)

    def _embedding(self, side: str, size: int, longest: int) -> Callable[[Any, Any], Any]:
        """Return a function: ids (batch, steps), what is known of earlier steps or None -> (batch, steps, width)."""
        from keras import layers, ops

        tokens = layers.Embedding(size, self.width, name=f"{side}_tokens")
        places = layers.Embedding(longest, self.width, name=f"{side}_positions")
        drop = layers.Dropout(self.dropout, name=f"{side}_dropout")

        def embed(ids: Any, past: Any) -> Any:
            position = ops.cumsum(ops.ones_like(ids), axis=1) - 1
            if past is not None:
                position = position + _count(past[:, 0, 0, :, :1])
            return drop(tokens(ids) + places(position))

        return embed

    def _heads(self, name: str) -> tuple[Any, Any]:
        """Return the layers that cut vectors into those of the heads, and join them again."""
        from keras import layers

        apart = layers.Reshape((-1, self.heads, self.width // self.heads), name=f"{name}_heads")
        return apart, layers.Reshape((-1, self.width), name=f"{name}_joined")

    def _attention(self, name: str) -> Callable[..., tuple[Any, Any]]:
        """Return a block: x (batch, steps, width), keys and values of earlier steps, mask -> its output, what it keeps now."""
        from keras import layers, ops

        norm = layers.LayerNormalization(epsilon=1e-5, name=f"{name}_self_norm")
        asks, keys, values, joined = (
            self._dense(f"{name}_self_{part}") for part in ("query", "key", "value", "output")
        )
        apart, together = self._heads(f"{name}_self")
        drop = layers.Dropout(self.dropout, name=f"{name}_self_dropout")

        def look(x: Any, past: Any, mask: Any) -> tuple[Any, Any]:
            y = norm(x)
            query, key, value, now = asks(y), keys(y), values(y), None
            if past is not None:
                key = ops.concatenate([past[:, 0], key], axis=1)
                value = ops.concatenate([past[:, 1], value], axis=1)
                now = ops.stack([key, value], axis=1)
            found = ops.dot_product_attention(apart(query), apart(key), apart(value), mask=mask, is_causal=mask is None)
            return x + drop(joined(together(found))), now

        return look

    def _asking(self, name: str) -> Callable[..., tuple[Any, Any]]:
        """Return a block: x, keys and values of the source, where there are tokens in it -> its output, where it looked."""
        from keras import layers, ops

        norm = layers.LayerNormalization(epsilon=1e-5, name=f"{name}_source_norm")
        asks, joined = self._dense(f"{name}_source_query"), self._dense(f"{name}_source_output")
        apart, together = self._heads(f"{name}_source")
        drop = layers.Dropout(self.dropout, name=f"{name}_source_dropout")
        scale = (self.width // self.heads) ** -0.5

        def ask(x: Any, key: Any, value: Any, present: Any) -> tuple[Any, Any]:
            query = ops.transpose(apart(asks(norm(x))), (0, 2, 1, 3)) * scale
            scores = ops.matmul(query, ops.transpose(apart(key), (0, 2, 3, 1)))
            shares = ops.softmax(ops.where(present[:, None, None, :], scores, -1e9), axis=-1)
            found = ops.transpose(ops.matmul(shares, ops.transpose(apart(value), (0, 2, 1, 3))), (0, 2, 1, 3))
            return x + drop(joined(together(found))), ops.mean(shares, axis=1)

        return ask

    def _mlp(self, name: str) -> Callable[[Any], Any]:
        from keras import layers

        norm = layers.LayerNormalization(epsilon=1e-5, name=f"{name}_mlp_norm")
        expand = layers.Dense(2 * self.width, activation="gelu", name=f"{name}_mlp_expand")
        project = layers.Dense(self.width, name=f"{name}_mlp_project")
        drop = layers.Dropout(self.dropout, name=f"{name}_mlp_dropout")
        return lambda x: x + drop(project(expand(norm(x))))


def _count(there: Any) -> Any:
    """(batch, steps, 1) -> how many steps there are (batch, 1)."""
    from keras import ops

    return ops.sum(ops.cast(ops.ones_like(there), "int32"), axis=1)


def _earlier(ids: Any, before: Any) -> Any:
    """Return which steps each new one sees (batch, 1, steps, all steps): itself and those before it; None where all are new."""
    from keras import ops

    if before is None:
        return None
    place = ops.cumsum(ops.ones_like(ids), axis=1) - 1 + _count(before)
    everything = ops.concatenate([ops.cast(ops.ones_like(before[:, :, 0]), "int32"), ops.ones_like(ids)], axis=1)
    there = ops.cumsum(everything, axis=1) - 1
    return ops.less_equal(there[:, None, None, :], place[:, None, :, None])
