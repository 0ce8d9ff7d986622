"""Convolutional network for spectrograms: finds short sounds wherever they are."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from engine.models.audio import AudioModel, convolutions, over_time
from engine.models.base import models
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("audio-cnn", "Convolutional network for audio")
class AudioCnn(AudioModel):
    """Convolutions find short sounds in the spectrogram; their mean and spread over time decide."""

    source: ClassVar[str] = (
        "Sainath and Parada 2015, https://www.isca-archive.org/interspeech_2015/sainath15b_interspeech.html"
    )
    searched: ClassVar[tuple[str, ...]] = ("blocks",)
    compared: ClassVar[tuple[str, ...]] = ("audio",)

    filters: Annotated[int, Range(4, 128, log=True)] = 16
    """Filters of the first convolution; each next block doubles them."""
    blocks: Annotated[int, Range(1, 4)] = 3
    """Number of convolution + pooling blocks; each halves time and frequency. Never more than the clip allows."""
    units: Annotated[int, Range(8, 512, log=True)] = 64
    """Width of the dense layer after the convolutions."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.3
    """Fraction of units zeroed before and after the dense layer, in training only."""
    batch_normalisation: Annotated[bool, ADVANCED] = True
    r"""Normalise each block over the batch: $\hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}$. Allows higher learning rates."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, frames, bands) -> (batch, units)."""
        from keras import layers

        x = convolutions(x, self.filters, self.blocks, batch_normalisation=self.batch_normalisation)
        x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="sequence")(x)
        x = layers.Dropout(self.dropout, name="pool_dropout")(over_time(x))
        x = layers.Dense(self.units, activation="relu", name="hidden")(x)
        return layers.Dropout(self.dropout, name="hidden_dropout")(x)
