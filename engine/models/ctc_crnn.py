"""Convolutional recurrent network for speech: convolutions hear sounds, a recurrent layer hears them in their order."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import models
from engine.models.speech import Heard, SpeechModel, columns_to_steps, ends
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("ctc-crnn", "Convolutional recurrent network (CTC)")
class CtcCrnn(SpeechModel):
    """Convolutions find short sounds in the spectrogram; a recurrent layer (GRU) reads them forward and backward."""

    source: ClassVar[str] = "Amodei et al. 2016 (Deep Speech 2), https://arxiv.org/abs/1512.02595"
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw", "learning_rate": 0.002, "schedule": "cosine", "batch_size": 32, "epochs": 12, "patience": 4,
        "hide_time": 0.05, "hide_pitch": 0.15, "clip_norm": 1.0,
    }  # fmt: skip
    compared: ClassVar[tuple[str, ...]] = ("speech",)

    filters: Annotated[int, Range(8, 256, log=True)] = 96
    """Filters of each of the three convolutions."""
    units: Annotated[int, Range(8, 256, log=True)] = 80
    """Units of the recurrent layer in each direction: forward and backward in time."""
    layers: Annotated[int, Range(1, 4)] = 1
    """Number of recurrent layers, one on top of the other."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of units zeroed before and after each recurrent layer, in training only."""

    def listen(self, x: "keras.KerasTensor") -> Heard:
        """(batch, columns, bands) -> (batch, steps, 2 units)."""
        from keras import layers

        x, inside = columns_to_steps(x, ends(x), self.filters, 5)
        x = layers.Dropout(self.dropout, name="sounds_dropout")(x)
        for number in range(1, self.layers + 1):
            gru = layers.Bidirectional(layers.GRU(self.units, return_sequences=True), name=f"gru{number}")
            x = layers.Dropout(self.dropout, name=f"gru{number}_dropout")(gru(x, mask=inside))
        return Heard(x, inside)
