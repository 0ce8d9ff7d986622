"""Networks that make a text from a text: reading once and writing on, ways of writing, pairs of one's own, and a whole run."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.datasets.docstrings import near_copies, pair_of
from engine.datasets.number_words import english, spanish
from engine.errors import TrainyardError
from engine.imports.importing import import_data
from engine.imports.sets import problems_of
from engine.imports.understand import understand
from engine.imports.understood import Choice
from engine.language.decoding import KEPT, Way, write
from engine.language.edits import character_edits, marked, unit_edits, units
from engine.language.lexicon import Lexicon
from engine.language.nearest import Nearest
from engine.language.rewriter import Rewrites
from engine.language.sentences import Central, Extractive, Titles, sentences_of
from engine.language.tokenizer import BEGIN, END, FIRST, PADDING, Tokenizer
from engine.language.written import OTHERS, Written
from engine.models.base import models
from engine.preparation.learned import learn
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec, RunState
from engine.serving.loaded import LoadedModels, stream_answer
from engine.serving.requests import Files
from engine.settings import settings as configured
from engine.store import open_store
from engine.targets import Ragged, Texts, text_of
from engine.tasks.base import tasks
from engine.tasks.rewriting import Drafting
from engine.tasks.summarization import rouges
from engine.tasks.text2text_generation import Text2TextGeneration
from engine.tasks.translation import Translation
from engine.training.calling import SavedModel
from engine.training.network import build_network
from tests.tiny import TinyPairs
from ui.predictions.rewritten import marked_html

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
REWRITERS = sorted(name for name in models if issubclass(models[name], Rewrites))
LETTERS = Tokenizer("characters", tuple("abcd"))
TARGETS = Tokenizer("characters", tuple("ABCD"))
INFO = DataInfo((), modality="text", learned={"targets": {"source": LETTERS.to_dict(), "target": TARGETS.to_dict()}})
TASK = Text2TextGeneration(context_length=12)


@pytest.fixture(scope="module", autouse=True)
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder for the whole module, in which there are a few pairs to learn from."""
    datasets.register("tiny-pairs", "A few pairs")(TinyPairs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("rewriting") / "home"))
        configured.cache_clear()
        yield
    configured.cache_clear()
    datasets.unregister("tiny-pairs")


@pytest.fixture(scope="module", params=REWRITERS)
def saved(pairs: None, request: pytest.FixtureRequest) -> SavedModel:
    """A network that was not trained, as evaluation calls it: small, with dropout."""
    small = {"width": 16, "layers": 2, "units": 16}
    values = {name: value for name, value in small.items() if name in models[request.param].model_fields}
    return SavedModel(build_network(RunSpec.build(parts(request.param) | values), INFO))


def parts(model: str) -> dict[str, Any]:
    """Return a task and data that a model can be trained on."""
    task = next(name for name in TinyPairs.tasks if tasks[name].accepts(models[model]))
    return {"task": task, "dataset": "tiny-pairs", "model": model}


def sources(*texts: str) -> np.ndarray:
    """Texts as stored inputs."""
    found = np.empty(len(texts), object)
    found[:] = texts
    return found


# -- reading once ------------------------------------------------------------------------------------------------------


def test_writing_on_is_the_same_as_writing_anew(saved: SavedModel) -> None:
    rng = np.random.default_rng(0)
    source = rng.integers(FIRST, LETTERS.size, (3, 7)).astype(np.int32)
    source[1, 4:] = PADDING
    ids = rng.integers(FIRST, TARGETS.size, (3, 9)).astype(np.int32)
    whole = saved(source, {"written": ids})
    found, parts = saved(source, {"written": ids[:, :4]}), []
    parts.append(found)
    for start, end in ((4, 5), (5, 9)):
        found = saved(source[:, :0], {"written": ids[:, start:end], **{name: found[name] for name in KEPT}})
        parts.append(found)
    for name in ("probabilities", "attention"):
        np.testing.assert_allclose(np.concatenate([part[name] for part in parts], axis=1), whole[name], atol=1e-5)


def test_the_trained_network_says_what_the_saved_one_says(pairs: None) -> None:
    for name in REWRITERS:
        network = build_network(RunSpec.build(parts(name)), INFO)
        source, ids = np.array([[4, 5, 6, END]], np.int32), np.array([[BEGIN, 4, 5]], np.int32)
        scores = network.core.predict_on_batch({"inputs": source, "written": ids})
        shares = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
        np.testing.assert_allclose(SavedModel(network)(source, {"written": ids})["probabilities"], shares, atol=1e-5)


