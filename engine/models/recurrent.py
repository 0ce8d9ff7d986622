"""Recurrent networks for texts: LSTM and GRU read word by word and keep a state."""

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import models
from engine.models.text import TextModel
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


class Recurrent(TextModel):
    """The common part of both networks; `cell` names the layer of Keras."""

    cell: ClassVar[str] = ""

    units: Annotated[int, Range(8, 512, log=True)] = 64
    """Size of the state carried from word to word."""
    bidirectional: bool = False
    """Also read from end to beginning with a second layer: two states, twice the time."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of each word's vector zeroed, in training only."""
    recurrent_dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of the state zeroed between words, in training only. Above 0, a GPU cannot use its fastest kernel."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, longest) -> (batch, units), twice as many if read in both directions."""
        from keras import layers

        layer = getattr(layers, self.cell)(
            self.units, dropout=self.dropout, recurrent_dropout=self.recurrent_dropout, name=self.name
        )
        if not self.bidirectional:
            self._share_masks(layer)
            return layer(self.embed(x))
        both = layers.Bidirectional(layer, name=f"{self.name}_both_ways")
        self._share_masks(both.forward_layer)
        self._share_masks(both.backward_layer)
        return both(self.embed(x))

    def _share_masks(self, layer: "keras.layers.RNN") -> None:
        """Let dropout zero the same numbers for all gates, as in Gal and Ghahramani's tied variant
        (https://arxiv.org/abs/1512.05287): two products a word instead of eight.

        The layer stays Keras' own, and so does its cell in a saved network: masks exist only in training.
        """
        if self.recurrent_dropout:
            layer.cell = cells()[self.cell](
                self.units, dropout=self.dropout, recurrent_dropout=self.recurrent_dropout, name=layer.cell.name
            )


@cache
def cells() -> "dict[str, Any]":
    """Return cells with one mask for the word and one for the state, by layer name; created late, as they need Keras."""
    from keras import layers, ops

    class TiedLSTMCell(layers.LSTMCell):  # type: ignore[misc]  # Keras has no types
        """An LSTM cell whose dropout zeroes the same numbers for all gates."""

        def __init__(self, units: int, **options: Any) -> None:
            super().__init__(units, **options)
            self.implementation, self.dropout_mask_count = 2, None

        def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
            state, carry = states
            if training:
                state = state * self.get_recurrent_dropout_mask(state)
            return super().call(inputs, [state, carry], training=training)

    class TiedGRUCell(layers.GRUCell):  # type: ignore[misc]  # as above
        """A GRU cell whose dropout zeroes the same numbers for all gates."""

        def __init__(self, units: int, **options: Any) -> None:
            super().__init__(units, reset_after=True, **options)
            self.implementation, self.dropout_mask_count = 2, None

        def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
            if not training:
                return super().call(inputs, states, training=False)
            state = states[0] if isinstance(states, list | tuple) else states
            if self.dropout:
                inputs = inputs * self.get_dropout_mask(inputs)
            masked = state * self.get_recurrent_dropout_mask(state)
            seen = ops.split(ops.matmul(inputs, self.kernel) + self.bias[0], 3, axis=1)
            kept = ops.split(ops.matmul(masked, self.recurrent_kernel) + self.bias[1], 3, axis=1)
            update, reset = (ops.sigmoid(seen[i] + kept[i]) for i in (0, 1))
            state = update * state + (1 - update) * ops.tanh(seen[2] + reset * kept[2])
            return state, [state]

    return {"LSTM": TiedLSTMCell, "GRU": TiedGRUCell}


@models.register("lstm", "LSTM")
class Lstm(Recurrent):
    """Reads word by word and decides what to remember and what to forget: the textbook network for sentiment."""

    source: ClassVar[str] = "Hochreiter, Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735"
    suggested: ClassVar[dict[str, Any]] = {"batch_size": 32, "epochs": 6, "patience": 2}
    cell: ClassVar[str] = "LSTM"


@models.register("gru", "GRU")
class Gru(Recurrent):
    """Like an LSTM with one gate less: fewer weights, often as good."""

    source: ClassVar[str] = "Cho et al. 2014, https://arxiv.org/abs/1406.1078"
    suggested: ClassVar[dict[str, Any]] = {"batch_size": 32, "epochs": 6, "patience": 2}
    cell: ClassVar[str] = "GRU"
