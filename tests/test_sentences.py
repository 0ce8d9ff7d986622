"""A sentence keeps its template and values from where something goes wrong to where it is read, in any language."""

import copy
import json
import pickle
from pathlib import Path
from string import Formatter

import pytest

from engine.api.problems import Problem
from engine.errors import TrainyardError, unknown_name
from engine.imports.sets import PROBLEMS, problems_of, set_path
from engine.runs import RunState
from engine.sentences import AND, COMMA, Sentence, counted, from_json, joined, to_json, word
from engine.serving.answers import PredictResult
from scripts.message_checks import loose_texts
from scripts.message_texts import collect, engine_sources, error_names, from_engine, spoken
from ui.language import LANGUAGES, catalog
from ui.sentences import said_plain

STOPPED = "Stopped in epoch {done} of {epochs}. The model is kept; Resume continues from here."


def test_an_error_is_its_english_and_keeps_its_values() -> None:
    error = TrainyardError("Run {run} is {state!r}; {free:,.1f} GB are free.", run=3, state="new", free=1234.56)
    assert str(error) == "Run 3 is 'new'; 1,234.6 GB are free."
    assert error.sentence.values == {"run": 3, "state": "new", "free": 1234.56}


def test_a_sentence_is_told_in_every_language_with_its_values() -> None:
    for code in LANGUAGES:
        told = Sentence(STOPPED, done=3, epochs=10).told(catalog(code))
        assert "3" in told
        assert "10" in told
        assert code == "en" or not any(c.isascii() and c.isalpha() for c in told.replace("Resume", ""))


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_template_of_the_engine_takes_its_values_in_every_language(code: str) -> None:
    for found, _place in from_engine():
        for template in (found,) if isinstance(found, str) else found:
            fields = [(name, spec) for _, name, spec, _ in Formatter().parse(template) if name and name.isidentifier()]
            values = {name: 1 if spec or name == "count" else f"v-{name}" for name, spec in fields}
            told = Sentence(template, **values).told(catalog(code))
            assert all(str(value) in told for value in values.values())


def test_sentences_in_values_are_told_in_the_same_language() -> None:
    inner = Sentence(STOPPED, done=1, epochs=2)
    outer = Sentence("{over} The last one: {words}", over=inner, words=joined([inner, "plain"], AND))
    told = outer.told(catalog("zh"))
    assert told.count(inner.told(catalog("zh"))) == 2
    assert "Stopped" not in told
    assert str(outer).count(str(inner)) == 2


def test_an_error_in_a_value_counts_as_its_sentence() -> None:
    cause = TrainyardError(STOPPED, done=1, epochs=2)
    assert TrainyardError("{name!r}: {error}", name="a.zip", error=cause).sentence.values["error"] is cause.sentence


def test_a_list_has_the_marks_of_its_language() -> None:
    names = joined(["'a'", "'b'", "'c'"], COMMA)
    assert names == "'a', 'b', 'c'"
    assert names.told(catalog("zh")) == "'a'、'b'、'c'"
    assert joined([], COMMA) == ""


def test_a_count_chooses_its_form() -> None:
    assert [counted("{count} run", "{count} runs", count=n) for n in (1, 2, 0)] == ["1 run", "2 runs", "0 runs"]


def test_words_of_ours_are_translated_and_names_of_people_are_not() -> None:
    state = Sentence("Run {run} is {state}; stop it before deleting it.", run=1, state=word(RunState.COMPLETED))
    assert state == "Run 1 is completed; stop it before deleting it."
    assert "completed" not in state.told(catalog("zh"))
    named = Sentence("Run {run} is {state}; stop it before deleting it.", run=1, state="completed")
    assert "completed" in named.told(catalog("zh"))


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_braces_in_values_are_only_text(code: str) -> None:
    hostile = "{0} {name} {x.__class__} {{"
    told = Sentence(
        "{name!r} includes a version. Give the name alone: versions are numbered automatically.", name=hostile
    )
    assert hostile in from_json(to_json(told)).told(catalog(code))
    assert Sentence("Without values {this} stands as it is.") == "Without values {this} stands as it is."


