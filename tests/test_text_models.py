"""The contract of every text network, and how texts become indices."""

import json
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
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data_info import DataInfo
from engine.language.vocabulary import lower, most_frequent, signs, split_for, units
from engine.models import glove
from engine.models.bag_of_embeddings import BagOfEmbeddings
from engine.models.base import Model, models
from engine.models.recurrent import Gru, Lstm
from engine.models.text import FIRST_WORD, LONGEST_SIGNS, TextModel
from engine.models.textcnn import TextCnn
from engine.models.transformer import Transformer
from engine.runs import RunSpec
from engine.tasks.base import tasks
from engine.training.network import Network, build_network
from tests.extremes import all_at_one_end

TEXT_MODELS = [name for name in models if tasks["text-classification"].accepts(models[name])]
TEXTS = np.array(
    [
        "Good, good film!",
        "a bad film :(",
        "",
        "Éclair ÉCLAIR éclair",
        "Привет, ПРИВЕТ мир",
        "春眠不覺曉",
        "🙂 fine 🙂🙂",
        "!?",
    ],
    object,
)
SMALL: dict[str, Any] = {"vocabulary_size": 1_000, "embedding_size": 8, "units": 8, "filters": 8, "sequence_length": 12}


def small(name: str, **values: object) -> Model:
    """A model with few weights."""
    known = {field.name for field in models[name].fields()}
    units = {"units": 0} if name == "bag-of-embeddings" else {}
    return models[name].parse({k: v for k, v in (SMALL | units).items() if k in known} | values)


def learned(model: Model, texts: np.ndarray = TEXTS) -> DataInfo:
    """Return the facts about `texts` that a network is built from, as they come back from disk."""
    info = DataInfo((), ("no", "yes"))
    return DataInfo((), info.labels, learned=json.loads(json.dumps(model.learn(texts, info))))


def build(model: Model, info: DataInfo, seed: int = 0) -> Network:
    """The networks of a run."""
    spec = RunSpec.build({"dataset": "movie-snippets", "model": model.name, "seed": seed} | model.model_dump())
    return build_network(spec, info)


@lru_cache
def network(name: str) -> Network:
    """Shared by tests that do not change it."""
    model = small(name)
    return build(model, learned(model))


def numbers(model: Model, texts: list[str] | np.ndarray, info: DataInfo | None = None) -> np.ndarray:
    """Return what training starts from: (texts, longest) int32."""
    inputs = keras.Input((), dtype="string")
    found = keras.Model(inputs, model.preprocess(inputs, info or learned(model)))(tf.constant(list(texts)))
    assert found.dtype == tf.int32
    return np.asarray(found)


@pytest.fixture(autouse=True)
def _names_start_anew() -> Iterator[None]:
    yield
    keras.backend.clear_session()


# -- what every network keeps to ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXT_MODELS)
def test_raw_texts_of_any_kind_give_probabilities(name: str) -> None:
    outputs = np.asarray(network(name).saved(tf.constant(TEXTS.tolist())))
    assert outputs.shape == (len(TEXTS), 2)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-5)
    assert outputs.std() > 0


@pytest.mark.parametrize("name", TEXT_MODELS)
def test_the_length_of_its_neighbours_changes_no_text_s_result(name: str) -> None:
    saved = network(name).saved
    alone = np.concatenate([np.asarray(saved(tf.constant([text]))) for text in TEXTS])
    long = " ".join(["good film"] * 40)
    together = np.asarray(saved(tf.constant([*TEXTS, long])))[:-1]
    np.testing.assert_allclose(alone, together, atol=1e-5)


@pytest.mark.parametrize("name", TEXT_MODELS)
def test_it_builds_at_the_ends_of_every_range(name: str) -> None:
    for end in (0, -1):
        values = all_at_one_end(models[name].hyperparameters(), end)
        with keras.StatelessScope(initialize_variables=False):  # shapes without values: large ones are quick too
            net = build(small(name, **values), DataInfo((), ("no", "yes")))
        assert net.saved.output.shape == (None, 2), values
        keras.backend.clear_session()


@pytest.mark.parametrize("name", TEXT_MODELS)
def test_the_gradient_reaches_every_weight(name: str) -> None:
    net = network(name)
    assert net.features is not None
    seen = net.features(tf.constant(TEXTS.tolist()))
    with tf.GradientTape() as tape:
        loss = keras.ops.mean(net.trained(seen)[:, 0] ** 2)
    values = [variable.value for variable in net.trained.trainable_variables]
    for variable, gradient in zip(net.trained.trainable_variables, tape.gradient(loss, values), strict=True):
        assert gradient is not None, variable.path
        if not variable.path.endswith("key/bias"):  # moves all scores of a softmax alike, so it never matters
            assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path


