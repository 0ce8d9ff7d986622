"""Speech Commands: 105,829 words spoken by people, read out of the archive as it is."""

import io
import re
import tarfile
import wave
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import SAMPLE_RATE_HZ
from engine.datasets.base import Examples, datasets
from engine.datasets.sources.fetched import Download, FetchedDataset
from engine.errors import TrainyardError
from engine.readers.sounds import fit_length
from engine.sentences import Sentence
from engine.spec import FIXED

COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
WORDS = (
    *COMMANDS,
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "backward", "bed", "bird", "cat", "dog", "follow", "forward", "happy", "house", "learn", "marvin", "sheila", "tree",
    "visual", "wow",
)  # fmt: skip
_SAMPLES = SAMPLE_RATE_HZ  # one second
_TEST = "testing_list.txt"
_CLIP = re.compile(r"^(?:\./)?([a-z]+)/(([0-9a-f]{8})_nohash_\d+\.wav)$")  # word/speaker_nohash_take.wav
_LARGEST_CLIP, _LARGEST_LIST = 100_000, 2_000_000  # bytes; the true ones have 32,044 and 250,000
_MOST_CLIPS = 120_000


@datasets.register("speech-commands", "Speech Commands (105,829 words)")
class SpeechCommands(FetchedDataset):
    """35 English words, a second each, recorded by thousands of people with their own microphones."""

    tasks: ClassVar[tuple[str, ...]] = ("audio-classification",)
    source: ClassVar[str] = "P. Warden, Speech Commands, version 2, 2018, https://arxiv.org/abs/1804.03209"
    licence: ClassVar[str] = "CC BY 4.0"
    limits: ClassVar[str] = (
        "Single words of one second, some of them cut off or mislabelled: it says little about "
        "continuous speech. Training on all of it takes hours on a CPU; on the ten commands, a third "
        "of that."
    )
    num_examples: ClassVar[int] = 105_829
    num_classes: ClassVar[int] = 35
    suggested: ClassVar[dict[str, Any]] = {"epochs": 20, "batch_size": 128}
    downloads: ClassVar[tuple[Download, ...]] = (
        Download(
            "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
            2_428_923_189,
            "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
        ),
    )

    words: Annotated[Literal["all", "commands"], FIXED] = "all"
    """All: 35 words. Commands: yes, no, up, down, left, right, on, off, stop and go, 38,546 of the clips."""

    def load(self) -> Examples:
        """Clips (16000,) int16. The test split is the publisher's; no speaker is in two splits."""
        (path,) = self.paths()
        labels = WORDS if self.words == "all" else COMMANDS
        sound, targets, speakers, names, tested = bytearray(), [], [], [], None
        for name, match, data in _members(path, labels):
            if match is None:
                tested = set(data.decode("ascii", "replace").split())
                continue
            sound += _clip(path, name, data).tobytes()
            targets.append(labels.index(match[1]))
            speakers.append(match[3])
            names.append(f"{match[1]}/{match[2]}")
        if tested is None or not names:
            raise _broken(path, Sentence("{lacking} is missing", lacking=_TEST if names else Sentence("clips")))
        return Examples(
            np.frombuffer(sound, np.int16).reshape(-1, _SAMPLES),
            np.array(targets, np.int64),
            labels,
            groups=np.array(speakers),
            test=np.array([name in tested for name in names]),
        )


def _members(path: Path, labels: tuple[str, ...]) -> Iterator[tuple[str, re.Match[str] | None, bytes]]:
    """Yield the name, its parts and the content of each clip of a word, and of the list of tests (no parts). Nothing is
    unpacked to disk; background noise and other files are skipped."""
    clips = 0
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                match = _CLIP.match(member.name)
                wanted = match is not None and match[1] in labels
                if not wanted and member.name.removeprefix("./") != _TEST:
                    continue
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is None or member.size > (_LARGEST_CLIP if wanted else _LARGEST_LIST):
                    raise _broken(path, Sentence("{member} does not have the expected size", member=member.name))
                clips += wanted
                if clips > _MOST_CLIPS:
                    raise _broken(path, Sentence("it has more than {most:,} clips", most=_MOST_CLIPS))
                yield member.name, match if wanted else None, stream.read(member.size)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise _broken(path, str(error)) from error


def _clip(path: Path, name: str, data: bytes) -> np.ndarray:
    """(16000,) int16 of a WAV file; some hundred speakers stopped a little early."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            kind = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            if kind != (1, 2, SAMPLE_RATE_HZ):
                raise _broken(
                    path,
                    Sentence(
                        "{name} is not 16-bit mono at {rate:,} Hz",
                        name=name,
                        rate=SAMPLE_RATE_HZ,
                    ),
                )
            return fit_length(np.frombuffer(file.readframes(2 * _SAMPLES), "<i2"), _SAMPLES)
    except (wave.Error, EOFError) as error:
        raise _broken(path, Sentence("{name} is not a WAV file ({error})", name=name, error=error)) from error


def _broken(path: Path, reason: str) -> TrainyardError:
    return TrainyardError(
        "{path!r} cannot be read: {reason}. Delete it and fetch the dataset again.", path=path.name, reason=reason
    )
