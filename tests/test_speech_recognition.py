"""Speech that is written down: units, decoding, recordings of any length, the loss, templates, and a run to its answers."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jiwer
import keras
import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.data_info import SAMPLE_RATE_HZ, DataInfo
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.modalities.audio.samples import encode_wav
from engine.modalities.base import modalities
from engine.modalities.speech.clips import Clips, sounding, together
from engine.modalities.speech.templates import Templates
from engine.models.base import models
from engine.models.speech import SpeechModel
from engine.runs import Run, RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.settings import settings as configured
from engine.speech.decoding import align, beam, greedy
from engine.speech.errors import confused, edits, errors, overall
from engine.speech.units import BLANK, Units
from engine.speech.written import read, spoken, written
from engine.store import Store, open_store
from engine.targets import Ragged
from engine.tasks.speech_recognition import Decoding, SpeechRecognition
from engine.training.network import build_network
from tests.tiny import TinySpeech

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
LISTENERS = sorted(name for name in models if issubclass(models[name], SpeechModel))
SMALL = {"ctc-crnn": {"filters": 8, "units": 8}, "ctc-conformer": {"filters": 8, "width": 16, "depth": 1, "heads": 2}}
WORDS = Units("words", ("high", "low"))
INFO = DataInfo((), modality="speech", learned={"targets": {"units": WORDS.to_dict()}})


@pytest.fixture(scope="module", autouse=True)
def speech(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder for the whole module, in which there are a few recordings to learn from."""
    datasets.register("tiny-speech", "A few recordings")(TinySpeech)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("hearing") / "home"))
        configured.cache_clear()
        yield
    configured.cache_clear()
    datasets.unregister("tiny-speech")


@pytest.fixture(scope="module", params=LISTENERS)
def network(request: pytest.FixtureRequest) -> Any:
    """A network that was not trained."""
    values = {"dataset": "tiny-speech", "model": request.param, "seed": 1, **SMALL[request.param]}
    return build_network(RunSpec.build(values), INFO)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    """(samples,) int16, nowhere zero."""
    return np.random.default_rng(seed).integers(1, 9_000, samples).astype(np.int16)


# -- transcripts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Two, four!", "你好 世界", "مرحبا", "👩‍👩‍👧", ""])
def test_transcripts_are_read_as_they_were_written(text: str) -> None:
    assert [read(row) for row in written([text, "x"])] == [text, "x"]


def test_what_cannot_be_heard_is_left_out() -> None:
    assert spoken("  Don’t -- STOP, (now)!\n") == "don't stop now"


def test_few_words_that_are_said_often_are_units_and_others_are_spelled() -> None:
    often = ["one two", "two one"] * 5
    assert Units.learn(often, "auto") == Units("words", ("one", "two"))
    assert Units.learn(["once upon", "a time"], "auto").kind == "characters"
    assert Units.learn(often, "characters").known == tuple(" enotw")
    assert Units.learn([], "auto").size == 1


def test_what_the_units_lack_is_left_out_and_the_rest_is_written_back() -> None:
    letters = Units("characters", tuple(" abc"))
    ids = letters.ids("a zébra cab")
    assert "".join(character for character, _place in letters.characters(ids)) == "a ba cab"
    assert Units.from_dict(WORDS.to_dict()) == WORDS
    assert "".join(character for character, _place in WORDS.characters(WORDS.ids("low loud high"))) == "low high"


def test_error_rates_are_those_of_jiwer() -> None:
    pairs = [("two four six", "two six six"), ("one", "one one"), ("nine", ""), ("a b c d", "b c x d")]
    told, heard = (list(part) for part in zip(*pairs, strict=True))
    assert overall([errors(a.split(), b.split()) for a, b in pairs]) == pytest.approx(jiwer.wer(told, heard))
    assert overall([errors(a, b) for a, b in pairs]) == pytest.approx(jiwer.cer(told, heard))
    assert errors([], ["x"]).rate == 1
    assert errors([], []).rate == 0


def test_edits_say_what_was_taken_for_what() -> None:
    assert [kind for kind, _old, _new in edits(["two", "four", "six"], ["two", "six"])] == [
        "equal",
        "delete",
        "equal",
    ]
    assert confused([("two four", "two nine"), ("four", "nine"), ("one", "")], 5) == [
        ("four", "nine", 2),
        ("one", "", 1),
    ]


# -- decoding ----------------------------------------------------------------------------------------------------------


def probabilities(steps: int, units: int, seed: int) -> np.ndarray:
    """(steps, units)"""
    found = np.random.default_rng(seed).dirichlet(np.full(units, 0.5), steps)
    return np.asarray(found)


def likeliest(found: np.ndarray) -> tuple[int, ...]:
    """The transcript with the highest sum over all its paths, by trying them all."""
    sums: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(found.shape[1]), repeat=len(found)):
        said = tuple(unit for unit, _group in itertools.groupby(path) if unit != BLANK)
        sums[said] = sums.get(said, 0.0) + float(np.prod(found[np.arange(len(found)), path]))
    return max(sums, key=sums.__getitem__)


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_the_likeliest_transcript(seed: int) -> None:
    found = probabilities(5, 3, seed)
    assert tuple(one.unit for one in beam(found, 200)) == likeliest(found)


