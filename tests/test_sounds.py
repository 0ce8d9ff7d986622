"""Decoding uploaded audio: every format, rate and width, and everything that only pretends to be audio."""

import io
import re
import threading
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.errors import TrainyardError
from engine.modalities.audio.samples import encode_wav, is_silent
from engine.readers.sounds import SAMPLE_RATE_HZ, decode_sound, fit_length, hear
from engine.settings import settings
from tests.bad_files.make import SCRIPTS, sound, tone
from tests.bad_files.make import sounds as corpus
from tests.memory import said_and_megabytes

BAD_FILES = Path(__file__).parent / "bad_files"
GOOD = {  # samples at 16 kHz
    "silent.wav": 1_600,
    "eight_channels.wav": 400,
    "192_khz.wav": 400,
    "float64.wav": 1_600,
    "24_bits.wav": 1_600,
    "8_bits.wav": 1_600,
    "aiff.wav": 400,
}
REFUSED = {
    "empty.wav": r"is empty \(0 bytes\)",
    "no_samples.wav": "is 0 seconds long",
    "truncated.wav": "is truncated: 3,044 bytes are missing",
    "truncated.flac": "is a broken or incomplete audio file",
    "truncated.ogg": "is truncated: 200 bytes are missing",
    "truncated.mp3": "is truncated: only [0-9,]+ of 9,000 samples are there",
    "nine_channels.wav": r"has 9 channels; an audio clip may have 8 \(TRAINYARD_MAX_CLIP_CHANNELS\)",
    "thousand_channels.wav": "has 1,000 channels",
    "two_billion_hertz.wav": "has a sample rate of 2,147,483,647 Hz; an audio clip may have 1,000 to 384,000 Hz",
    "not_a_number.wav": "has sample values that are NaN or infinite",
    "infinite.wav": "has sample values that are NaN or infinite",
    "scaled.wav": "has sample values up to 16,384, where 1 is full scale",
    "video.wav": "is an MP4 file .*, not a readable audio file. Use WAV, FLAC, Ogg, MP3 or AIFF",
    "zip.ogg": "is a zip archive, not a readable audio file",
    "text.mp3": "is text, not a readable audio file",
    "utf16.mp3": "is of an unknown format, not a readable audio file",  # its mark looks like the beginning of an MP3
}


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """Forget after a test what it set."""
    yield
    settings.cache_clear()


