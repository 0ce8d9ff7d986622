"""The table of runs: who sees which, and actions on several at once."""

import pandas as pd

from engine.artifacts import artifacts_of
from engine.naming import Naming
from engine.runs import RunSpec, RunState
from engine.store import Store
from tests import seeding
from tests.pages.opening import labels, open_page, press, words
from tests.test_naming import imported_trees, on_trees


def numbers(table) -> list[int]:
    """The runs in a table, by the links in its first column."""
    return [int(link.removeprefix("run?run=")) for link in table.value["run"]]


def select(at, *run_ids: int):
    """Tick the rows of these runs."""
    table = at.dataframe[0]
    shown = numbers(table)
    rows = [shown.index(i) for i in run_ids]
    at.session_state[table.key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def test_no_runs_yet_leads_to_the_train_page(store: Store) -> None:
    at = open_page("runs")
    assert "There are no runs yet" in at.info[0].value
    assert not at.dataframe


def test_each_run_is_a_row_with_its_state_in_words(store: Store) -> None:
    runs = seeding.one_of_each(store)
    shown = open_page("runs").dataframe[0]
    table = shown.value.set_index(pd.Index(numbers(shown)))
    assert table.loc[runs["completed"].id, "state"] == "✓ Completed"
    assert table.loc[runs["queued"].id, "state"] == "○ Queued 1."
    assert table.loc[runs["running"].id, "progress"] == 40
    assert list(table.index) == sorted(table.index, reverse=True)


def test_an_owner_that_is_a_formula_stays_a_word_in_the_file_that_the_browser_saves(store: Store) -> None:
    store.runs.create(RunSpec.build({}), owner="=1+1")
    assert list(open_page("runs").dataframe[0].value["owner"]) == ["'=1+1"]


def test_filters_come_from_the_address(store: Store) -> None:
    runs = seeding.one_of_each(store)
    shown = open_page("runs", states="failed").dataframe[0]
    assert numbers(shown) == [runs["failed"].id]
    shown = open_page("runs", models="mlp").dataframe[0]
    assert numbers(shown) == [runs["failed"].id, runs["stopped"].id]


def test_a_filter_that_does_not_exist_is_ignored(store: Store) -> None:
    seeding.failed(store)
    assert len(open_page("runs", states="excellent", models="gpt").dataframe[0].value) == 1


def test_a_search_looks_into_specs_and_messages(store: Store) -> None:
    runs = seeding.one_of_each(store)
    assert numbers(open_page("runs", text="NaN").dataframe[0]) == [runs["failed"].id]
    assert "No runs match these filters" in words(open_page("runs", text="no such thing"))


def test_names_tags_and_notes_are_shown_filtered_by_and_found(store: Store) -> None:
    plain, deep, wide = (seeding.failed(store) for _i in range(3))
    assert not {"name", "tags"} & set(open_page("runs").dataframe[0].value.columns)
    store.runs.rename(deep.id, Naming("=Deep one", "for the *paper*", ("baseline", "blue")))
    store.runs.rename(wide.id, Naming(tags=("blue",)))
    shown = open_page("runs").dataframe[0]
    assert numbers(shown) == [wide.id, deep.id, plain.id]
    assert list(shown.value["name"])[1] == "'=Deep one"  # no formula where it is saved
    assert [None if tags is None else list(tags) for tags in shown.value["tags"]] == [
        ["blue"],
        ["baseline", "blue"],
        None,
    ]
    assert numbers(open_page("runs", tags="baseline").dataframe[0]) == [deep.id]
    for text in ("deep ONE", "PAPER", "baseline"):
        assert numbers(open_page("runs", text=text).dataframe[0]) == [deep.id]


def test_one_s_own_data_stands_in_the_table_under_its_title(store: Store) -> None:
    run = store.runs.create(on_trees(imported_trees()))
    seeding.failed(store)
    assert "Trees of the park" in list(open_page("runs").dataframe[0].value["dataset"])
    assert numbers(open_page("runs", datasets="Trees of the park").dataframe[0]) == [run.id]
    assert numbers(open_page("runs", text="the park").dataframe[0]) == [run.id]


def test_without_a_selection_nothing_can_be_pressed(store: Store) -> None:
    seeding.one_of_each(store)
    assert not {"Open", "Stop", "Cancel…", "Resume", "Delete…"} & set(labels(open_page("runs")))


def test_several_runs_are_stopped_at_once(store: Store) -> None:
    runs = [seeding.running(store), seeding.running(store)]
    press(select(open_page("runs"), *(run.id for run in runs)), "Stop")
    assert {store.runs.get(run.id).request for run in runs} == {"stopped"}


def test_delete_asks_and_then_removes_rows_and_folders(store: Store) -> None:
    runs = [seeding.completed(store, epochs=1), seeding.completed(store, epochs=1)]
    at = press(select(open_page("runs"), *(run.id for run in runs)), "Delete…")
    assert len(store.runs.list()) == 2
    press(at, "Delete for good")
    assert store.runs.list() == []
    assert not any(artifacts_of(run.id).folder.exists() for run in runs)


def test_a_live_run_cannot_be_deleted(store: Store) -> None:
    run = seeding.running(store)
    assert "Delete…" not in labels(select(open_page("runs"), run.id))


def test_a_selection_stays_with_its_run_when_a_new_one_pushes_it_down(store: Store) -> None:
    old = seeding.failed(store)
    at = select(open_page("runs"), old.id)
    seeding.queued(store)
    at.run()
    press(at, "Resume")
    assert store.runs.get(old.id).state == RunState.QUEUED


def test_a_long_queue_shows_every_place(store: Store) -> None:
    for _i in range(30):
        seeding.queued(store)
    states = list(open_page("runs").dataframe[0].value["state"])
    assert states == [f"○ Queued {i}." for i in range(30, 0, -1)]
