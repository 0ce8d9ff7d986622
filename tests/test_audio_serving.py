"""From the bytes of an audio clip to an answer and to pictures."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.modalities.audio.clips import loudest
from engine.modalities.audio.samples import encode_wav
from engine.modalities.base import modalities
from engine.serving.loaded import LoadedModels
from engine.serving.previews import VARIANTS, preview_augmentation
from engine.store import Store
from tests.test_audio_training import CHANGES, HIDING, SMALL
from tests.tones import LABELS, Tones, tones
from tests.training_runs import train

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
INFO = DataInfo((4_000,), LABELS)


@pytest.fixture(autouse=True)
def _tones() -> Iterator[None]:
    datasets.register("tones", "Tones")(Tones)
    yield
    datasets.unregister("tones")


def test_a_clip_of_the_right_length_comes_as_it_is() -> None:
    [clip] = tones(1).inputs
    assert np.array_equal(modalities["audio"].decode(encode_wav(clip), "clip.wav", INFO).inputs[0], clip)


def test_a_short_clip_ends_in_silence_and_of_a_long_one_the_loudest_part_counts() -> None:
    [word] = tones(1).inputs
    short = modalities["audio"].decode(encode_wav(word[:1_000]), "short.wav", INFO).inputs[0]
    assert np.array_equal(short, np.concatenate([word[:1_000], np.zeros(3_000, np.int16)]))
    late = np.concatenate([np.zeros(30_000, np.int16), word, np.zeros(9_000, np.int16)])
    assert np.abs(modalities["audio"].decode(encode_wav(late), "late.wav", INFO).inputs[0][100:-100]).max() > 5_000
    assert (modalities["audio"].decode(encode_wav(late), "late.wav", INFO).inputs[0] == 0).mean() < 0.05


def test_a_short_word_lies_in_the_middle_of_the_part_that_counts() -> None:
    samples = np.zeros(40_000, np.int16)
    samples[25_000:26_000] = 5_000
    heard = np.flatnonzero(loudest(samples, 4_000))
    assert 1_400 < heard[0] < heard[-1] < 2_600
    assert len(loudest(np.zeros(9_000, np.int16), 4_000)) == 4_000


def test_lists_of_samples_and_files_come_together_and_the_first_wrong_one_is_named() -> None:
    [word] = tones(1).inputs
    file = {"b64": base64.b64encode(encode_wav(word)).decode()}
    parse = modalities["audio"].parse
    found = parse([[1, -2, 3], file, [7] * 4_001], INFO)
    assert (found.dtype, found.shape) == (np.int16, (3, 4_000))
    assert found[0].tolist() == [1, -2, 3] + [0] * 3_997
    assert np.array_equal(found[1], word)
    assert found[2].tolist() == [7] * 4_000
    for wrong in ([], [1.5], [40_000], [[1]], "1", None):
        for instances in ([wrong], [[1], wrong, [2.5]], [file, wrong, [2.5]]):
            with pytest.raises(TrainyardError, match=rf"^instances\[{instances.index(wrong)}\] is not an audio clip"):
                parse(instances, INFO)


def test_what_is_no_sound_is_a_sentence() -> None:
    with pytest.raises(TrainyardError, match=r"'cat\.png' is"):
        modalities["audio"].decode(b"\x89PNG\r\n\x1a\n", "cat.png", INFO)


def test_a_trained_network_answers_about_sounds_of_any_length(store: Store) -> None:
    run = train(store, **SMALL)
    files = [(f"{length}.wav", encode_wav(np.resize(tones(3).inputs[2], length))) for length in (1_000, 4_000, 50_000)]
    results = LoadedModels().predict(run.id, [*files, ("broken.wav", b"RIFF")])
    assert [bool(result.prediction) for result in results] == [True, True, True, False]
    assert set(results[0].prediction.values["probabilities"]) == set(LABELS)  # type: ignore[union-attr]
    assert "broken.wav" in results[3].error


@pytest.mark.parametrize(
    "changes", [CHANGES, HIDING, CHANGES | HIDING | {"normalisation": "band"}], ids=["made", "hidden", "both"]
)
def test_a_preview_shows_spectrograms_that_differ_and_repeats(home: Any, changes: dict[str, Any]) -> None:
    values = SMALL | changes
    rows = preview_augmentation(values, 2)
    assert preview_augmentation(values, 2) == rows
    for original, variants in rows:
        pictures = [np.asarray(Image.open(io.BytesIO(data))) for data in (original, *variants)]
        assert len(pictures) == 1 + VARIANTS
        assert {picture.shape for picture in pictures} == {(3 * 40, 3 * 13, 3)}
        assert len({picture.tobytes() for picture in pictures}) == len(pictures)
        assert pictures[0].std() > 20


def test_without_augmentation_a_preview_has_no_variants(home: Any) -> None:
    assert [variants for _, variants in preview_augmentation(SMALL, 2)] == [[], []]