def test_greedy_takes_the_likeliest_unit_and_says_when() -> None:
    sure = np.eye(3)[[0, 1, 1, 0, 1, 2, 0]] * 0.9 + 0.03
    assert [(one.unit, one.start, one.end) for one in greedy(sure)] == [(1, 1, 3), (1, 4, 5), (2, 5, 6)]
    assert [one[:3] for one in align(sure, [1, 1, 2])] == [(1, 1, 3), (1, 4, 5), (2, 5, 6)]


def test_nothing_is_found_in_nothing() -> None:
    nothing = np.zeros((0, 3))
    assert greedy(nothing) == beam(nothing, 4) == align(nothing, [1]) == []
    assert align(probabilities(2, 3, 0), [1, 1]) == []  # they need a blank in between


# -- recordings of any length ------------------------------------------------------------------------------------------


def test_recordings_are_kept_up_to_their_last_sound() -> None:
    clips = [noise(5), np.concatenate([noise(3, 1), np.zeros(4, np.int16)]), np.zeros(2, np.int16)]
    kept = Clips.of(clips)
    assert [len(one) for one in kept] == [5, 3, 0]
    np.testing.assert_array_equal(kept[np.array([1, 0])], together([clips[1][:3], clips[0]]))
    assert sounding(clips[1]) == 3
    assert kept.nbytes == 16


def test_what_fills_a_batch_up_changes_no_answer(network: Any) -> None:
    batch = np.zeros((3, 24_000), np.int16)
    batch[0], batch[1, :9_001] = noise(24_000), noise(9_001, 1)
    found = np.asarray(network.saved(batch))
    alone = np.asarray(network.saved(batch[1:2, :9_001]))
    steps = alone.shape[1]
    np.testing.assert_allclose(found[1, :steps], alone[0], atol=1e-5)
    assert (found[1, steps:, BLANK] == 1).all()
    assert (found[2, :, BLANK] == 1).all()


def test_the_length_of_a_spectrogram_is_that_of_its_recording(network: Any) -> None:
    batch = np.zeros((2, 20_000), np.int16)
    batch[0], batch[1, :7_000] = noise(20_000), noise(7_000)
    model = models["ctc-crnn"]()
    lengths = model.lengths(np.asarray(network.features(batch)))
    assert lengths is not None
    assert lengths.tolist() == model.raw_lengths(batch).tolist() == [63, 22]  # type: ignore[union-attr]


def test_the_loss_is_that_of_keras_with_true_lengths(network: Any) -> None:
    batch = np.zeros((3, 24_000), np.int16)
    batch[0], batch[1, :12_000], batch[2, :1_000] = noise(24_000), noise(12_000, 1), noise(1_000, 2)
    labels = np.array([[1, 2, 2], [2, 0, 0], [1, 1, 2]], np.int32)
    scores = np.asarray(network.core(batch))
    inside = (scores[:, :, 1:].max(axis=2) > -1e4).sum(axis=1)
    expected = keras.ops.ctc_loss(labels[:2], scores[:2], np.array([3, 1]), inside[:2], mask_index=BLANK)
    losses = [float(network.core.compute_loss(None, labels[i : i + 1], scores[i : i + 1])) for i in range(3)]
    np.testing.assert_allclose(losses[:2], np.asarray(expected), rtol=1e-4)
    assert losses[2] == 0  # three units and a blank in two steps: nothing can be learned from it
    assert float(network.core.compute_loss(None, labels, scores)) == pytest.approx(sum(losses) / 3, rel=1e-4)
    silent = float(network.core.compute_loss(None, np.zeros((1, 0), np.int32), scores[:1]))
    assert silent > 0


def test_times_are_those_of_the_recording() -> None:
    """Behind its end all is blank, whatever the step of a network is."""
    found = np.zeros((2, 50, 3), np.float32)
    found[:, :, BLANK] = 1.0
    found[0, :25] = [0.6, 0.3, 0.1]
    found[0, 10:12] = [0.1, 0.1, 0.8]
    clips = together([noise(SAMPLE_RATE_HZ), np.zeros(1, np.int16)])

    def call(inputs: np.ndarray, extra: Any = None) -> np.ndarray:
        return np.stack([found[0 if clip.any() else 1] for clip in inputs])

    answered = SpeechRecognition().answer(call, clips, INFO, Decoding())
    spoken_words, nothing = SpeechRecognition().predictions(answered, INFO)
    assert spoken_words.values["text"] == "low"
    assert spoken_words.values["words"] == [{"text": "low", "start": 0.4, "end": 0.48, "probability": 0.8}]
    assert nothing.values == {"text": "", "words": []}


