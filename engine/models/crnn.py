"""Convolutional recurrent network: convolutions see short sounds, a recurrent layer hears their order."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.audio import AudioModel, convolutions, over_time
from engine.models.base import models
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("crnn", "Convolutional recurrent network (CRNN)")
class Crnn(AudioModel):
    """Convolutions find short sounds in the spectrogram; a recurrent layer (GRU) learns their order."""

    source: ClassVar[str] = "Arik et al. 2017, https://arxiv.org/abs/1703.05390"
    suggested: ClassVar[dict[str, Any]] = {"learning_rate": 2e-3}
    searched: ClassVar[tuple[str, ...]] = ("blocks",)
    compared: ClassVar[tuple[str, ...]] = ("audio",)

    filters: Annotated[int, Range(4, 128, log=True)] = 16
    """Filters of the first convolution; each next block doubles them."""
    blocks: Annotated[int, Range(1, 4)] = 2
    """Number of convolution + pooling blocks; each halves time and frequency. Never more than the clip allows."""
    units: Annotated[int, Range(8, 256, log=True)] = 48
    """Units of the recurrent layer in each direction: forward and backward in time."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.3
    """Fraction of units zeroed before and after the recurrent layer, in training only."""
    batch_normalisation: Annotated[bool, ADVANCED] = False
    r"""Normalise each block over the batch: $\hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}$. Allows higher learning rates."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, frames, bands) -> (batch, 4 units)."""
        from keras import layers

        x = convolutions(x, self.filters, self.blocks, batch_normalisation=self.batch_normalisation)
        x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="sequence")(x)
        x = layers.Dropout(self.dropout, name="sequence_dropout")(x)
        x = layers.Bidirectional(layers.GRU(self.units, return_sequences=True), name="gru")(x)
        return layers.Dropout(self.dropout, name="gru_dropout")(over_time(x))