def test_padding_of_the_source_changes_nothing(saved: SavedModel) -> None:
    source, ids = np.array([[4, 5, END]], np.int32), np.array([[BEGIN, 4]], np.int32)
    longer = np.pad(source, ((0, 0), (0, 5)))
    one, two = saved(source, {"written": ids}), saved(longer, {"written": ids})
    np.testing.assert_allclose(one["probabilities"], two["probabilities"], atol=1e-6)
    assert np.abs(two["attention"][:, :, 3:]).max() < 1e-6
    np.testing.assert_allclose(two["attention"].sum(axis=-1), 1, atol=1e-5)


def test_what_comes_later_changes_nothing_before(saved: SavedModel) -> None:
    source, ids = np.array([[4, 5, END]], np.int32), np.full((1, 8), FIRST, np.int32)
    other = ids.copy()
    other[0, 5:] = FIRST + 2
    one, two = (saved(source, {"written": each})["probabilities"] for each in (ids, other))
    np.testing.assert_allclose(one[:, :5], two[:, :5], atol=1e-6)
    assert np.abs(one[:, 5:] - two[:, 5:]).max() > 1e-5


# -- writing -----------------------------------------------------------------------------------------------------------


def test_texts_of_different_length_are_answered_together_as_each_alone(saved: SavedModel) -> None:
    texts = sources("", "ab", "cabacab", "b")
    for options in (Drafting(), Drafting(beams=3)):
        together = TASK.predictions(TASK.answer(saved, texts, INFO, options), INFO)
        for text, found in zip(texts, together, strict=True):
            [alone] = TASK.predictions(TASK.answer(saved, sources(text), INFO, options), INFO)
            assert alone.values["text"] == found.values["text"]


def test_a_stream_ends_with_the_answer(saved: SavedModel) -> None:
    for options in (Drafting(), Drafting(beams=2), Drafting(temperature=1.0, seed=3)):
        [last] = deque(TASK.stream(saved, sources("abc"), INFO, options), maxlen=1)
        [whole] = TASK.predictions(TASK.answer(saved, sources("abc"), INFO, options), INFO)
        assert TASK.predictions(last, INFO)[0].values == whole.values


def test_more_beams_find_a_likelier_text(saved: SavedModel) -> None:
    source = TASK._sources(sources("abcab"), INFO)[0]
    likely = {
        beams: deque(write(saved, source, Way(most=6, beams=beams)), maxlen=1)[0][0].logarithm for beams in (1, 4)
    }
    assert likely[4] >= likely[1] - 1e-5


class Chain:
    """A network whose first token is likelier than the other, but leads to an unlikely end."""

    AFTER = {BEGIN: {4: 0.6, 5: 0.4}, 4: {END: 0.4, 6: 0.3, 7: 0.3}, 5: {END: 1.0}, 6: {END: 1.0}, 7: {END: 1.0}}

    def __call__(self, source: np.ndarray, extra: Any) -> dict[str, np.ndarray]:
        """Probabilities after the last token of each row."""
        rows = len(extra["written"])
        shares = np.full((rows, 1, 8), 1e-9, np.float32)
        for row, last in enumerate(extra["written"][:, -1].tolist()):
            for token, share in self.AFTER[last].items():
                shares[row, 0, token] = share
        return {"probabilities": shares, "attention": np.ones((rows, 1, 1), np.float32)} | {
            name: np.zeros((rows, 1), np.float32) for name in KEPT
        }


def test_beams_find_what_the_likeliest_token_hides() -> None:
    source = np.array([[END]], np.int32)
    texts = {beams: list(write(Chain(), source, Way(most=5, beams=beams)))[-1][0].ids for beams in (1, 2)}
    assert texts == {1: [4], 2: [5]}


@given(st.text(max_size=30))
@settings(max_examples=20, deadline=None)
def test_any_text_is_read(text: str) -> None:
    rows, left_out = TASK._sources(sources(text), INFO)
    assert rows.shape[1] <= TASK.context_length
    assert left_out[0] == max(0, len(LETTERS.ids(text)) - 11)


def test_a_text_that_is_too_long_is_cut_and_that_is_said(saved: SavedModel) -> None:
    [found] = TASK.predictions(TASK.answer(saved, sources("ab" * 20), INFO, Drafting()), INFO)
    assert found.values["left_out"] == 40 - 11
    assert len(found.values["tokens"]) <= 12


