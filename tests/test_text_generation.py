"""Networks that write: tokens of texts, reading on, drawing the next token, and a run from its texts to its answers."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.language.ngrams import Ngrams
from engine.language.reader import Reads
from engine.language.sampling import choose
from engine.language.tokenizer import BEGIN, END, FIRST, PADDING, UNKNOWN, Tokenizer, clean
from engine.models.base import models
from engine.runs import Run, RunSpec, RunState
from engine.serving.client import Predictor
from engine.serving.loaded import LoadedModels, stream_answer
from engine.serving.requests import Files
from engine.settings import settings as configured
from engine.store import Store, open_store
from engine.tasks import text_generation
from engine.tasks.text_generation import SAMPLES, Sampling, TextGeneration
from engine.training.calling import SavedModel
from engine.training.network import build_network
from tests.tiny import TinyLines
from tests.waiting import wait_until

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
WRITERS = sorted(name for name in models if issubclass(models[name], Reads))


def info_of(tokenizer: Tokenizer) -> DataInfo:
    """Facts about texts, after these tokens were learned."""
    return DataInfo((), modality="text", learned={"targets": {"tokenizer": tokenizer.to_dict()}})


LETTERS = Tokenizer("characters", tuple("abc"))


@pytest.fixture(scope="module", autouse=True)
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder for the whole module, in which there are a few lines to learn from."""
    datasets.register("tiny-lines", "A few lines")(TinyLines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("writing") / "home"))
        configured.cache_clear()
        yield
    configured.cache_clear()
    datasets.unregister("tiny-lines")


@pytest.fixture(scope="module", params=WRITERS)
def saved(lines: None, request: pytest.FixtureRequest) -> SavedModel:
    """A network that was not trained, as evaluation calls it: small, with dropout."""
    values = {"gpt": {"depth": 2}, "lstm-lm": {"units": 16, "layers": 2}}[request.param]
    spec = RunSpec.build(
        {"task": "text-generation", "dataset": "tiny-lines", "model": request.param, "context_length": 16, **values}
    )
    return SavedModel(build_network(spec, info_of(LETTERS)))


# -- tokens ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["characters", "words", "byte-pairs"])
@pytest.mark.parametrize("text", ["two  words,\nand a line", "春眠不覺曉", "مرحبا بالعالم", "👩‍👩‍👧 ok", ""])
def test_what_was_learned_is_written_as_it_was_read(kind: Any, text: str) -> None:
    tokenizer = Tokenizer.from_dict(Tokenizer.learn([text, text], kind, 1_000).to_dict())
    ids = tokenizer.ids(text)
    assert tokenizer.text([BEGIN, *ids, END, PADDING]) == text
    assert all(FIRST <= number < tokenizer.size for number in ids)


@given(st.text(max_size=30))
@settings(max_examples=50, deadline=None)
def test_byte_pairs_know_every_text(text: str) -> None:
    tokenizer = Tokenizer.learn(["some text to learn from"], "byte-pairs", 300)
    assert tokenizer.text(tokenizer.ids(text)) == clean(text)


def test_a_character_that_is_there_only_once_is_unknown() -> None:
    tokenizer = Tokenizer.learn(["aab", "ac", "ca"], "characters", 100)
    assert tokenizer.known == ("a", "c")
    assert tokenizer.ids("abc") == [FIRST, UNKNOWN, FIRST + 1]


def test_control_characters_and_marks_of_direction_are_not_read() -> None:
    assert clean("a\x00b\x1b[31m\u202ec\ttab\n") == "ab[31mc\ttab\n"
    assert clean("e\u0301") == "é"


def test_chinese_is_cut_into_characters_and_english_into_byte_pairs_unless_somebody_says_so() -> None:
    assert Tokenizer.learn(["床前明月光", "疑是地上霜"], "auto", 100).kind == "characters"
    assert Tokenizer.learn(["the cat", "the mat"], "auto", 400).kind == "byte-pairs"


