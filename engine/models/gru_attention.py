"""Recurrent networks with attention: what translated before Transformers."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from engine.language.rewriter import Rewriter, Step
from engine.language.tokenizer import PADDING
from engine.models.base import models
from engine.models.language import PairModel
from engine.spec import ESSENTIAL, FORKABLE, Range


@models.register("gru-attention", "GRU with attention (text to text)")
class GruAttention(PairModel):
    """One network reads in both directions, another writes and looks for each token where to read: its attention is easy to look at."""

    source: ClassVar[str] = (
        "Bahdanau, Cho and Bengio 2015, https://arxiv.org/abs/1409.0473; the scores are those of Luong et al. 2015, https://arxiv.org/abs/1508.04025"
    )
    compared: ClassVar[tuple[str, ...]] = ("text",)
    suggested: ClassVar[dict[str, Any]] = {"learning_rate": 0.002, "batch_size": 64}

    units: Annotated[int, Range(8, 512, step=2), ESSENTIAL] = 128
    """Size of the state that writes, and of the vector of a token; each direction that reads has half of it."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the vectors of tokens and of what was found in the source zeroed, in training only."""

    def memory_shape(self) -> tuple[int | None, ...]:
        """The state at each token of the source, and the key by which it is found: (2, source, units)."""
        return 2, None, self.units

    def past_shape(self) -> tuple[int | None, ...]:
        """The states of both layers that write: (2, units)."""
        return 2, self.units

    def rewriter(self, source_size: int, target_size: int, longest: int) -> Rewriter:
        """A bidirectional GRU, and two GRUs with the attention between them."""
        return Rewriter(self._reader(source_size), self._writer(target_size))

    def _reader(self, size: int) -> Callable[[Any], Any]:
        from keras import layers, ops

        tokens = layers.Embedding(size, self.units, name="source_tokens")
        drop = layers.Dropout(self.dropout, name="source_dropout")
        gru = layers.Bidirectional(layers.GRU(self.units // 2, return_sequences=True), name="read")
        keys = layers.Dense(self.units, use_bias=False, name="source_keys")

        def read(ids: Any) -> Any:
            # one more place at the end, which is not read: a GRU cannot read nothing, which is what comes after the first call
            longer = ops.pad(ids, ((0, 0), (0, 1)))
            x = gru(drop(tokens(longer)), mask=ops.not_equal(longer, PADDING))[:, :-1]
            return ops.stack([x, keys(x)], axis=1)

        return read

    def _writer(self, size: int) -> Callable[..., Step]:
        from keras import layers, ops

        tokens = layers.Embedding(size, self.units, name="target_tokens")
        drops = [layers.Dropout(self.dropout, name=f"target_dropout{n}") for n in (1, 2)]
        first, second = (
            layers.GRU(self.units, return_sequences=True, return_state=True, name=f"write{n}") for n in (1, 2)
        )
        asks = layers.Dense(self.units, use_bias=False, name="queries")

        def write(ids: Any, memory: Any, present: Any, past: Any = None) -> Step:
            states = (None, None) if past is None else (past[:, 0], past[:, 1])
            x, one = first(drops[0](tokens(ids)), initial_state=states[0])
            scores = ops.matmul(asks(x), ops.transpose(memory[:, 1], (0, 2, 1)))
            shares = ops.softmax(ops.where(present[:, None, :], scores, -1e9), axis=-1)
            found = drops[1](ops.matmul(shares, memory[:, 0]))
            x, two = second(ops.concatenate([x, found], axis=-1), initial_state=states[1])
            return Step(
                ops.concatenate([x, found], axis=-1), shares, None if past is None else ops.stack([one, two], axis=1)
            )

        return write
