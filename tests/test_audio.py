"""Networks for audio: the spectrogram is part of them, and the prediction for a clip depends on that clip alone."""

import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from engine.data_info import DataInfo
from engine.models.audio_cnn import AudioCnn
from engine.models.audio_transformer import AudioTransformer
from engine.models.base import Model, models
from engine.models.crnn import Crnn
from engine.runs import RunSpec
from engine.tasks.audio_classification import AudioClassification
from engine.training.network import Network, build_network
from tests.extremes import all_at_one_end

AUDIO_MODELS = [name for name in models if "audio" in models[name].modalities]
SMALL: dict[str, dict[str, Any]] = {
    "crnn": {"filters": 4, "units": 8},
    "audio-cnn": {"filters": 4, "units": 8},
    "audio-transformer": {"embedding": 16, "depth": 1},
}
LABELS = ("hiss", "hum", "beep")
INFO = DataInfo((4_000,), LABELS)


def clips(count: int = 3, samples: int = 4_000) -> np.ndarray:
    """Noise, a hum and a beep, loud and quiet: (count, samples) int16."""
    rng, time = np.random.default_rng(0), np.arange(samples) / 16_000
    made = [rng.normal(0, 2_000, samples), 9_000 * np.sin(700 * time), 300 * np.sin(12_000 * time) * (time > 0.1)]
    return np.stack([made[i % 3] for i in range(count)]).astype(np.int16)


def build(model: Model, info: DataInfo = INFO, seed: int = 0) -> Network:
    """All networks of a run on clips of a quarter of a second."""
    spec = RunSpec.build({"dataset": "spoken-digits", "seed": seed})
    return build_network(RunSpec(**spec.sections() | {"model": model}), info)  # type: ignore[arg-type]


@lru_cache
def small(name: str) -> Network:
    """The small network of a model, for tests that do not change it."""
    return build(models[name].parse(SMALL[name]))


@pytest.fixture(autouse=True)
def _names_start_anew() -> Iterator[None]:
    yield
    keras.backend.clear_session()


def test_every_model_for_sounds_is_tested_here() -> None:
    assert set(AUDIO_MODELS) == set(SMALL)


@pytest.mark.parametrize("samples", [1_600, 16_000, 32_000])
@pytest.mark.parametrize("name", AUDIO_MODELS)
def test_it_maps_clips_of_any_length_to_probabilities(name: str, samples: int) -> None:
    network = build(models[name].parse(SMALL[name]), DataInfo((samples,), LABELS))
    outputs = np.asarray(network.saved(clips(3, samples)))
    assert outputs.shape == (3, 3)
    assert np.allclose(outputs.sum(axis=1), 1, atol=1e-5)
    assert outputs.std(axis=0).max() > 1e-4


@pytest.mark.parametrize("name", AUDIO_MODELS)
def test_it_builds_at_the_ends_of_every_range(name: str) -> None:
    for end in (0, -1):
        values = all_at_one_end(models[name].hyperparameters(), end)
        with keras.StatelessScope(initialize_variables=False):
            network = build(models[name].parse(SMALL[name] | values))
        assert network.core.output.shape == (None, 3), values
        keras.backend.clear_session()


@pytest.mark.parametrize("name", AUDIO_MODELS)
def test_the_gradient_reaches_every_trainable_weight(name: str) -> None:
    network = small(name)
    assert network.features is not None
    features = network.features(clips(6))
    with tf.GradientTape() as tape:
        scores = network.trained(features)
        loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(np.arange(6) % 3, scores, from_logits=True))
    weights = network.trained.trainable_variables
    for variable, gradient in zip(weights, tape.gradient(loss, [v.value for v in weights]), strict=True):
        assert gradient is not None, variable.path
        assert np.abs(gradient).max() > 0, variable.path


@pytest.mark.parametrize("name", AUDIO_MODELS)
def test_the_same_seed_gives_the_same_network(name: str) -> None:
    again, other = (build(models[name].parse(SMALL[name]), seed=seed) for seed in (0, 1))
    weights = [network.core.get_weights() for network in (small(name), again, other)]
    assert all(np.array_equal(one, same) for one, same in zip(weights[0], weights[1], strict=True))
    assert not all(np.array_equal(one, another) for one, another in zip(weights[0], weights[2], strict=True))