@pytest.mark.parametrize("name", TEXT_MODELS)
def test_the_same_seed_gives_the_same_network_and_another_seed_another(name: str) -> None:
    model = small(name)
    first, again, other = (build(model, learned(model), seed).core.get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


@pytest.mark.slow
def test_saved_networks_load_where_only_keras_is_installed(tmp_path: Path) -> None:
    expected = {}
    for name in TEXT_MODELS:
        for splitting in ("words", "pieces") if name == TEXT_MODELS[0] else ("words",):
            own = {"splitting": splitting, "signs": True}
            model = small(name, **{field: value for field, value in own.items() if field in models[name].model_fields})
            saved = build(model, learned(model)).saved
            saved.save(tmp_path / f"{name}.{splitting}.keras")
            expected[f"{name}.{splitting}"] = np.asarray(saved(tf.constant(TEXTS.tolist()))).tolist()
    (tmp_path / "texts.json").write_text(json.dumps([TEXTS.tolist(), expected]))
    program = (
        "import json, pathlib, sys, keras, numpy as np, tensorflow as tf\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "texts, expected = json.loads((folder / 'texts.json').read_text())\n"
        "for path in sorted(folder.glob('*.keras')):\n"
        "    outputs = np.asarray(keras.saving.load_model(path, safe_mode=True)(tf.constant(texts)))\n"
        "    print(path.stem, np.abs(outputs - np.array(expected[path.stem])).max())\n"
        "assert not any(module.split('.')[0] == 'engine' for module in sys.modules)\n"
    )
    done = subprocess.run(  # -I: neither the working folder nor PYTHONPATH is searched
        [sys.executable, "-I", "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=240, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    differences = {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}
    assert differences.keys() == expected.keys()
    assert max(differences.values()) < 1e-5


# -- from texts to numbers ---------------------------------------------------------------------------------------------


def test_the_vocabulary_holds_the_most_frequent_words_of_the_training_texts_alone() -> None:
    model = small("lstm")
    info = learned(model, np.array(["b b a", "a b c", "d"], object))
    assert info.learned["vocabulary"] == ["b", "a", "c", "d"]
    assert numbers(model, ["b a zebra"], info)[0, :3].tolist() == [2, 3, 1]


def test_as_many_words_are_known_as_the_table_of_vectors_has_rows() -> None:
    many = np.array([" ".join(f"w{i}" for i in range(5_000)) + " :) !"], object)
    for splitting in ("words", "pieces"):
        model = small("bag-of-embeddings", signs=True, splitting=splitting)
        info = learned(model, many)
        assert FIRST_WORD + len(info.learned["vocabulary"]) + len(info.learned["signs"]) == model.vocabulary_size
        assert numbers(model, many, info).max() < model.vocabulary_size


def test_an_empty_text_is_one_unknown_word_also_among_empty_texts() -> None:
    for texts in (["", "...", " "], ["", "film"]):
        found = numbers(small("lstm"), texts)
        assert found[0].tolist() == [1] + [0] * (found.shape[1] - 1)
    assert small("lstm").lengths(numbers(small("lstm"), ["", "a film"])).tolist() == [1, 2]


def test_a_long_text_is_cut() -> None:
    found = numbers(small("lstm"), ["film " * 100])
    assert np.count_nonzero(found) == SMALL["sequence_length"]


@pytest.mark.parametrize("splitting", ["words", "characters", "pieces"])
def test_capitals_count_as_small_letters_in_every_script(splitting: str) -> None:
    model = small("lstm", splitting=splitting)
    for spellings in (["éclair", "ÉCLAIR", "Éclair"], ["привет", "ПРИВЕТ", "Привет"], ["film", "FILM", "Film"]):
        found = numbers(model, spellings)
        assert found.min(axis=0)[0] > 1, "known words, or the test shows nothing"
        assert (found == found[0]).all()


@pytest.mark.parametrize("splitting", ["words", "characters", "pieces"])
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12), min_size=1)
)
def test_texts_are_counted_as_the_saved_network_cuts_them(splitting: str, texts: list[str]) -> None:
    """Every word that was counted is known, so no number is that of the unknown but for an empty text."""
    model = small("lstm", splitting=splitting, sequence_length=100)
    assert isinstance(model, TextModel)
    texts = [lower(text) for text in texts]
    found = numbers(model, texts, learned(model, np.array(texts, object)))
    for text, row in zip(texts, found, strict=True):
        expected = len(list(units(text, model.splitting, model.widths(model.splitting))))  # type: ignore[arg-type]
        assert np.count_nonzero(row) == max(1, expected), text
        assert (row == 1).sum() == (expected == 0), text


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["春眠不覺曉", "處處聞啼鳥"], "characters"),
        (["これはペンです", "สวัสดีครับ"], "characters"),
        (["안녕하세요 여러분", "good morning"], "words"),
        (["an English text that quotes 春 once", "and another"], "words"),
        (["", "123"], "words"),
    ],
)
def test_texts_without_spaces_are_cut_into_characters(texts: list[str], expected: str) -> None:
    assert split_for(texts) == expected
    assert learned(small("lstm"), np.array(texts, object)).learned["splitting"] == expected