def test_odd_texts_are_answered(saved: SavedModel) -> None:
    texts = sources("", "a", "👩‍👩‍👧", "مرحبا", "春眠不覺曉", "x" * 500, "a\x00b\u202e")
    found = TASK.predictions(TASK.answer(saved, texts, INFO, Drafting()), INFO)
    for one in found:
        TASK.contents.model_validate(one.values)
        assert all(len(row) == len(one.values["source"]) for row in one.values["attention"])


# -- edits and rows of numbers -----------------------------------------------------------------------------------------


def test_edits_are_counted_in_words_and_characters() -> None:
    assert unit_edits("a b x d", "a b c d") == (1, 4)
    assert character_edits("abx", " abc ") == (1, 3)
    assert unit_edits("", "a b") == (2, 2)
    assert unit_edits("", "") == (0, 0)
    assert units("ok 春眠 x1") == ["ok", "春", "眠", "x1"]
    assert unit_edits("春眠不覺", "春眠不觉") == (1, 4)


def test_what_differs_is_marked_and_nothing_of_it_is_markup() -> None:
    assert [(piece.same, piece.written, piece.true) for piece in marked("a x c", "a b c")] == [
        (True, "a", "a"), (False, "x", "b"), (True, "c", "c"),
    ]  # fmt: skip
    html = marked_html("a <b>x</b>", "a <i>y</i>")
    assert "<b>" not in html
    assert "<i>" not in html
    assert "<del" in html


@given(st.text(max_size=20))
def test_a_text_survives_as_a_row_of_numbers(text: str) -> None:
    told = np.zeros((2, 1 + OTHERS, 2), np.float32)
    row = Written(text, np.arange(3), told, np.ones((2, 3), np.float32), 4, 1.5, 6).packed()
    again = Written.unpacked(row)
    assert (again.text, again.left_out, again.surprise, again.true_tokens) == (text, 4, 1.5, 6)
    assert again.attention.shape == (2, 3)
    assert again.told.shape == told.shape


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), min_size=1, max_size=9))
def test_stored_texts_are_read_as_they_were(texts: list[str]) -> None:
    stored = Texts().store(texts, len(texts))
    assert [text_of(row) for row in stored] == texts


def test_the_nearest_text_gives_its_answer() -> None:
    known = Nearest(["kitten", "dog", "猫咪"], ["cat", "wolf", "猫"])
    assert known.answers(["sitting", "dot", "猫眯", ""]) == ["cat", "wolf", "猫", "猫"]


def test_numbers_are_said_by_the_rules_of_both_languages() -> None:
    said = {0: "cero", 21: "veintiuno", 100: "cien", 101: "ciento uno", 1_000: "mil", 21_001: "veintiún mil uno",
            31_354: "treinta y un mil trescientos cincuenta y cuatro", 100_000: "cien mil"}  # fmt: skip
    assert {number: spanish(number) for number in said} == said
    assert english(851_354) == "eight hundred fifty one thousand three hundred fifty four"


# -- pairs of one's own ------------------------------------------------------------------------------------------------


def test_pairs_with_one_side_missing_are_listed_and_chinese_is_cut_into_characters(tmp_path: Path) -> None:
    rows = [f"{'春花秋月'[n % 4] * (n % 5 + 1)}{n},{'山水'[n % 2]}{n}" for n in range(30)]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["白话,文言", *rows, "缺,", ",缺"]), encoding="utf-8")
    found = understand(path, path.name)
    assert (found.kind, found.source_column, found.target_column) == ("text-pairs", "白话", "文言")
    choice = Choice("text-pairs", "own", text_column=found.source_column, label_column=found.target_column)
    report = import_data(path, path.name, choice)
    assert report.made.num_examples == 30
    assert [problem.reason for problem in problems_of("own")] == [
        "The text to be written is missing.", "The text to be read is missing.",
    ]  # fmt: skip
    spec = RunSpec.build({"dataset": "my-pairs", "pairs": "own"})
    data = prepare(spec.dataset)
    assert data.describe(3) == "水3"
    learned = learn(spec.model, spec.task, data).learned["targets"]
    assert {side["kind"] for side in learned.values()} == {"characters"}


