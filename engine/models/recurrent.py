"""Recurrent networks for texts: LSTM and GRU read word by word and keep a state."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import models
from engine.models.text import TextModel
from engine.spec import Range

if TYPE_CHECKING:
    import keras


class Recurrent(TextModel):
    """What the two have in common; `cell` names the layer of Keras."""

    cell: ClassVar[str] = ""

    units: Annotated[int, Range(8, 512, log=True)] = 64
    """Numbers in the state that is carried from word to word."""
    bidirectional: bool = False
    """Read from the end to the beginning as well, by a second layer: two states, twice the time."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05)] = 0.2
    """Fraction of each word's vector zeroed, in training only."""
    recurrent_dropout: Annotated[float, Range(0.0, 0.7, step=0.05)] = 0.2
    """Fraction of the state zeroed between words, in training only. Above 0, a GPU cannot use its fastest kernel."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, longest) -> (batch, units), twice as many if read in both directions."""
        from keras import layers

        layer = getattr(layers, self.cell)(
            self.units, dropout=self.dropout, recurrent_dropout=self.recurrent_dropout, name=self.name
        )
        if self.bidirectional:
            layer = layers.Bidirectional(layer, name=f"{self.name}_both_ways")
        return layer(self.embed(x))


@models.register("lstm", "LSTM")
class Lstm(Recurrent):
    """Reads word by word and decides what to remember and what to forget: the textbook's network for sentiment."""

    source: ClassVar[str] = "Hochreiter, Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735"
    suggested: ClassVar[dict[str, Any]] = {"batch_size": 32, "epochs": 6, "patience": 2}
    cell: ClassVar[str] = "LSTM"


@models.register("gru", "GRU")
class Gru(Recurrent):
    """Like an LSTM with one gate less: fewer weights, often as good."""

    source: ClassVar[str] = "Cho et al. 2014, https://arxiv.org/abs/1406.1078"
    suggested: ClassVar[dict[str, Any]] = {"batch_size": 32, "epochs": 6, "patience": 2}
    cell: ClassVar[str] = "GRU"
