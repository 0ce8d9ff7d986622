"""Sounds of unknown origin to samples: every clip that somebody uploads or records comes in through here.

Whatever the bytes are, the result is (samples,) int16, mono, 16 kHz, or a `TrainyardError` with a sentence, in bounded
memory: a clip is read in blocks, and what its header says about its length proves nothing. Only WAV, FLAC, Ogg
(Vorbis, Opus), MP3 and AIFF are tried. An MP3 of varying bit rate without its usual header may lose its end: the decoder
guesses its length from the first frames and reads no further.
"""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import soundfile
import soxr

from engine.data_info import SAMPLE_RATE_HZ as SAMPLE_RATE_HZ
from engine.errors import TrainyardError
from engine.readers.chunks import is_chunked, missing_bytes, with_sizes
from engine.readers.kinds import kind_of
from engine.sentences import Sentence
from engine.settings import settings

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 384_000
"""Rates that recorders use, with room on both sides; others are made up."""
FORMATS = ("WAV", "WAVEX", "FLAC", "OGG", "MP3", "AIFF")
"""Formats tried, in libsndfile's names, whatever the name of the file says."""

_BLOCK_VALUES = 1 << 16  # frames times channels that are in memory at once
_LARGEST_PAGE = 27 + 255 + 255 * 255  # of Ogg, in bytes
_COPY_AGAIN = Sentence("Copy or record it again, or leave it out.")
_FULL_SCALE = 32_768
_CANCELLED = 0.001  # of the energy of the loudest channel: 30 dB
_LOUDEST = 16.0  # floating-point clips go a little over 1; far over it they are on another scale
_one_at_a_time = threading.Lock()  # so that memory does not grow with the number of visitors
_log = logging.getLogger(__name__)
_TAKES = "WAV, FLAC, Ogg, MP3 or AIFF"


@dataclass(frozen=True)
class Heard:
    """A decoded sound, (samples,) int16, mono, at `SAMPLE_RATE_HZ`, and a sentence where something was chosen, else ""."""

    samples: np.ndarray
    remark: Sentence | None = None


def decode_sound(data: bytes, name: str) -> np.ndarray:
    """Decode one sound to (samples,) int16, mono, at `SAMPLE_RATE_HZ`; see `hear`."""
    return hear(data, name).samples


def hear(data: bytes, name: str) -> Heard:
    """Decode one sound. Silence decodes too: see `engine.modalities.audio.samples`.

    Channels are averaged, unless they cancel each other: then the loudest is taken. What is louder than full scale is
    clipped. `name` is for the sentence of the `TrainyardError` that broken, cut, foreign and too long sounds raise.
    """
    shown = repr(name[-80:])
    _check_file(data, shown)
    data, remark = with_sizes(data), None
    try:
        with _one_at_a_time:
            samples, loudness = _decoded(data, shown)
            if loudness.cancelled:
                loudest = int(loudness.channels.argmax())
                samples, _ = _decoded(data, shown, loudest)
                remark = Sentence(
                    "The channels cancel each other out, as with a cable of reversed polarity; "
                    "channel {channel} was used.",
                    channel=loudest + 1,
                )
    except TrainyardError:
        raise
    except Exception as error:  # soundfile raises several kinds for broken bytes
        _log.info("Cannot decode %s", shown, exc_info=True)
        raise TrainyardError(
            "{shown} is a broken or incomplete audio file. Save it again in an audio editor, or leave it out.",
            shown=shown,
        ) from error
    if not len(samples):
        raise TrainyardError("{shown} is 0 seconds long. Record it again, or leave it out.", shown=shown)
    return Heard(samples, remark)


def fit_length(samples: np.ndarray, length: int) -> np.ndarray:
    """(samples,) -> (length,): silence is added at the end, or the middle is kept."""
    if len(samples) <= length:
        return np.pad(samples, (0, length - len(samples)))
    start = (len(samples) - length) // 2
    return samples[start : start + length]


