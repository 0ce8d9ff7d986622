"""Telephone prompts of one professional speaker: small enough to see how far half an hour of speech leads."""

import io
import zipfile
from typing import Annotated, Any, ClassVar

import numpy as np
import soundfile

from engine.data_info import SAMPLE_RATE_HZ
from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.errors import TrainyardError
from engine.files import file_fingerprint
from engine.spec import ADVANCED, FIXED, Range
from engine.speech.written import spoken, written

_FILE, _TABLE = EMBEDDED / "speech" / "prompts_540.zip", "transcripts.tsv"
_FULL_SCALE = 32_767


@datasets.register("prompts", "Telephone prompts (one speaker)")
class Prompts(UnsplitDataset):
    """Sentences such as "please try again", said by one professional speaker: 518 clips, 17 minutes, with their transcripts."""

    tasks: ClassVar[tuple[str, ...]] = ("automatic-speech-recognition",)
    source: ClassVar[str] = (
        "Asterisk core sounds by Allison Smith, https://downloads.asterisk.org/pub/telephony/sounds/"
    )
    licence: ClassVar[str] = "CC BY-SA 3.0"
    limits: ClassVar[str] = (
        "One speaker, and minutes where recognisers of free speech learn from thousands of hours: expect that more than half of "
        "all words are wrong. It shows how letters emerge, and nothing that could be used."
    )
    num_examples: ClassVar[int] = 518
    suggested: ClassVar[dict[str, Any]] = {
        "model": "ctc-crnn", "filters": 128, "units": 112, "layers": 2, "epochs": 40, "batch_size": 16, "patience": 0,
    }  # fmt: skip

    longest_seconds: Annotated[float, Range(2.0, 15.0, step=0.5), FIXED] = 9.0
    """Longer clips are left out: they are few, and cost most of the time."""
    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.1
    """Share of the sentences that is kept for the test split: used once, at the end, never for decisions."""

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """Clips (samples,) int16; equal sentences stay in one split."""
        clips, texts = [], []
        with zipfile.ZipFile(_FILE) as archive:
            for line in archive.read(_TABLE).decode("utf-8").splitlines():
                name, text, _seconds = line.split("\t")
                values, rate = soundfile.read(io.BytesIO(archive.read(name)), dtype="float32")
                if rate != SAMPLE_RATE_HZ or values.ndim != 1:
                    raise TrainyardError("{sound!r} is not as it was installed. Install Trainyard again.", sound=name)
                if len(values) <= self.longest_seconds * SAMPLE_RATE_HZ:
                    clips.append(np.rint(values * _FULL_SCALE).clip(-_FULL_SCALE, _FULL_SCALE).astype(np.int16))
                    texts.append(text)
        inputs = np.empty(len(clips), object)
        inputs[:] = clips
        return Examples(inputs, written(texts), groups=np.array([spoken(text) for text in texts]))
