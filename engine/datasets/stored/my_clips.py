"""Sounds of one's own: imported from a folder or a zip in which each class is a folder."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.datasets.base import datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset, check_size
from engine.imports.collected import Stored
from engine.readers.sounds import SAMPLE_RATE_HZ, fit_length
from engine.spec import Options, Range


@datasets.register("my-clips", "My audio clips")
class MyClips(OwnDataset):
    """Your own audio clips: import a folder or a zip in which each class is a folder of recordings."""

    tasks: ClassVar[tuple[str, ...]] = ("audio-classification",)
    kind: ClassVar[str] = "clips"
    licence: ClassVar[str] = "The licence of the recordings"
    limits: ClassVar[str] = (
        "The score holds for recordings like these: other voices, rooms and microphones will be "
        "harder, above all if one person speaks in several splits."
    )
    suggested: ClassVar[dict[str, Any]] = {"epochs": 30, "batch_size": 16, "patience": 6}

    clips: Annotated[str, Options("clips"), REFERENCE_OR_NONE] = ""
    """The imported audio dataset."""
    clip_seconds: Annotated[float, Range(0.5, 10.0, step=0.5)] = 1.0
    """Length of audio that the network hears. Shorter recordings are padded with silence; longer ones keep their middle."""

    def inputs(self, stored: Stored) -> np.ndarray:
        """All clips, (clip_seconds times 16,000,) int16."""
        length = round(self.clip_seconds * SAMPLE_RATE_HZ)
        check_size(self.clips, 2 * length * len(stored), f"at {self.clip_seconds:g} seconds", "shorter clips")
        inputs = np.empty((len(stored), length), np.int16)
        for index in range(len(stored)):
            inputs[index] = fit_length(np.frombuffer(stored.bytes_of(index), "<i2"), length)
        return inputs