class _Sound(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound that is read from its beginning until it ends, not until its header says so."""

    def seekable(self) -> bool:
        """No: otherwise each read is cut to the announced length and followed by a slow seek."""
        return False


def _check_file(data: bytes, shown: str) -> None:
    if len(data) > settings().max_clip_mb * 1_000_000:
        raise TrainyardError(
            "{shown} has {data:,.0f} MB; an audio clip may have {max_clip_mb} MB "
            "(TRAINYARD_MAX_CLIP_MB). Cut it shorter, or save it as FLAC or MP3.",
            shown=shown,
            data=len(data) / 1e6,
            max_clip_mb=settings().max_clip_mb,
        )
    if not data:
        raise TrainyardError("{shown} is empty (0 bytes). Copy the file again, or leave it out.", shown=shown)
    chunked = is_chunked(data)
    if not (chunked or data.startswith((b"fLaC", b"OggS\0", b"ID3\x02", b"ID3\x03", b"ID3\x04")) or _starts_mp3(data)):
        raise TrainyardError(
            "{shown} is {kind}, not a readable audio file. Use {takes}.",
            shown=shown,
            kind=kind_of(data),
            takes=_TAKES,
        )
    if missing := missing_bytes(data) if chunked else _missing_of_ogg(data):
        raise TrainyardError(
            "{shown} is truncated: {missing:,} bytes are missing. {copy_again}",
            shown=shown,
            missing=missing,
            copy_again=_COPY_AGAIN,
        )


def _starts_mp3(data: bytes) -> bool:
    """Whether a frame of MPEG layer III begins here; the byte-order mark of UTF-16 looks nearly the same."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return False
    version, layer, bit_rate, rate = data[1] >> 3 & 3, data[1] >> 1 & 3, data[2] >> 4, data[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in (0, 15) and rate != 3


def _missing_of_ogg(data: bytes) -> int:
    """Return how many bytes the last page of an Ogg file lacks; libsndfile would just leave the page out."""
    start = data.rfind(b"OggS", max(0, len(data) - _LARGEST_PAGE))
    if start < 0:
        return 0
    sizes = data[start + 27 : start + 27 + data[start + 26]] if len(data) > start + 26 else b""
    return max(0, start + 27 + len(sizes) + sum(sizes) - len(data))


@dataclass
class _Loudness:
    """The energy of the channels, and of their mean."""

    channels: np.ndarray
    mean: float = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether hardly anything is left of what is in the channels, such as of stereo in opposite phase."""
        return self.mean < _CANCELLED * float(self.channels.max(initial=0.0))


def _decoded(data: bytes, shown: str, channel: int | None = None) -> tuple[np.ndarray, _Loudness]:
    """One channel, or the mean of all, resampled block by block."""
    with _Sound(BytesIO(data)) as sound:
        _check_header(sound, shown)
        resampler = soxr.ResampleStream(sound.samplerate, SAMPLE_RATE_HZ, 1, "float32")
        parts, frames, loudness = [], 0, _Loudness(np.zeros(sound.channels))
        for block in _blocks(sound, shown):
            frames += len(block)
            mixed = block.mean(axis=1) if channel is None else block[:, channel]
            loudness.channels += np.square(block, dtype=np.float64).sum(axis=0)
            loudness.mean += float(np.square(mixed, dtype=np.float64).sum())
            parts.append(_to_int16(resampler.resample_chunk(mixed)))
        parts.append(_to_int16(resampler.resample_chunk(np.empty(0, np.float32), last=True)))
        if frames < sound.frames < 1 << 62 and (sound.format == "FLAC" or _has_length(data)):
            raise TrainyardError(
                "{shown} is truncated: only {frames:,} of {promised:,} samples are there. {copy_again}",
                shown=shown,
                frames=frames,
                promised=sound.frames,
                copy_again=_COPY_AGAIN,
            )
    return np.concatenate(parts), loudness


def _check_header(sound: _Sound, shown: str) -> None:
    if sound.format not in FORMATS:
        raise TrainyardError(
            "{shown} is an audio file in {format} format. Use {takes}.", shown=shown, format=sound.format, takes=_TAKES
        )
    if sound.channels > settings().max_clip_channels:
        raise TrainyardError(
            "{shown} has {channels:,} channels; an audio clip may have {max_clip_channels} "
            "(TRAINYARD_MAX_CLIP_CHANNELS). Mix it down to mono or stereo.",
            shown=shown,
            channels=sound.channels,
            max_clip_channels=settings().max_clip_channels,
        )
    if not LOWEST_RATE_HZ <= sound.samplerate <= HIGHEST_RATE_HZ:
        raise TrainyardError(
            "{shown} has a sample rate of {rate:,} Hz; an audio clip may have {lowest_rate_hz:,} to "
            "{highest_rate_hz:,} Hz. Save it at {sample_rate_hz:,} Hz.",
            shown=shown,
            rate=sound.samplerate,
            lowest_rate_hz=LOWEST_RATE_HZ,
            highest_rate_hz=HIGHEST_RATE_HZ,
            sample_rate_hz=SAMPLE_RATE_HZ,
        )


def _blocks(sound: _Sound, shown: str) -> Iterator[np.ndarray]:
    """The frames as (frames, channels) float32 in [-1, 1], block after block. Raises when they go on for too long."""
    left = settings().max_clip_seconds * sound.samplerate
    while len(block := sound.read(_BLOCK_VALUES // sound.channels, dtype="float32", always_2d=True)):
        left -= len(block)
        if left < 0:
            raise TrainyardError(
                "{shown} is longer than {max_clip_seconds:,} seconds (TRAINYARD_MAX_CLIP_SECONDS). Cut it into "
                "shorter clips.",
                shown=shown,
                max_clip_seconds=settings().max_clip_seconds,
            )
        if not np.isfinite(block).all():
            raise TrainyardError("{shown} has sample values that are NaN or infinite. Export it again.", shown=shown)
        if (peak := float(np.abs(block).max())) > _LOUDEST:
            raise TrainyardError(
                "{shown} has sample values up to {peak:,.0f}, where 1 is full scale. Divide them by "
                "the largest, or save them as 16-bit integers.",
                shown=shown,
                peak=peak,
            )
        yield block.clip(-1, 1)


def _to_int16(samples: np.ndarray) -> np.ndarray:
    """[-1, 1] -> int16; at an equal rate, 16-bit samples come back as they were."""
    scaled: np.ndarray = np.rint(samples * _FULL_SCALE).clip(-_FULL_SCALE, _FULL_SCALE - 1)
    return scaled.astype(np.int16)


def _has_length(data: bytes) -> bool:
    """Whether an MP3 says how long it is: in its first frame, which an ID3 tag of any size may precede."""
    start = 0
    if data.startswith(b"ID3") and len(data) >= 10:
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    first = data[start : start + 200]
    return b"Xing" in first or b"Info" in first
