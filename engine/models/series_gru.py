"""A GRU that reads a series step by step."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import Model, models
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("series-gru", "GRU for series")
class SeriesGru(Model):
    """Reads step by step and keeps a state: how far back it looks is learned."""

    modalities: ClassVar[tuple[str, ...]] = ("time-series",)
    source: ClassVar[str] = "Cho et al. 2014, https://arxiv.org/abs/1406.1078"
    suggested: ClassVar[dict[str, Any]] = {"learning_rate": 0.005}

    units: Annotated[int, Range(8, 512, log=True)] = 64
    """Size of the state carried from step to step."""
    depth: Annotated[int, Range(1, 3)] = 1
    """Number of layers; each reads the states of the one before it."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the state zeroed after each layer, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, steps, channels) -> (batch, units)."""
        from keras import layers

        for number in range(1, self.depth + 1):
            x = layers.GRU(self.units, return_sequences=number < self.depth, name=f"gru{number}")(x)
            x = layers.Dropout(self.dropout, name=f"gru{number}_dropout")(x)
        return x
