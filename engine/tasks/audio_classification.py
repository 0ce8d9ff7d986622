"""Sound in, one label out."""

from typing import Any, ClassVar

from engine.data_info import DataInfo
from engine.tasks.base import tasks
from engine.tasks.classification import Classification


@tasks.register("audio-classification", "Audio classification")
class AudioClassification(Classification):
    """Tell which class a sound belongs to, such as the word that is spoken."""

    modality: ClassVar[str] = "audio"

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Clips (batch, any number of samples) int16, mono, 16 kHz -> cut or filled with silence to the dataset's length."""
        import keras
        from keras import ops

        (samples,) = info.shape
        raw = keras.Input((None,), dtype="int16", name="waveform")
        whole = ops.pad(raw, [[0, 0], [0, samples]])[:, :samples]
        return raw, ops.reshape(whole, (-1, samples))  # says how long it is; networks are built for this length
