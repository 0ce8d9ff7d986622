"""Training on audio: versions that are made once, masking that differs each time, and tests from outside the splits."""

import json
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.augmentations.audio import AudioAugmentation
from engine.cli.training import summary
from engine.datasets.base import datasets
from engine.preparation.prepare import PreparedDataset, prepare
from engine.runs import RunSpec
from engine.settings import settings
from engine.store import Store
from engine.training import reporting, session
from engine.training.features import frozen_features
from engine.training.network import Network, build_network
from tests.test_training_exactness import assert_equal
from tests.tones import SAMPLES, Tones, tones
from tests.training_runs import train, train_with_stops

CHANGES: dict[str, Any] = {"versions": 3, "shift_ms": 50, "speed": 0.1, "noise": 0.5}
HIDING: dict[str, Any] = {"hide_time": 0.2, "hide_pitch": 0.2}
SMALL: dict[str, Any] = {
    "dataset": "tones",
    "model": "audio-cnn",
    "filters": 4,
    "units": 8,
    "batch_size": 8,
    "epochs": 2,
}


@pytest.fixture(autouse=True)
def _tones() -> Iterator[None]:
    datasets.register("tones", "Tones")(Tones)
    yield
    datasets.unregister("tones")


def spec_of(**values: Any) -> RunSpec:
    return RunSpec.build(SMALL | {"units": 8} | values)


# -- versions ------------------------------------------------------------------------------------------------------------


def test_nothing_is_on_unless_somebody_or_the_dataset_turns_it_on() -> None:
    assert not AudioAugmentation().active()
    assert AudioAugmentation().copies == 1
    assert AudioAugmentation(**HIDING).active()
    assert AudioAugmentation(**HIDING).copies == 1
    assert AudioAugmentation(**CHANGES).copies == 3


def test_a_clip_is_moved_by_at_most_what_was_asked() -> None:
    clip = np.zeros((200, SAMPLES), np.int16)
    clip[:, 2_000] = 10_000
    moved = AudioAugmentation(shift_ms=50).vary(clip, np.random.default_rng(0))
    places = moved.argmax(axis=1) - 2_000
    assert abs(places).max() <= 800
    assert places.min() < -600 < 600 < places.max()


def test_a_faster_clip_is_shorter_around_its_middle_and_higher() -> None:
    inputs = tones(30).inputs
    sped = AudioAugmentation(speed=0.3).vary(inputs, np.random.default_rng(0))
    peaks = [np.abs(np.fft.rfft(clips)).argmax(axis=1) for clips in (inputs, sped)]
    rates = peaks[1] / peaks[0]
    assert 0.69 < rates.min() < 0.85
    assert 1.15 < rates.max() < 1.31
    silent = (sped[:, :200] == 0).all(axis=1)
    assert np.array_equal(silent, rates > 1 / (1 - 2 * 200 / SAMPLES))


def test_noise_is_as_loud_as_its_snr_says_and_only_a_share_gets_it() -> None:
    inputs = tones(300).inputs
    changes = AudioAugmentation(noise=0.4, lowest_snr=10.0)
    difference = changes.vary(inputs, np.random.default_rng(0)).astype(float) - inputs
    noisy = difference.any(axis=1)
    assert 0.3 < noisy.mean() < 0.5
    snr = 10 * np.log10(np.square(inputs[noisy].astype(float)).mean(axis=1) / np.square(difference[noisy]).mean(axis=1))
    assert 9.9 < snr.min() < 12
    assert 37 < snr.max() < 40.5


def test_loud_clips_do_not_wrap_around() -> None:
    loud = np.full((8, SAMPLES), 32_767, np.int16)
    varied = AudioAugmentation(noise=1.0, lowest_snr=-5.0).vary(loud, np.random.default_rng(0))
    assert varied.max() == 32_767
    assert (varied > 0).mean() > 0.8


def features_of(spec: RunSpec) -> tuple[Network, np.ndarray]:
    data = prepare(spec.dataset)
    network = build_network(spec, data.info)
    return network, frozen_features(network, spec, data, "train")[0]