@pytest.mark.slow
def test_saved_networks_load_where_only_keras_is_installed(tmp_path: Path) -> None:
    for name in AUDIO_MODELS:
        for normalisation in ("clip", "band"):
            model = models[name].parse(SMALL[name] | {"normalisation": normalisation})
            saved = build(model, DataInfo(INFO.shape, LABELS, learned=model.learn(clips(), INFO))).saved
            saved.save(tmp_path / f"{name}-{normalisation}.keras")
            np.save(tmp_path / f"{name}-{normalisation}.npy", np.asarray(saved(clips(3, 5_000))))
    np.save(tmp_path / "clips.npy", clips(3, 5_000))
    program = (
        "import pathlib, sys, keras, numpy as np\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "for path in sorted(folder.glob('*.keras')):\n"
        "    outputs = keras.saving.load_model(path, safe_mode=True)(np.load(folder / 'clips.npy'))\n"
        "    print(path.stem, np.abs(np.asarray(outputs) - np.load(path.with_suffix('.npy'))).max())\n"
        "assert not any(module.split('.')[0] == 'engine' for module in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=240, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    differences = {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}
    assert differences.keys() == {f"{name}-{how}" for name in AUDIO_MODELS for how in ("clip", "band")}
    assert max(differences.values()) < 1e-5


# -- the spectrogram -----------------------------------------------------------------------------------------------------


def seen(model: Model, inputs: np.ndarray, learned: dict[str, Any] | None = None) -> np.ndarray:
    """Return what a network sees of clips: (examples, frames, bands)."""
    info = DataInfo(inputs.shape[1:], LABELS, learned=learned or {})
    start = keras.Input(info.shape, dtype="int16")
    return np.asarray(keras.Model(start, model.preprocess(start, info))(inputs))


def test_a_higher_tone_lies_in_a_higher_band_and_a_later_one_in_a_later_frame() -> None:
    time = np.arange(16_000) / 16_000
    tones = [np.sin(2 * np.pi * pitch * time) for pitch in (300, 3_000)]
    late = tones[0] * (time > 0.5)
    spectrograms = seen(Crnn(), (8_000 * np.stack([*tones, late])).astype(np.int16))
    low, high = spectrograms[:2].mean(axis=1).argmax(axis=1)
    assert low < 10 < 20 < high
    assert spectrograms.shape == (3, 51, 40)  # a frame each 20 ms
    assert spectrograms[2, 30:, low].mean() > spectrograms[2, :20, low].mean() + 1


def test_what_is_seen_of_a_clip_depends_neither_on_its_neighbours_nor_on_its_loudness() -> None:
    loud, quiet, alone = clips(3), clips(3), clips(3)[2:]
    quiet[0] //= 4
    for normalisation, model in (("clip", Crnn()), ("band", Crnn(normalisation="band"))):
        together = seen(model, loud)
        np.testing.assert_allclose(together[2:], seen(model, alone), atol=1e-5, err_msg=normalisation)
        np.testing.assert_allclose(together[0], seen(model, quiet)[0], atol=0.2, err_msg=normalisation)


def test_silence_is_seen_as_numbers() -> None:
    for model in (Crnn(), Crnn(normalisation="band")):
        assert np.isfinite(seen(model, np.zeros((1, 4_000), np.int16))).all()


def test_bands_are_scaled_by_what_the_training_split_shows() -> None:
    model = AudioCnn(normalisation="band")
    learned = model.learn(clips(30), INFO)
    spectrograms = seen(model, clips(30), learned)
    np.testing.assert_allclose(spectrograms.mean(axis=(0, 1)), 0, atol=1e-3)
    np.testing.assert_allclose(spectrograms.std(axis=(0, 1)), 1, atol=1e-3)
    assert AudioCnn().learn(clips(), INFO) == {}


def test_raw_clips_are_cut_or_filled_with_silence() -> None:
    raw, inputs = AudioClassification().inputs(INFO)
    whole = keras.Model(raw, inputs)
    assert np.array_equal(whole(clips(3, 5_000)), clips(3, 5_000)[:, :4_000])
    assert np.array_equal(whole(clips(3, 1_000)), np.pad(clips(3, 1_000), ((0, 0), (0, 3_000))))


# -- single networks -----------------------------------------------------------------------------------------------------


def test_the_convolutions_pool_no_further_than_the_clip_allows() -> None:
    names = [layer.name for layer in build(AudioCnn(blocks=4, hop_ms=40), DataInfo((2_000,), LABELS)).core.layers]
    assert "block2_pool" in names
    assert "block3_pool" not in names


def test_the_transformer_sees_all_frames_also_where_stretches_do_not_come_out_even() -> None:
    network = build(AudioTransformer(frames_per_patch=8, depth=1, embedding=16))
    assert network.core.get_layer("stretches").output.shape[1:] == (2, 8 * 40)  # 13 frames, and 3 of silence