def test_the_same_column_twice_and_too_few_pairs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("source,target\na,b\nb,c\n", encoding="utf-8")
    with pytest.raises(TrainyardError, match="At least 10 pairs"):
        import_data(path, path.name, Choice("text-pairs", "few", text_column="source", label_column="target"))
    with pytest.raises(TrainyardError, match="cannot be both"):
        import_data(path, path.name, Choice("text-pairs", "few", text_column="source", label_column="source"))


def test_a_translation_memory_is_a_table_with_a_column_for_each_language(tmp_path: Path) -> None:
    unit = '<tu><tuv xml:lang="en"><seg>fish <bpt i="1">&lt;b&gt;</bpt>{n}</seg></tuv><tuv xml:lang="zh"><seg>鱼{n}</seg></tuv></tu>'
    units = "".join(unit.format(n=n) for n in range(12))
    lone = '<tu><tuv xml:lang="en"><seg>alone</seg></tuv></tu>'
    start = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header/><body>'
    path = tmp_path / "memory.tmx"
    path.write_text(f"{start}{units}{lone}</body></tmx>", encoding="utf-8")
    found = understand(path, path.name)
    assert (found.kind, found.source_column, found.target_column) == ("text-pairs", "en", "zh")
    report = import_data(path, path.name, Choice("text-pairs", "memory", text_column="en", label_column="zh"))
    assert report.made.num_examples == 12
    assert [problem.reason for problem in report.problems] == ["The text to be written is missing."]
    data = prepare(RunSpec.build({"task": "translation", "dataset": "my-pairs", "pairs": "memory"}).dataset)
    assert (data.inputs[np.array([3])][0], data.describe(3)) == ("fish 3", "鱼3")


@pytest.mark.parametrize(
    "hostile",
    [
        '<?xml version="1.0"?><!DOCTYPE tmx [<!ENTITY a "aaaa">]><tmx><body><tu><tuv xml:lang="en"><seg>&a;</seg></tuv></tu></body></tmx>',
        '<?xml version="1.0"?><!DOCTYPE tmx [<!ENTITY a SYSTEM "file:///etc/passwd">]><tmx><body>&a;</body></tmx>',
        '<?xml version="1.0"?><tmx><body><tu><tuv xml:lang="en"><seg>broken',
        '<?xml version="1.0"?><tmx><body></body></tmx>',
    ],
)
def test_a_hostile_or_broken_translation_memory_is_refused_in_a_sentence(tmp_path: Path, hostile: str) -> None:
    path = tmp_path / "memory.tmx"
    path.write_text(hostile, encoding="utf-8")
    with pytest.raises(TrainyardError, match=r"TMX file|no rows"):
        understand(path, path.name)


# -- translation and summaries -----------------------------------------------------------------------------------------


def test_a_lexicon_finds_which_word_stands_for_which() -> None:
    english, german = (
        ["the house", "the book", "a book", "a house here"],
        ["das Haus", "das Buch", "ein Buch", "ein Haus hier"],
    )
    lexicon = Lexicon(english * 3, german * 3)
    assert lexicon.translate("the house, a book") == "Das haus, ein buch"
    assert Lexicon(["red fish"] * 3 + ["red"], ["红鱼"] * 3 + ["红"]).translate("red") == "红"
    assert Lexicon([], []).translate("x y") == "X y"


def test_translations_are_measured_as_sacrebleu_does() -> None:
    task = Translation()
    assert task.measure(["the cat sat on the mat"], ["the cat sat on the mat"]) == {
        "chrf": pytest.approx(100), "bleu": pytest.approx(100),
    }  # fmt: skip
    assert task.measure(["他在这里看书"], ["他在这里看书"])["bleu"] == pytest.approx(100)
    assert task.measure([""], ["something"])["bleu"] == 0


def test_summaries_are_measured_by_common_words_also_in_chinese() -> None:
    found = rouges(["a cat sat", "春眠不覺", ""], ["a dog sat", "春眠不觉曉", "x"])
    assert found["rouge1"].tolist() == pytest.approx([2 / 3, 2 * (3 / 4) * (3 / 5) / (3 / 4 + 3 / 5), 0])
    assert found["rouge_l"][0] == pytest.approx(2 / 3)


def test_sentences_end_where_they_do() -> None:
    assert sentences_of("It is 3.5 m. Yes! It is.") == ["It is 3.5 m.", "Yes!", "It is."]
    assert sentences_of("春天。花開了！") == ["春天。", "花開了！"]
    assert sentences_of("") == [""]
    central = Central(["fish swim in water", "birds fly", "dogs run"])
    assert central.sentence("Hello. Fish swim in deep water. Bye.") == "Fish swim in deep water."
    assert Titles(["fish swim", "birds fly"], ["swimming", "flying"]).titles(["a bird can fly", "fish"]) == [
        "flying",
        "swimming",
    ]


