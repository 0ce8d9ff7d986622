"""Texts that are said: sounds as spectrograms and back, words, the judge, and a run from its voices to a sound."""

import base64
import io
import json
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from engine.artifacts import artifacts_of
from engine.data_info import SAMPLE_RATE_HZ
from engine.datasets.base import datasets
from engine.runs import Run, RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.serving.seen import show_prepared
from engine.settings import settings as configured
from engine.speech.judge import Judge
from engine.speech.vocoder import BANDS, HOP, SILENCE, encoded, mel_of, sound_of, stretched, voiced
from engine.store import Store, open_store
from engine.tasks.text_to_speech import words_of
from tests.tiny import TinyVoices

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def voices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder for the whole module, in which there are a few voices to learn from."""
    datasets.register("tiny-voices", "A few voices")(TinyVoices)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("saying") / "home"))
        configured.cache_clear()
        yield
    configured.cache_clear()
    datasets.unregister("tiny-voices")


def tone(hertz: float, samples: int = 8_000) -> np.ndarray:
    """(samples,) int16"""
    return np.rint(9_000 * np.sin(2 * np.pi * hertz * np.arange(samples) / SAMPLE_RATE_HZ)).astype(np.int16)


def test_a_sound_found_from_its_spectrogram_has_nearly_this_spectrogram() -> None:
    mel = mel_of(tone(700)[None])[0]
    assert mel.shape == (8_000 // HOP, BANDS)
    found = sound_of(mel)
    assert len(found) == 8_000
    again = mel_of(found[None])[0]
    assert (again.mean(axis=0).argmax(), mel.mean(axis=0).argmax()) == (mel.mean(axis=0).argmax(),) * 2
    assert np.abs(again - mel).mean() < np.abs(mel_of(tone(900)[None])[0] - mel).mean()
    np.testing.assert_array_equal(found, sound_of(mel))


def test_silence_is_silent_and_nothing_has_no_sound() -> None:
    silent = mel_of(np.zeros((1, 4_000), np.int16))[0]
    assert silent == pytest.approx(np.full_like(silent, SILENCE))
    assert len(voiced(silent)) == 0
    assert np.abs(sound_of(silent).astype(int)).max() < 3_000
    assert encoded(np.zeros(0, np.int16)) == ""


def test_faster_is_shorter_and_the_pitch_stays() -> None:
    mel = mel_of(tone(700)[None])[0]
    assert [len(stretched(mel, speed)) for speed in (1.0, 2.0, 0.5)] == [40, 20, 80]
    np.testing.assert_allclose(stretched(mel, 1.0), mel, rtol=1e-6)
    assert stretched(mel, 2.0).mean(axis=0).argmax() == mel.mean(axis=0).argmax()
    assert len(stretched(mel[:0], 2.0)) == 0


def test_digits_stand_for_their_words_and_signs_for_nothing() -> None:
    assert words_of("27, Four!") == ["two", "seven", "four"]
    assert words_of(" \n…") == []
    assert len(words_of("1" * 500)) == 20


def test_the_judge_understands_words_that_it_has_heard_and_is_kept_as_json() -> None:
    examples = TinyVoices().load()
    texts = [text for text, _voice in examples.inputs["categories"].tolist()]
    mel = mel_of(examples.targets)
    judge = Judge.learn(mel[:80], texts[:80])
    again = Judge.from_dict(json.loads(json.dumps(judge.to_dict())))
    assert again.words(mel[80:]) == texts[80:]
    assert Judge.learn(mel, ["one word"] * len(mel)).words(mel[:2]) == ["", ""]


@pytest.fixture(scope="module")
def run() -> Run:
    """A small network after some epochs."""
    from engine.training.fit import train_run

    store: Store = open_store()
    values = {"dataset": "tiny-voices", "model": "mel-decoder", "filters": 16, "embedding": 8}
    made = store.runs.create(
        RunSpec.build({**values, "epochs": 8, "batch_size": 8, "learning_rate": 0.01}), slot="test"
    )
    train_run(store, made)
    return store.runs.get(made.id)


def test_a_run_is_evaluated_by_distance_and_by_being_understood(run: Run) -> None:
    assert run.state is RunState.COMPLETED, run.message
    assert 0 < run.result["test_mel_l1"] < 2
    assert 0 <= run.result["test_understood"] <= 1
    assert run.result["baseline_name"] == "mean-of-the-word"
    assert artifacts_of(run.id).read_evaluation()["test"]["understood_true"] == 1


def test_what_training_logs_is_what_the_evaluation_finds(run: Run) -> None:
    logged = open_store().metrics.history(run.id)["val_mel_l1"]
    assert min(logged) == pytest.approx(run.result["validation_mel_l1"], rel=1e-3)


def test_a_text_is_said_in_a_voice_at_a_speed(run: Run) -> None:
    loaded = LoadedModels()

    def said(text: str | None, voice: str = "v1", **parameters: float) -> dict[str, object]:
        row = json.dumps({"text": text, "voice": voice}).encode()
        [found] = loaded.predict(run.id, [("row.json", row)], parameters=parameters)
        assert found.prediction is not None, found.error
        return dict(found.prediction.values)

    once, twice, fast = said("up"), said("up down"), said("up down", speed=2.0)
    assert 0 < float(str(fast["seconds"])) < float(str(twice["seconds"]))
    assert float(str(once["seconds"])) < float(str(twice["seconds"]))
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(str(once["mp3"]))))
    assert rate == SAMPLE_RATE_HZ
    assert len(samples) / rate == pytest.approx(float(str(once["seconds"])), abs=0.2)
    assert said("up", "v4")["bands"] != once["bands"]
    for nothing in ("", " ", None):
        assert said(nothing) == {"seconds": 0.0, "mp3": "", "bands": []}
    stranger = said("hello", "nobody")
    assert set(stranger["unknown"]) == {"text", "voice"}  # type: ignore[call-overload]


def test_what_the_network_gets_of_a_text_is_ids_that_nobody_is_shown(run: Run) -> None:
    assert show_prepared(run.id, [("row.json", json.dumps({"text": "up", "voice": "v1"}).encode())]) == []