def test_a_file_that_is_too_long_is_refused_and_others_are_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_SPEECH_SECONDS", "2")
    configured.cache_clear()
    try:
        speech = modalities["speech"]
        clip = noise(SAMPLE_RATE_HZ)
        taken = speech.decode(encode_wav(clip), "a.wav", INFO).inputs
        assert taken.shape == (1, 2 * SAMPLE_RATE_HZ)
        np.testing.assert_array_equal(taken[0, : len(clip)], clip)
        with pytest.raises(TrainyardError, match=r"3\.0 s long; speech may be 2 s .*TRAINYARD_MAX_SPEECH_SECONDS"):
            speech.decode(encode_wav(noise(3 * SAMPLE_RATE_HZ)), "a.wav", INFO)
        with pytest.raises(TrainyardError, match=r"instances\[0\] has 48,000 samples"):
            speech.parse([[1] * 48_000], INFO)
        assert speech.parse([[1, 2, 3]], INFO).shape == (1, 2 * SAMPLE_RATE_HZ)
    finally:
        configured.cache_clear()


# -- templates ---------------------------------------------------------------------------------------------------------


def tiny() -> tuple[np.ndarray, list[str]]:
    """The recordings of the tiny dataset and what is said in them."""
    examples = TinySpeech().load()
    return together(list(examples.inputs)), [spoken(read(row)) for row in examples.targets]


def test_templates_of_single_words_recognise_any_sequence() -> None:
    clips, texts = tiny()
    found = Templates.of(clips[:80], texts[:80], 30)
    assert found.name == "templates-of-words"
    assert [found.text(clip) for clip in clips[80:100]] == texts[80:100]
    assert found.text(np.zeros(4_000, np.int16)) == ""


def test_whole_recordings_are_compared_where_no_word_was_said_alone() -> None:
    clips, texts = tiny()
    several = [place for place, text in enumerate(texts) if " " in text]
    found = Templates.of(clips[several[:30]], [texts[place] for place in several[:30]], 30)
    assert found.name == "templates"
    assert found.text(clips[several[3]]) == texts[several[3]]


# -- a run -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> Run:
    """A small network after some epochs."""
    from engine.training.fit import train_run

    store: Store = open_store()
    values = {"dataset": "tiny-speech", "epochs": 12, "batch_size": 8, "learning_rate": 0.01, "patience": 0}
    made = store.runs.create(RunSpec.build({"model": "ctc-crnn", **values, **SMALL["ctc-crnn"]}), slot="test")
    train_run(store, made)
    return store.runs.get(made.id)


def test_a_run_is_evaluated_beside_templates(run: Run) -> None:
    assert run.state is RunState.COMPLETED, run.message
    assert run.result["test_token_errors"] == run.result["test_unit_error_rate"]
    assert run.result["baseline_name"] == "templates-of-words"
    evaluation = artifacts_of(run.id).read_evaluation()["test"]
    assert sum(count for _length, count, _rate, _exact in evaluation["by_length"]) > 0


def test_what_training_logs_is_what_the_evaluation_finds(run: Run) -> None:
    logged = open_store().metrics.history(run.id)["val_unit_error_rate"]
    assert min(logged) == pytest.approx(run.result["validation_unit_error_rate"], abs=1e-6)


def test_probes_show_transcripts_as_they_come_to_be(run: Run) -> None:
    from engine import probes

    found = probes.read(artifacts_of(run.id).probes)
    assert found is not None
    assert all(set(answer) == {"text", "words"} for epoch in found.epochs for answer in epoch.values)


def test_the_way_to_decode_is_chosen_after_training(run: Run) -> None:
    examples = TinySpeech().load()
    place = 5
    files = [("a.wav", encode_wav(examples.inputs[place])), ("silence.wav", encode_wav(np.zeros(9_000, np.int16)))]
    loaded = LoadedModels()
    one = loaded.predict(run.id, files)
    two = loaded.predict(run.id, files, parameters={"decoder": "beam", "beam_width": 4})
    said = spoken(read(examples.targets[place]))
    for found, nothing in (one, two):
        assert found.prediction is not None
        assert nothing.prediction is not None
        assert found.prediction.values["text"] == said
        assert [word["text"] for word in found.prediction.values["words"]] == said.split()
        assert nothing.prediction.values["text"] == ""


def test_a_transcript_with_unknown_words_counts_against_the_network() -> None:
    task = SpeechRecognition()
    targets = task.truth(np.zeros((1, 1)), written(["Loud, low!"]))
    assert [read(row) for row in targets] == ["loud low"]
    ids = task.encode_stored(written(["Loud, low!"]), INFO)
    assert isinstance(ids, Ragged)
    assert ids.values.tolist() == WORDS.ids("low")
    heard = Ragged.of([np.array([(ord(c), 0, 0, 1) for c in "low"])], np.float32, (4,))
    found = task.evaluate(heard, targets, replace(INFO))["metrics"]
    assert (found["token_errors"], found["exact_match"]) == (0.5, 0)