# -- reading -----------------------------------------------------------------------------------------------------------


def test_reading_on_is_the_same_as_reading_anew(saved: SavedModel) -> None:
    ids = np.random.default_rng(0).integers(FIRST, LETTERS.size, (3, 12)).astype(np.int32)
    whole = saved(ids)["probabilities"]
    first = saved(ids[:, :5])
    second = saved(ids[:, 5:6], {"past": first["past"]})
    third = saved(ids[:, 6:], {"past": second["past"]})
    parts = [one["probabilities"] for one in (first, second, third)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-6)


def test_what_comes_later_changes_nothing_before(saved: SavedModel) -> None:
    ids = np.full((1, 8), FIRST, np.int32)
    other = ids.copy()
    other[0, 5:] = FIRST + 2
    one, two = saved(ids)["probabilities"], saved(other)["probabilities"]
    np.testing.assert_allclose(one[:, :5], two[:, :5], atol=1e-6)
    assert np.abs(one[:, 5:] - two[:, 5:]).max() > 1e-4


def test_prompts_of_different_length_are_answered_together_as_each_alone(saved: SavedModel) -> None:
    task, info, options = TextGeneration(context_length=16), info_of(LETTERS), Sampling(temperature=0, max_tokens=6)
    prompts = np.array(["", "ab", "cabac"], object)
    together = task.answer(saved, prompts, info, options)
    for row, prompt in zip(together, prompts, strict=True):
        (alone,) = task.answer(saved, np.array([prompt], object), info, options)
        assert row[:, 0, 0].tolist() == alone[:, 0, 0].tolist()


def test_a_text_longer_than_the_context_is_written_to_its_end(saved: SavedModel) -> None:
    task, info = TextGeneration(context_length=16), info_of(LETTERS)
    (row,) = task.answer(saved, np.array(["abc" * 30], object), info, Sampling(seed=3, max_tokens=40))
    assert 0 < len(row) <= 40
    assert {int(number) for number in row[:, 0, 0]} <= set(range(FIRST, LETTERS.size))


def test_a_long_text_is_cut_into_rows_that_predict_each_piece_once() -> None:
    task, text = TextGeneration(context_length=8), "abcabcabc" * 2
    ids, targets = task.encode(np.array([text, ""], object), None, info_of(LETTERS))
    predicted = [row[1:][row[1:] != PADDING].tolist() for row in ids]
    assert list(chain.from_iterable(predicted[:-1])) == [*LETTERS.ids(text), END]
    assert predicted[-1] == [END]
    assert len(ids) == len(targets) == 4


def test_lines_that_stand_in_the_training_texts_are_counted(saved: SavedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_generation, "_LEAST_LINE", 1)
    task, info = TextGeneration(context_length=16), info_of(LETTERS)
    fresh = task.sample(saved, np.array(["cab" * 9], object), None, info)
    assert fresh["metrics"] == {"copied": 0}
    written = task.predictions(task.answer(saved, np.array([""] * SAMPLES, object), info, task.repeatable()), info)
    texts = np.array([one.values["text"] for one in written], object)
    assert task.sample(saved, texts, None, info)["metrics"] == {"copied": 1}


# -- drawing -----------------------------------------------------------------------------------------------------------


def test_pieces_are_drawn_as_often_as_their_probabilities_say() -> None:
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    rows = np.repeat(shares[None], 20_000, axis=0)

    def drawn(**options: Any) -> np.ndarray:
        chosen = choose(rows, np.random.default_rng(0), **{"temperature": 1.0, **options})
        return np.bincount(chosen, minlength=4) / len(rows)

    np.testing.assert_allclose(drawn(), shares, atol=0.02)
    np.testing.assert_allclose(drawn(top_k=2), [0.625, 0.375, 0, 0], atol=0.02)
    np.testing.assert_allclose(drawn(top_p=0.6), [0.625, 0.375, 0, 0], atol=0.02)
    np.testing.assert_allclose(drawn(temperature=0.5), shares**2 / (shares**2).sum(), atol=0.02)
    assert drawn(temperature=0).tolist() == [1, 0, 0, 0]