def test_the_first_version_is_unchanged_and_the_others_are_not(home: Any) -> None:
    spec = spec_of(**CHANGES)
    network, features = features_of(spec)
    inputs, targets = prepare(spec.dataset).arrays("train")
    copies = features.reshape(3, len(targets), *features.shape[1:])
    np.testing.assert_allclose(copies[0], network.features.predict(inputs, verbose=0), atol=1e-5)  # type: ignore[union-attr]
    assert all(np.abs(one - other).max() > 0.5 for one, other in ((copies[0], copies[1]), (copies[1], copies[2])))


def test_a_second_launch_finds_the_features_and_computes_none(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, first = features_of(spec_of(**CHANGES))
    monkeypatch.delattr(PreparedDataset, "inputs")  # there is nothing to compute features of
    for values in ({}, {"learning_rate": 0.01}, HIDING, {"epochs": 7}):
        np.testing.assert_array_equal(features_of(spec_of(**CHANGES, **values))[1], first)
    with pytest.raises(AttributeError):
        features_of(spec_of(**CHANGES | {"shift_ms": 60}))


def test_there_are_no_more_versions_than_fit(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = features_of(spec_of())[1].nbytes
    assert one * 40 > 2_000_000 > one * 8
    monkeypatch.setenv("TRAINYARD_MAX_VERSIONS_MB", "1")
    settings.cache_clear()
    assert features_of(spec_of(**CHANGES | {"versions": 16}))[1].nbytes == 1_000_000 // one * one


def test_an_interrupted_computation_leaves_nothing_that_looks_whole(home: Any) -> None:
    spec = spec_of(**CHANGES)
    data = prepare(spec.dataset)
    asked = iter([1, 1, 0])
    with pytest.raises(ZeroDivisionError):  # in the third of three copies
        frozen_features(build_network(spec, data.info), spec, data, "train", lambda: 1 / next(asked))
    assert next(asked, None) is None
    assert not list(data.path.glob("features-*"))


# -- hiding --------------------------------------------------------------------------------------------------------------


def test_stretches_are_hidden_in_training_only_and_differ_from_example_to_example() -> None:
    start = keras.Input((40, 30))
    model = keras.Model(start, AudioAugmentation(hide_time=0.25, hide_pitch=0.2).apply(start, seed=0))
    ones = np.ones((64, 40, 30), np.float32)
    assert np.array_equal(model(ones), ones)
    hidden = np.asarray(model(ones, training=True)) == 0
    frames, bands = hidden.all(axis=2), hidden.all(axis=1)
    assert np.array_equal(hidden, frames[:, :, None] | bands[:, None, :])
    assert 10 < frames.sum(axis=1).max() <= 20  # two stretches of at most a quarter
    assert 6 < bands.sum(axis=1).max() <= 12
    assert len(np.unique(frames, axis=0)) > 50
    assert not np.array_equal(hidden, np.asarray(model(ones, training=True)) == 0)


# -- whole runs ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_stopped_anywhere_ends_as_one_never_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FIRST_EXECUTION_STEPS", 4)
    monkeypatch.setattr(session, "_MAX_EXECUTION_STEPS", 4)
    monkeypatch.setattr(session, "_EXECUTION_SECONDS", 10.0)
    monkeypatch.setattr(reporting.Report, "INTERVAL_SECONDS", 0.0)
    values = SMALL | CHANGES | HIDING | {"model": "crnn", "deterministic": True}
    in_features, in_first_epoch, later = 2, 5, 3  # of the attempts, the chance at which each stops
    stopped = train_with_stops(monkeypatch, store, [in_features, in_first_epoch, later], **values)
    assert stopped.attempt == 3 + 1
    assert_equal(store, train(store, **values), stopped)


def test_a_run_is_evaluated_once_on_what_lies_outside_the_splits(store: Store) -> None:
    run = train(store, **SMALL)
    found = json.loads(artifacts_of(run.id).evaluation.read_text())
    assert list(found) == ["validation", "test", "other_tones"]
    assert np.sum(found["other_tones"]["confusion_matrix"]) == 12
    assert run.result["other_tones_accuracy"] == found["other_tones"]["metrics"]["accuracy"]
    assert summary(run)["metrics"]["other_tones_accuracy"] == run.result["other_tones_accuracy"]