def test_pieces_are_one_to_three_characters_in_a_row() -> None:
    assert list(units("abc", "pieces", (1, 2, 3))) == ["a", "b", "c", "a b", "b c", "a b c"]


def test_equally_frequent_words_come_in_the_order_of_the_alphabet() -> None:
    for texts in (["b a", "c"], ["c", "a b"]):
        assert most_frequent(texts, lambda text: units(text, "words", (1,)), 2) == ["a", "b"]


def test_signs_come_after_the_words_and_what_is_no_known_sign_is_left_out() -> None:
    model = small("lstm", signs=True)
    info = learned(model, np.array(["fine :) !", "bad :("], object))
    known = info.learned["signs"]
    assert ": )" in known
    found = numbers(model, ["fine :)", "fine ;"], info)
    assert set(found[1].tolist()) <= {0, FIRST_WORD + info.learned["vocabulary"].index("fine")}
    first = FIRST_WORD + len(info.learned["vocabulary"])
    expected = {first + known.index(sign) for sign in (":", ")", ": )")}
    assert set(found[0, 1:4].tolist()) == expected
    assert not found[0, 4:].any()
    assert np.count_nonzero(numbers(model, ["!" * 500], info)) == LONGEST_SIGNS


def test_signs_are_punctuation_and_emoji() -> None:
    assert set(signs("ok 🙂!")) >= {"🙂", "!", "🙂 !"}
    assert "o" not in set(signs("ok 🙂!"))


# -- single networks ---------------------------------------------------------------------------------------------------


def test_the_default_lstm_is_the_textbook_s() -> None:
    model = Lstm()
    assert (model.vocabulary_size, model.sequence_length) == (10_000, 500)
    net = build(model, DataInfo((), ("no", "yes"))).core
    assert net.get_layer("embed").count_params() == 10_000 * 128
    layer = net.get_layer("lstm")
    assert (layer.units, layer.dropout, layer.recurrent_dropout) == (64, 0.2, 0.2)


def test_both_directions_double_the_state() -> None:
    net = build(small("gru", bidirectional=True), DataInfo((), ("no", "yes"))).core
    assert net.get_layer("gru_both_ways").output.shape == (None, 2 * SMALL["units"])


@pytest.mark.parametrize("model", [Gru(), Lstm(), TextCnn(), Transformer()], ids=lambda m: m.name)
def test_the_order_of_words_matters_but_not_to_a_bag(model: Model) -> None:
    model = small(model.name)
    texts = tf.constant(["good bad film", "film bad good"])
    one, other = np.asarray(build(model, learned(model)).saved(texts))
    assert np.abs(one - other).max() > 1e-5
    bag = BagOfEmbeddings(ngrams=1, vocabulary_size=1_000)
    one, other = np.asarray(build(bag, learned(bag)).saved(texts))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_bag_may_know_pairs_of_words() -> None:
    model = BagOfEmbeddings(ngrams=2, vocabulary_size=1_000)
    assert "bad film" in learned(model).learned["vocabulary"]


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_a_transformer_knows_where_a_word_is(positions: str) -> None:
    model = small("transformer", positions=positions)
    one, other = np.asarray(build(model, learned(model)).saved(tf.constant(["good bad film", "bad good film"])))
    assert np.abs(one - other).max() > 1e-5


def test_glove_s_vectors_are_where_its_words_are() -> None:
    model = small("textcnn", embedding="glove")
    info = learned(model)
    table = np.asarray(build(model, info).core.get_layer("embed").embeddings)
    known, vectors = glove.glove()
    row = FIRST_WORD + info.learned["vocabulary"].index("film")
    np.testing.assert_array_equal(table[row], vectors[known["film"]])
    assert np.abs(table[0]).max() <= 0.05  # padding begins as any layer does


def test_glove_knows_which_words_are_alike() -> None:
    known, vectors = glove.glove()

    def likeness(one: str, other: str) -> float:
        a, b = vectors[known[one]], vectors[known[other]]
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert likeness("good", "great") > 0.7 > 0.4 > likeness("good", "keyboard")


# -- recurrent networks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("both", [False, True], ids=["forward", "both ways"])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_recurrent_network_trains_on_what_it_answers_with(name: str, both: bool) -> None:
    model = small(name, bidirectional=both, dropout=0.0, recurrent_dropout=1e-6)
    info = learned(model)
    trained = build(model, info).trained
    inputs = numbers(model, TEXTS, info)
    while_training, later = (np.asarray(trained(inputs, training=training)) for training in (True, False))
    np.testing.assert_allclose(while_training, later, atol=1e-4)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_recurrent_dropout_zeroes_the_state_and_only_in_training(name: str) -> None:
    model = small(name, dropout=0.0, recurrent_dropout=0.5)
    info = learned(model)
    trained = build(model, info).trained
    inputs = numbers(model, TEXTS, info)
    answers = [np.asarray(trained(inputs, training=training)) for training in (True, True, False, False)]
    assert np.abs(answers[0] - answers[1]).max() > 1e-3
    np.testing.assert_array_equal(answers[2], answers[3])
