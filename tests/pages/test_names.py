"""Names, tags and notes on pages: shown as they were written, edited in a popover, known to every list of runs."""

import json

import pytest

from engine.naming import Naming
from engine.store import Store
from tests import seeding, study_seeding
from tests.pages.opening import open_page, press, words
from tests.test_naming import imported_trees, on_trees
from ui.plain import plain_label

HOSTILE = "<b>Deep</b> ![x](https://host/x.png) :material/home: $x$"


def test_a_run_without_a_name_is_called_by_its_number(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    assert open_page("run", run=run.id).title[0].value == f"Run {run.id}"


def test_a_run_is_named_on_its_page(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    at = open_page("run", run=run.id)
    at.text_input(key=f"name-Run-{run.id}").set_value(" Deep  one ")
    at.text_area(key=f"note-Run-{run.id}").set_value("one\n*two*")
    press(at, "Save")
    assert at.title[0].value == "Deep one"
    assert "one\n*two*" in [text.value for text in at.text]  # plain text, no Markdown
    known = store.runs.get(run.id)
    assert (known.name, known.note) == ("Deep one", "one\n*two*")


def test_what_people_write_is_never_markdown(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    store.runs.rename(run.id, Naming(HOSTILE, HOSTILE, (HOSTILE[:40],)))
    at = open_page("run", run=run.id)
    assert at.title[0].value == plain_label(HOSTILE)
    study = study_seeding.study(store, trials=1)
    store.studies.rename(study.id, Naming(HOSTILE, tags=(HOSTILE[:40],)))
    at = open_page("study", study=study.id)
    assert at.title[0].value == plain_label(HOSTILE)
    assert HOSTILE not in words(at)


def test_a_study_is_named_on_its_page_and_listed_with_its_tags(store: Store) -> None:
    study = study_seeding.study(store, trials=1, name="Wide")
    assert "tags" not in open_page("studies").dataframe[0].value
    at = open_page("study", study=study.id)
    at.text_input(key=f"name-Study-{study.id}").set_value("Wider")
    press(at, "Save")
    assert at.title[0].value == "Wider"
    store.studies.rename(study.id, Naming(tags=("blue",)))
    table = open_page("studies").dataframe[0].value
    assert (table["name"][0], list(table["tags"][0])) == ("Wider", ["blue"])


def test_the_demo_lists_runs_by_name_and_data_by_title(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    store.runs.rename(run.id, Naming("Deep one"))
    (shown,) = open_page("demo", run=run.id).selectbox(key="demo_run").options
    assert shown.startswith(f"{run.id} · Deep one · {run.spec['model']['name']} · ")


@pytest.mark.slow
def test_comparisons_and_leaderboards_name_runs(store: Store) -> None:
    first, second = seeding.scored(store, dataset="digits"), seeding.scored(store, 0.8, dataset="digits")
    store.runs.rename(first.id, Naming("Deep one"))
    at = open_page("compare", runs=f"{first.id},{second.id}")
    assert "Deep one" in list(at.dataframe[0].value["title"])
    board = open_page("leaderboard")
    assert "Deep one" in list(board.dataframe[0].value["title"])
    charts = [json.loads(element.proto.json) for element in board.get("bidi_component")]
    specs = [json.loads(chart["spec"]) for board in charts for chart in board["charts"]]
    assert any(f"{first.id} · Deep one" in json.dumps(spec, ensure_ascii=False) for spec in specs)


def test_each_imported_set_has_a_leaderboard_under_its_title(store: Store) -> None:
    for reference in (imported_trees(), imported_trees("Shrubs", "shrubs")):
        run = store.runs.create(on_trees(reference), slot="terminal")
        store.attempts.end(run, seeding.RunState.COMPLETED, result={"test_accuracy": 0.5})
    at = open_page("leaderboard")
    assert sorted(at.selectbox(key="choose-dataset").options) == ["Shrubs", "Trees of the park"]
