"""Recordings of one's own, each with what is said in it."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, datasets
from engine.datasets.stored.base import REFERENCE_OR_NONE, OwnDataset
from engine.imports.collected import Stored, read_stored
from engine.imports.transcripts import texts_of
from engine.spec import Options
from engine.speech.written import written


@datasets.register("my-recordings", "My recordings with transcripts")
class MyRecordings(OwnDataset):
    """Your own recordings: import a zip of them with a table of transcripts, in the layout of LJSpeech or Common Voice."""

    tasks: ClassVar[tuple[str, ...]] = ("automatic-speech-recognition",)
    kind: ClassVar[str] = "recordings"
    licence: ClassVar[str] = "The licence of the recordings"
    limits: ClassVar[str] = (
        "The score holds for speakers, rooms and microphones like these. A network that begins from nothing needs many hours of "
        "speech before it writes free sentences; some minutes are enough for a few words that are said again and again."
    )
    suggested: ClassVar[dict[str, Any]] = {"epochs": 30, "patience": 8, "batch_size": 16}

    recordings: Annotated[str, Options("recordings"), REFERENCE_OR_NONE] = ""
    """The imported recordings."""

    def load(self) -> Examples:
        """All recordings. Equal ones, and those of one speaker where the table names speakers, stay in one split."""
        stored = read_stored(self.reference, self.kind)
        return Examples(self.inputs(stored), **self.arranged(stored))

    def inputs(self, stored: Stored) -> np.ndarray:
        """Recordings (samples,) int16, as objects."""
        found = np.empty(len(stored), object)
        found[:] = [np.frombuffer(stored.bytes_of(index), "<i2") for index in range(len(stored))]
        return found

    def arranged(self, stored: Stored) -> dict[str, Any]:
        """The transcripts as targets."""
        return super().arranged(stored) | {"targets": written(texts_of(stored.more)), "labels": ()}