def limit(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    """Change settings for one test."""
    for name, value in values.items():
        monkeypatch.setenv(f"TRAINYARD_{name.upper()}", str(value))
    settings.cache_clear()


def pitch_hz(samples: np.ndarray) -> float:
    """The strongest frequency."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * SAMPLE_RATE_HZ / len(samples))


# -- good sounds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "width"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_24"),
        ("WAV", "PCM_32"),
        ("WAV", "FLOAT"),
        ("WAV", "DOUBLE"),
        ("WAV", "ULAW"),
        ("WAV", "IMA_ADPCM"),
        ("WAVEX", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
        ("AIFF", "PCM_16"),
        ("AIFF", "FLOAT"),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_each_format_and_width_becomes_16_khz_mono(kind: str, width: str, channels: int) -> None:
    samples = decode_sound(sound(tone(48_000, 48_000, channels), 48_000, kind, width), "a")
    assert samples.dtype == np.int16
    assert abs(len(samples) - SAMPLE_RATE_HZ) <= 1_000  # ADPCM ends with a whole block
    middle = samples[4_000:12_000]
    assert pitch_hz(middle) == pytest.approx(300, abs=3)
    assert abs(int(np.abs(middle).max()) - 16_384) < 900


def test_16_bit_samples_at_16_khz_come_back_bit_by_bit() -> None:
    samples = np.random.default_rng(0).integers(-(2**15), 2**15, 5_000).astype(np.int16)
    assert np.array_equal(decode_sound(encode_wav(samples), "a"), samples)
    assert np.array_equal(decode_sound(sound(samples, kind="FLAC"), "a"), samples)


def test_channels_are_averaged() -> None:
    stereo = np.stack([np.full(100, 0.5), np.full(100, -0.25)], axis=1)
    assert set(decode_sound(sound(stereo), "a").tolist()) == {4_096}


def test_channels_that_cancel_each_other_are_not_silence_and_it_is_said() -> None:
    wave = tone(1_600, 16_000, 1).ravel()
    heard = hear(sound(np.stack([0.5 * wave, -0.5 * wave], axis=1)), "a")
    assert not is_silent(heard.samples)
    assert "The channels cancel each other" in heard.remark
    assert "channel 1 was used" in heard.remark
    louder = hear(sound(np.stack([-0.4999 * wave, 0.5 * wave], axis=1)), "a")
    assert "channel 2 was used" in louder.remark
    assert np.array_equal(louder.samples, decode_sound(sound(0.5 * wave), "a"))
    assert not hear(sound(np.stack([0.5 * wave, 0 * wave], axis=1)), "a").remark
    assert is_silent(decode_sound(sound(np.zeros((400, 2))), "a"))


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0xFFFFFFFF])
@pytest.mark.parametrize("kind", ["WAV", "AIFF"])
def test_a_sound_that_was_written_to_a_pipe_is_read_to_its_end(kind: str, size: int) -> None:
    """Its program did not know the length when it wrote the header."""
    whole = sound(tone(1_600, 16_000), kind=kind)
    order: Literal["big", "little"] = "little" if kind == "WAV" else "big"
    start = whole.index(b"data" if kind == "WAV" else b"SSND") + 4
    unknown = bytearray(whole)
    unknown[4:8] = unknown[start : start + 4] = size.to_bytes(4, order)
    assert np.array_equal(decode_sound(bytes(unknown), "a"), decode_sound(whole, "a"))


def test_a_cut_aiff_is_told() -> None:
    with pytest.raises(TrainyardError, match="is truncated: 1,000 bytes are missing"):
        decode_sound(sound(tone(1_600, 16_000), kind="AIFF")[:-1_000], "a")


def test_what_is_louder_than_full_scale_is_clipped() -> None:
    samples = decode_sound(sound(np.array([0.0, 1.5, -1.5]), width="FLOAT"), "a")
    assert samples.tolist() == [0, 32_767, -32_768]


def test_frequencies_above_the_new_rate_do_not_come_back_as_others() -> None:
    high = np.sin(2 * np.pi * 15_000 * np.arange(48_000) / 48_000)
    assert np.abs(decode_sound(sound(high, 48_000), "a")[2_000:-2_000]).max() < 100


def test_the_name_of_a_file_does_not_matter_only_its_bytes() -> None:
    assert len(decode_sound(sound(tone(400, 16_000), kind="FLAC"), "clip.mp3")) == 400


def test_long_clips_are_joined_without_seams() -> None:
    frames = 16_000 * 40  # several blocks
    samples = decode_sound(sound(tone(frames * 3, 48_000), 48_000), "a")
    expected = np.rint(32_768 * tone(frames, SAMPLE_RATE_HZ)[:, 0])
    assert np.abs(samples[100:-100] - expected[100:-100]).max() <= 3


def test_a_recording_that_was_streamed_has_no_size_in_its_header() -> None:
    streamed = bytearray(sound(tone(400, 16_000)))
    streamed[40:44] = b"\xff\xff\xff\xff"
    assert len(decode_sound(bytes(streamed), "a")) == 400


def test_a_flac_of_unknown_length_is_read_to_its_end() -> None:
    streamed = bytearray(sound(tone(90_000, 16_000), kind="FLAC"))
    streamed[21] &= 0xF0
    streamed[22:26] = bytes(4)
    assert len(decode_sound(bytes(streamed), "a")) == 90_000


def test_silence_is_decoded_and_told() -> None:
    assert is_silent(decode_sound((BAD_FILES / "silent.wav").read_bytes(), "a"))
    assert is_silent(np.full(100, 500, np.int16))  # a constant cannot be heard
    assert is_silent(np.array([], np.int16))
    assert not is_silent(decode_sound((BAD_FILES / "8_bits.wav").read_bytes(), "a"))
    assert not is_silent(np.array([0] * 999 + [200], np.int16))


def test_a_player_gets_a_plain_wav() -> None:
    samples = np.array([0, 1, -1, 32_767, -32_768], np.int16)
    with wave.open(io.BytesIO(encode_wav(samples))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert np.array_equal(np.frombuffer(file.readframes(99), "<i2"), samples)


@pytest.mark.parametrize(
    ("length", "fitted"),
    [(7, [1, 2, 3, 4, 5, 0, 0]), (5, [1, 2, 3, 4, 5]), (3, [2, 3, 4]), (2, [2, 3]), (0, [])],
)
def test_clips_are_filled_at_the_end_or_cut_to_their_middle(length: int, fitted: list[int]) -> None:
    result = fit_length(np.array([1, 2, 3, 4, 5], np.int16), length)
    assert result.tolist() == fitted
    assert result.dtype == np.int16


def test_threads_may_decode_at_once() -> None:
    data, lengths = sound(tone(9_000, 44_100), 44_100, "OGG"), []
    threads = [threading.Thread(target=lambda: lengths.append(len(decode_sound(data, "a")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lengths) == 8
    assert len(set(lengths)) == 1


# -- bad files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(GOOD))
def test_odd_files_are_decoded(name: str) -> None:
    assert len(decode_sound((BAD_FILES / name).read_bytes(), name)) == GOOD[name]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_no_usable_sound_is_a_sentence(name: str) -> None:
    with pytest.raises(TrainyardError, match=f"^{re.escape(repr(name))} {REFUSED[name]}"):
        decode_sound((BAD_FILES / name).read_bytes(), name)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\0\0\0\x18ftypisom\0\0\2\0", r"an MP4 file \(a video, or audio as M4A\)"),
        (b"\x1aE\xdf\xa3" + bytes(60), "a WebM or Matroska video"),
        (b"RIFF\x40\0\0\0AVI LIST" + bytes(60), "an AVI video"),
        (b"\0\0\x01\xba" + bytes(60), "of an unknown format"),  # MPEG, as on a DVD
        (b"#!AMR\n" + bytes(60), "an AMR audio file"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    ],
)
def test_videos_and_other_files_are_called_what_they_are(data: bytes, what: str) -> None:
    with pytest.raises(TrainyardError, match=rf"^'clip\.wav' is {what}, not a readable audio file. Use WAV"):
        decode_sound(data, "clip.wav")


def test_an_ogg_that_holds_only_a_picture_is_a_sentence() -> None:
    page = b"OggS\0\x02" + bytes(20) + b"\x01\x2a\x80theora" + bytes(40)
    with pytest.raises(TrainyardError, match=r"^'clip\.ogg' is a broken or incomplete audio file"):
        decode_sound(page, "clip.ogg")


@pytest.mark.parametrize(("field", "size"), [(22, 2), (24, 4), (34, 2)], ids=["channels", "rate", "bits"])
def test_a_header_full_of_zeros_is_a_sentence(field: int, size: int) -> None:
    data = bytearray(sound(tone(400, 16_000)))
    data[field : field + size] = bytes(size)
    with pytest.raises(TrainyardError, match=r"^'clip\.wav' is a broken or incomplete audio file"):
        decode_sound(bytes(data), "clip.wav")


def test_every_kept_sound_has_a_test() -> None:
    assert set(GOOD) | set(REFUSED) == set(corpus())
    assert all((BAD_FILES / name).stat().st_size < 20_000 for name in corpus())


@pytest.mark.parametrize("script", SCRIPTS)
def test_names_in_every_script_are_shown(script: str) -> None:
    with pytest.raises(TrainyardError) as caught:
        decode_sound(b"", f"{script}.wav")
    assert repr(f"{script}.wav") in str(caught.value)


def test_names_in_sentences_are_short_and_escaped() -> None:
    with pytest.raises(TrainyardError) as caught:
        decode_sound(b"", "x" * 1000 + "\n\x1b[31m<script>")
    assert len(str(caught.value)) < 200
    assert "\x1b" not in str(caught.value)


def test_large_files_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_clip_mb=1)
    with pytest.raises(
        TrainyardError, match=r"'a.wav' has 1 MB; an audio clip may have 1 MB \(TRAINYARD_MAX_CLIP_MB\)"
    ):
        decode_sound(sound(np.zeros(500_001)), "a.wav")


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_one_second_too_much_is_refused_and_not_one_less(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_clip_seconds=2)
    assert len(decode_sound(sound(np.zeros(32_000), kind=kind), "a")) == 32_000
    with pytest.raises(TrainyardError, match=r"'a' is longer than 2 seconds \(TRAINYARD_MAX_CLIP_SECONDS\)"):
        decode_sound(sound(np.zeros(48_000), kind=kind), "a")


def test_a_header_that_lies_about_the_length_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_clip_seconds=2)
    lying = bytearray(sound(np.zeros(90_000), kind="FLAC"))
    lying[22:26] = (0).to_bytes(4, "big")
    with pytest.raises(TrainyardError, match="is longer than 2 seconds"):
        decode_sound(bytes(lying), "a")
    lying[22:26] = (200_000).to_bytes(4, "big")
    limit(monkeypatch, max_clip_seconds=60)
    with pytest.raises(TrainyardError, match="is truncated: only 90,000 of 200,000 samples are there"):
        decode_sound(bytes(lying), "a")


def test_a_day_of_silence_in_a_small_file_is_refused_in_little_memory(tmp_path: Path) -> None:
    """All of it would take 2,700 MB as int16 at 16 kHz."""
    with soundfile.SoundFile(tmp_path / "day.flac", "w", 1_000, 1, format="FLAC") as file:
        for _ in range(24):
            file.write(np.zeros(3_600_000, np.int16))
    assert (tmp_path / "day.flac").stat().st_size < 400_000
    said, megabytes = said_and_megabytes(
        f"""
from engine.readers.sounds import decode_sound
from engine.errors import TrainyardError
data = open({str(tmp_path / "day.flac")!r}, "rb").read()
""",
        """
try:
    print(decode_sound(data, "day.flac").shape)
except TrainyardError as error:
    print(error)
""",
    )
    assert said.startswith("'day.flac' is longer than 600 seconds")
    assert megabytes < 80  # ten minutes at 16 kHz are 19 MB


# -- any bytes ---------------------------------------------------------------------------------------------------------


@given(
    rate=st.integers(1_000, 384_000),
    channels=st.integers(1, 8),
    width=st.sampled_from(["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]),
    frames=st.integers(50, 3_000),
)
@hypothesis_settings(max_examples=100, deadline=None)
def test_any_rate_width_and_number_of_channels_has_the_expected_length(
    rate: int, channels: int, width: str, frames: int
) -> None:
    expected = frames * SAMPLE_RATE_HZ / rate
    data = sound(np.zeros((frames, channels)), rate, "WAV", width)
    assert abs(len(decode_sound(data, "a")) - expected) <= 1


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"RIFF\0\0\0\0WAVE", b"fLaC", b"OggS\0", b"ID3\x04", b"\xff\xfb\x90"]),
)
@hypothesis_settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_sound_or_a_sentence(data: bytes, start: bytes) -> None:
    try:
        assert decode_sound(start + data, "a").dtype == np.int16
    except TrainyardError:
        pass


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_damaged_files_never_raise_anything_else(kind: str) -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(sound(rng.normal(0, 0.1, 6_000), kind=kind), np.uint8)
    decoded = 0
    for _ in range(150):
        damaged = whole.copy()
        places = rng.integers(0, len(whole) if rng.random() < 0.5 else 100, rng.integers(1, 8))
        damaged[places] = rng.integers(0, 256, len(places))
        try:
            decode_sound(damaged[: rng.integers(len(whole) // 2, len(whole) + 1)].tobytes(), "a")
            decoded += 1
        except TrainyardError:
            pass
    assert decoded < 150