def test_a_stored_template_reaches_no_attribute_of_its_values() -> None:
    stored = json.dumps({"template": "{x.__class__}", "values": {"x": "a"}})
    assert from_json(stored) == stored


NESTED = Sentence(
    "{a} {b!r} {c}",
    a=Sentence(STOPPED, done=1, epochs=2),
    b=joined("xy", COMMA),
    c=counted("{count} run", "{count} runs", count=2),
)


def test_a_sentence_survives_storage_copies_and_pickling() -> None:
    for twin in (from_json(to_json(NESTED)), copy.deepcopy(NESTED), pickle.loads(pickle.dumps(NESTED))):
        assert twin == NESTED
        assert twin.told(catalog("zh")) == NESTED.told(catalog("zh")) != str(NESTED)


@pytest.mark.parametrize(
    "old", ["", "Its worker was gone.", "{ braces }", '{"template": 3}', '{"template": "{x}", "values": {}, "n"', "[1]"]
)
def test_a_text_that_an_earlier_version_stored_reads_as_itself(old: str) -> None:
    assert from_json(old) == old
    assert to_json(from_json(old)) == old
    assert said_plain(from_json(old)) == old


def test_an_old_text_without_values_is_still_translated() -> None:
    old = "Canceled: no result was kept."
    assert from_json(old).told(catalog("zh")) != old


def test_problems_of_an_import_keep_their_sentences_and_old_ones_their_text(home: Path) -> None:
    folder = set_path("pets@1")
    folder.mkdir(parents=True)
    sentence = Sentence("The target {column!r} is missing.", column="y")
    rows = [["row 1", "An old text."], ["row 2", to_json(sentence)]]
    (folder / PROBLEMS).write_text(json.dumps(rows))
    old, new = (problem.reason for problem in problems_of("pets@1"))
    assert (old, new) == ("An old text.", "The target 'y' is missing.")
    assert isinstance(new, Sentence)
    assert new.values == {"column": "y"}


def test_the_result_of_a_file_crosses_to_another_process_with_its_sentence() -> None:
    sent = PredictResult("a.txt", None, Sentence("The target {column!r} is missing.", column="y"))
    found = PredictResult.from_dict(json.loads(json.dumps(sent.to_dict())))
    assert isinstance(found.error, Sentence)
    assert found == sent


def test_hints_are_sentences_too() -> None:
    error = unknown_name("model", "mpl", ["mlp", "cnn"])
    assert str(error) == "No model named 'mpl'. Did you mean 'mlp'?"
    assert "Did you mean" not in error.sentence.told(catalog("zh"))


def test_an_error_with_a_status_has_a_sentence() -> None:
    from http import HTTPStatus

    error = Problem(HTTPStatus.BAD_REQUEST, "raw is {asked!r}; expected true or false.", asked="2")
    assert (error.status, str(error)) == (HTTPStatus.BAD_REQUEST, "raw is '2'; expected true or false.")


# -- the check ---------------------------------------------------------------------------------------------------------


def test_every_error_of_the_engine_has_a_literal_template_and_exactly_its_values() -> None:
    found = [text for path in engine_sources() for text in loose_texts(path.read_text(), str(path))]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        'raise TrainyardError(f"Run {run} is gone.")',
        'raise TrainyardError("Run " + run)',
        'raise TrainyardError("Run {}.".format(run))',
        'raise Busy("Run {run} is gone.", runs=run)',
        'Sentence("Run {run} is {state}.", run=run)',
        'raise Problem(400, f"raw is {asked}.")',
    ],
)
def test_the_check_finds_an_error_whose_text_is_put_together(code: str) -> None:
    assert loose_texts(code, "x.py")


def test_the_check_takes_templates_sentences_and_other_calls() -> None:
    code = 'raise TrainyardError("Run {run}.", run=1)\nraise TrainyardError(words)\nraise TrainyardError(why(run))\nlog(f"{run}")'
    assert loose_texts(code, "x.py") == []
    assert [text for _call, (text, *_) in spoken(code, error_names())]


def test_what_an_error_says_is_collected() -> None:
    assert STOPPED in collect()


def test_no_file_of_the_interface_matches_sentences_any_more() -> None:
    assert "import re" not in Path("ui/sentences.py").read_text()