def test_which_sentence_is_taken_is_learned_from_summaries() -> None:
    nouns = ["lists", "trees", "graphs", "tables", "rows", "columns"]
    texts = [f"Used by {noun} alone. See {noun} too. It sorts {noun} quickly. Old." for noun in nouns]
    chosen = Extractive(texts, [f"sorts {noun}" for noun in nouns])
    assert (
        chosen.sentence("Used by queues alone. See queues too. It sorts queues quickly. Old.")
        == "It sorts queues quickly."
    )
    assert Extractive(["One sentence."], ["one"]).sentence("First. Second.") == "First."
    assert Extractive([], []).sentence("First. Second.") == "First."


def test_near_copies_of_descriptions_stay_together() -> None:
    text = "Return the sum of all numbers of an array along the given axis as a new array of floats"
    groups = near_copies([text, f"{text}.", "Draw a line from here to there", "Something else"], ["a", "b", "c", "c"])
    assert groups[0] == groups[1]
    assert groups[2] == groups[3] != groups[0]
    assert pair_of("Return a thing of some kind.\n\nToo short.") is None
    assert pair_of(f"Return a thing of some kind.\n\n{'It is described in many words. ' * 4}\n\nParameters\n----------\nx") == (
        ("It is described in many words. " * 4).strip(), "Return a thing of some kind.",
    )  # fmt: skip


def test_what_is_copied_is_a_token_of_the_source_that_the_network_does_not_write_itself(pairs: None) -> None:
    spec = RunSpec.build(parts("pointer-generator") | {"width": 16})
    both = {"source": LETTERS.to_dict(), "target": LETTERS.to_dict()}
    network = build_network(spec, DataInfo((), modality="text", learned={"targets": both}))
    gate = network.saved.get_layer("writes")
    gate.set_weights([gate.get_weights()[0] * 0, np.array([-20.0], np.float32)])  # it only copies
    shares = SavedModel(network)(np.array([[5, 5, END]], np.int32), {"written": np.array([[BEGIN]], np.int32)})
    np.testing.assert_allclose(shares["probabilities"][0, 0].sum(), 1, atol=1e-5)
    assert set(np.flatnonzero(shares["probabilities"][0, 0] > 1e-6).tolist()) == {5, END}


# -- a run -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(pairs: None) -> Run:
    """A small network after three epochs."""
    from engine.training.fit import train_run

    store = open_store()
    spec = RunSpec.build({"dataset": "tiny-pairs", "width": 32, "layers": 1, "epochs": 3, "batch_size": 16})
    made = store.runs.create(spec, slot="test")
    train_run(store, made)
    return store.runs.get(made.id)


def test_a_run_is_evaluated_beside_the_nearest_text_and_its_answers_are_kept(run: Run) -> None:
    assert run.state is RunState.COMPLETED, run.message
    assert run.result["baseline_name"] == "nearest-text"
    assert 0 < run.result["test_character_errors"] < 3
    outcomes = artifacts_of(run.id).read_outcomes("test")
    assert outcomes is not None
    assert isinstance(outcomes.outputs, Ragged)
    assert text_of(outcomes.targets[0]).isupper()
    assert set(outcomes.scores) == {"exact_match", "character_errors"}


def test_what_training_logs_as_perplexity_is_what_the_evaluation_finds(run: Run) -> None:
    logged = open_store().metrics.history(run.id)["val_perplexity"]
    assert min(value for value in logged if value) == pytest.approx(run.result["validation_perplexity"], rel=1e-3)


def test_an_answer_of_a_run_comes_token_by_token_with_its_attention(run: Run) -> None:
    loaded = LoadedModels()
    *steps, last = (
        found[0].prediction.values for found in stream_answer(loaded.get(run.id), Files([("a.txt", b"abc")]))
    )
    assert last["text"] == "".join(token["text"] for token in last["tokens"])
    assert len(last["attention"]) == len(last["tokens"])
    assert last["source"] == ["a", "b", "c", "\N{BLACK SQUARE FOR STOP}"]
    whole = loaded.predict(run.id, [("a.txt", b"abc")], parameters={"beams": 2})
    assert whole[0].prediction is not None
    assert len(steps) <= 12
