"""Audio clips as pictures: frequency upwards, time to the right."""

import io

import numpy as np
from PIL import Image

from engine.modalities.audio.spectrograms import spectrogram, spectrogram_picture, spectrogram_png

TIME = np.arange(16_000) / 16_000


def tone(pitch_hz: float) -> np.ndarray:
    """A second of it."""
    return (9_000 * np.sin(2 * np.pi * pitch_hz * TIME)).astype(np.int16)


def test_a_higher_tone_is_drawn_higher_and_a_later_one_further_right() -> None:
    low, high = (spectrogram(tone(pitch)).mean(axis=0).argmax() for pitch in (300, 4_000))
    assert low < 12 < 30 < high
    late = spectrogram(np.where(TIME < 0.5, 0, tone(300)).astype(np.int16))
    assert late[:20].max() == 0
    assert late[35:, low].min() > 0.9
    brightness = np.asarray(spectrogram_picture(late), float).sum(axis=2)
    row, column = np.unravel_index(brightness.argmax(), brightness.shape)
    assert row > brightness.shape[0] / 2
    assert column > brightness.shape[1] / 2


def test_the_picture_does_not_depend_on_loudness() -> None:
    np.testing.assert_allclose(spectrogram(tone(500)), spectrogram(tone(500) // 8), atol=0.15)


def test_silence_and_single_samples_have_a_picture_too() -> None:
    for samples in (np.zeros(16_000, np.int16), np.zeros(1, np.int16), np.array([9], np.int16)):
        assert np.isfinite(spectrogram(samples)).all()
        assert Image.open(io.BytesIO(spectrogram_png(spectrogram(samples)))).width >= 3
    assert spectrogram(np.zeros(16_000, np.int16)).max() == 0


def test_a_long_clip_has_a_picture_of_bounded_width() -> None:
    assert spectrogram(np.tile(tone(500), 60)).shape[0] <= 256