def test_the_probabilities_of_a_4_gram_add_up_to_one() -> None:
    model = Ngrams([[BEGIN, 4, 5, 4, END], [BEGIN, 5, END]], size=7)
    for before in ([BEGIN], [BEGIN, 4], [BEGIN, 4, 5], [BEGIN, 6, 6, 6]):
        shares = [np.exp(model.log_probabilities([*before, number])[-1]) for number in range(7)]
        assert sum(shares) == pytest.approx(1)
    assert model.log_probabilities([BEGIN, 4, 5])[1] > model.log_probabilities([BEGIN, 4, 6])[1]


# -- a run -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(lines: None) -> Run:
    """A small network after three epochs."""
    from engine.training.fit import train_run

    store: Store = open_store()
    spec = RunSpec.build(
        {"task": "text-generation", "dataset": "tiny-lines", "model": "gpt", "depth": 1, "epochs": 3, "batch_size": 16}
    )
    made = store.runs.create(spec, slot="test")
    train_run(store, made)
    return store.runs.get(made.id)


def test_a_run_is_evaluated_beside_counting_and_its_texts_are_kept(run: Run) -> None:
    assert run.state is RunState.COMPLETED, run.message
    assert run.result["test_perplexity"] < 8
    assert 0 < run.result["test_bits_per_character"] < 4
    assert run.result["baseline_name"] == "4-gram"
    evaluation = artifacts_of(run.id).read_evaluation()
    assert 0 < len(evaluation["test"]["samples"]) <= SAMPLES


def test_what_training_logs_as_perplexity_is_what_the_evaluation_finds(run: Run) -> None:
    logged = open_store().metrics.history(run.id)["val_perplexity"]
    assert min(value for value in logged if value) == pytest.approx(run.result["validation_perplexity"], rel=1e-3)


def test_an_answer_comes_piece_by_piece_and_the_seed_repeats_it(run: Run) -> None:
    loaded = LoadedModels()
    request = Files([("a.txt", b"ab")], parameters={"seed": 5, "max_tokens": 8})
    *steps, last = (found[0].prediction.values for found in stream_answer(loaded.get(run.id), request))
    assert [len(step["tokens"]) for step in steps] == list(range(1, len(steps) + 1))
    assert last["text"] == "".join(token["text"] for token in last["tokens"])
    again = loaded.predict(run.id, [("a.txt", b"ab")], parameters={"seed": 5, "max_tokens": 8})
    assert again[0].prediction is not None
    assert again[0].prediction.values["text"] == last["text"]


def test_twenty_streams_take_turns_and_one_that_is_closed_ends_without_holding_up_others(run: Run) -> None:
    predictor = Predictor()
    try:
        wait_until(predictor.ready, "a predictor that is ready")
        long = predictor.stream(
            run.id, [("a.txt", b"ab")], parameters={"seed": 3, "max_tokens": 1000, "temperature": 2.0}
        )
        next(long)
        long.close()
        order: list[int] = []
        refused: list[str] = []
        together = threading.Barrier(20)

        def read(number: int) -> None:
            together.wait()
            try:
                values = {"seed": number + 1, "max_tokens": 12}
                with predictor.stream(run.id, [("a.txt", b"a")], parameters=values) as stream:
                    order.extend(number for _piece in stream)
            except TrainyardError as error:
                refused.append(str(error))

        with ThreadPoolExecutor(21) as threads:
            threads.submit(
                predictor.describe, {"dataset": "mnist", "model": "resnet"}
            )  # all come while it takes its turn
            list(threads.map(read, range(20)))
        served = len(set(order))
        assert served + len(refused) == 20
        assert served >= configured().max_waiting_predictions
        assert all("busy" in words for words in refused)
        assert len(set(order[: 3 * served])) == served, "each has its turn before any is far ahead"
    finally:
        predictor.close()
