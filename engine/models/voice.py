"""Base of the networks that speak: a text and a voice become a spectrogram."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from engine.data_info import DataInfo
from engine.models.base import Model

if TYPE_CHECKING:
    import keras
    import numpy as np


class VoiceModel(Model):
    """Reads ids, which the task makes of text and voice."""

    modalities: ClassVar[tuple[str, ...]] = ("voiced-text",)

    def learns(self, info: DataInfo) -> bool:
        """Return False: the task learns characters and voices."""
        return False

    def learn(self, inputs: "np.ndarray", info: DataInfo) -> dict[str, Any]:
        """Return nothing, as `learns` says."""
        return {}

    def freezes(self, info: DataInfo) -> bool:
        """Return False: everything is trained."""
        return False

    @abstractmethod
    def speak(
        self,
        characters: "keras.KerasTensor",
        voice: "keras.KerasTensor",
        sizes: tuple[int, int],
        frames: int,
        bands: int,
    ) -> "keras.KerasTensor":
        """Ids of characters (batch, longest) and of a voice (batch,) -> (batch, frames, bands).

        `sizes`: how many different characters and voices there are.
        """
