"""The page of a study: its progress, its charts one at a time, and changes while it runs."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from engine.artifacts import artifacts_of
from engine.runs import RunState
from engine.spec import Choices, Range
from engine.store import Store
from engine.store.schema import studies
from engine.studies import Search, Study, StudySpec, StudyState, tunable
from tests import seeding, study_seeding
from tests.pages.opening import labels, open_page, press, words
from ui.studies.feed import _feed
from ui.studies.steering import with_search
from ui.studies.views import VIEWS

PARAMS = {"learning_rate": 0.01, "units": 32, "dropout": 0.1, "activation": "relu"}


def charts(at: AppTest) -> list[dict[str, Any]]:
    """The figures that the page has drawn."""
    boards = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    return [json.loads(chart["spec"]) for board in boards for chart in board["charts"]]


def metrics(at: AppTest) -> dict[str, str]:
    """The headline figures."""
    return {metric.label: metric.value for metric in at.metric}


def pick(at: AppTest, trial: int) -> AppTest:
    """Select the row of a trial."""
    table = at.dataframe[0]
    row = list(table.value["trial"]).index(trial)
    at.session_state[table.key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def test_it_shows_how_far_it_is_and_the_best_so_far(store: Store) -> None:
    made = study_seeding.study(store, trials=6)
    study_seeding.begun(store, made, 6, PARAMS, [0.3])
    at = open_page("study", study=made.id)
    assert metrics(at)["Trials"] == "6 / 20"
    assert metrics(at)["Best: Validation accuracy"].endswith("%")
    assert "6 of 20 trials have ended · 1 pruned · 1 training now" in words(at)
    assert metrics(at)["Time left"] != "–"
    assert list(at.dataframe[0].value["trial"]) == [6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("view", sorted(VIEWS))
@pytest.mark.parametrize("trials", [0, 1, 12])
def test_every_chart_draws_or_says_what_it_waits_for(store: Store, view: str, trials: int) -> None:
    made = study_seeding.study(store, trials=trials, objectives=("quality", "latency"))
    at = open_page("study", study=made.id, view=view)
    assert charts(at) or "This chart needs" in words(at)
    if trials == 12:
        assert all(figure["data"] for figure in charts(at))


def of_models(store: Store) -> Study:
    """A study that compares three models, of which one has neither depth nor units."""
    space = {"model": Choices(("cnn", "mlp", "linear")), "units": None, "depth": None, "learning_rate": None}
    search = Search(trials=20, sampler="random", pruner="none")
    made = store.studies.create(StudySpec.build(study_seeding.VALUES, space, search=search), "", "ada")
    for number in range(12):
        model = made.spec.models[number % 3]
        params = {"model": model, "units": 16 + number, "depth": 1 + number % 4, "learning_rate": 0.001 * (number + 1)}
        study_seeding.ended(store, made, number, {name: params[name] for name in made.spec.used(params)})
    return made


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_every_chart_draws_models_with_hyperparameters_of_their_own(store: Store, view: str) -> None:
    made = of_models(store)
    at = open_page("study", study=made.id, view=view)
    assert not at.exception, at.exception[0].message
    assert not at.error
    for figure in charts(at):
        assert figure["data"]
    if view == "slices":
        drawn = [len(trace["x"]) for figure in charts(at) for trace in figure["data"][:1]]
        assert drawn == [12, 8, 4, 12], "only trials that have the hyperparameter"
    if view == "parallel":
        depth = next(d for d in charts(at)[0]["data"][0]["dimensions"] if d["label"] == "Depth")
        assert None not in depth["values"]
        assert depth["ticktext"][0] == "–"


def test_models_stand_in_the_table_and_a_trial_lacks_what_its_model_lacks(store: Store) -> None:
    made = of_models(store)
    table = open_page("study", study=made.id).dataframe[0].value.set_index("trial")
    assert list(table["model"][[0, 1, 2]]) == ["cnn", "mlp", "linear"]
    assert table["units"].isna().sum() == 4
    assert table["depth"].notna().sum() == 4


def test_a_model_is_enqueued_with_what_it_has(store: Store) -> None:
    made = of_models(store)
    at = open_page("study", study=made.id)
    at.selectbox(key=f"enqueue-{made.id}.model").select("mlp")
    at.number_input(key=f"enqueue-{made.id}.depth").set_value(2)
    press(at, "Enqueue")
    assert store.studies.get(made.id).enqueued == ({"model": "mlp", "depth": 2},)


def test_a_trial_with_another_model_is_promoted(store: Store) -> None:
    made = of_models(store)
    press(pick(open_page("study", study=made.id), 2), "Promote")
    (run,) = store.runs.list(trials=False)
    assert run.spec["model"]["name"] == "linear"


def test_only_the_chart_that_is_looked_at_is_drawn(store: Store) -> None:
    made = study_seeding.study(store, trials=12)
    assert [trace["type"] for figure in charts(open_page("study", study=made.id, view="parallel")) for trace in figure["data"]] == [
        "parcoords"
    ]  # fmt: skip


def test_a_clicked_point_opens_its_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = study_seeding.study(store, trials=3)
    at = open_page("study", study=made.id)
    run = store.studies.runs(made.id)[1][0]
    assert run.id in charts(at)[0]["data"][0]["customdata"]
    monkeypatch.setattr("ui.widgets.live_plot._mount", lambda **_board: {"clicked": run.id})
    assert at.run().title[0].value == f"Run {run.id}"


def test_a_click_that_names_no_run_of_the_study_opens_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    other = seeding.queued(store)
    made = study_seeding.study(store, trials=1)
    monkeypatch.setattr("ui.widgets.live_plot._mount", lambda **_board: {"clicked": other.id})
    assert open_page("study", study=made.id).title[0].value == "mlp on digits"


def test_two_objectives_have_a_front_and_no_single_best(store: Store) -> None:
    made = study_seeding.study(store, trials=12, objectives=("quality", "latency"))
    at = open_page("study", study=made.id, view="front")
    names = {trace["name"] for figure in charts(at) for trace in figure["data"]}
    assert names == {"Trials", "Pareto-optimal"}
    assert {"Best: Validation accuracy", "Best: Latency"} <= metrics(at).keys()
    assert "Promote the best trial" not in labels(at)


def test_trials_that_came_to_nothing_are_failures_and_no_best(store: Store) -> None:
    made = study_seeding.study(store, trials=0)
    for number, quality in enumerate((float("nan"), float("inf"))):
        study_seeding.ended(store, made, number, PARAMS, quality=quality)
    at = open_page("study", study=made.id)
    assert metrics(at)["Best: Validation accuracy"] == "–"
    assert set(at.dataframe[0].value["state"]) == {"✕ Failed"}
    assert not open_page("study", study=made.id, view="curves").exception


# -- steering ----------------------------------------------------------------------------------------------------------


def test_pause_resume_and_stop(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    run = study_seeding.begun(store, made, 1, PARAMS)
    at = press(open_page("study", study=made.id), "Pause")
    assert store.studies.get(made.id).state is StudyState.PAUSED
    at = press(at, "Resume")
    assert store.studies.get(made.id).state is StudyState.RUNNING
    at = press(at, "Stop")
    assert store.studies.get(made.id).state is StudyState.STOPPED
    assert store.runs.get(run.id).request == RunState.STOPPED
    assert {"Resume", "Delete…"} <= set(labels(at))


def test_an_enqueued_trial_is_tried_next_and_leaves_the_rest_open(store: Store) -> None:
    made = study_seeding.study(store, trials=0)
    at = open_page("study", study=made.id)
    at.number_input(key=f"enqueue-{made.id}.units").set_value(24)
    at.selectbox(key=f"enqueue-{made.id}.activation").select("tanh")
    at = press(at, "Enqueue")
    assert store.studies.get(made.id).enqueued == ({"units": 24, "activation": "tanh"},)
    assert [toast.value for toast in at.toast] == ["Enqueued: tried next."]
    assert "1 enqueued by you come next" in words(at)


def test_an_enqueued_trial_without_values_is_refused(store: Store) -> None:
    made = study_seeding.study(store, trials=0)
    at = press(open_page("study", study=made.id), "Enqueue")
    assert any("at least one value" in warning.value for warning in at.warning)
    assert store.studies.get(made.id).enqueued == ()


def test_a_range_is_narrowed_for_later_trials(store: Store) -> None:
    made = study_seeding.study(store, trials=0)
    at = open_page("study", study=made.id)
    at.selectbox(key=f"narrow-{made.id}").select("units").run()
    at.number_input(key=f"narrow-{made.id}.units.high.128").set_value(64)
    press(at, "Narrow")
    assert store.studies.get(made.id).spec.space["units"] == Range(8, 64, log=True)


def test_a_range_can_be_narrowed_to_one_value(store: Store) -> None:
    made = study_seeding.study(store, trials=0)
    for name in ("units", "dropout"):
        store.studies.steer(
            made.id,
            lambda spec, name=name: spec.narrowed(
                name, Range(0.5 if name == "dropout" else 32, 0.5 if name == "dropout" else 32)
            ),
        )
    at = open_page("study", study=made.id)
    for name in ("units", "dropout"):
        at.selectbox(key=f"narrow-{made.id}").select(name).run()
        assert not at.exception, at.exception[0].message


def test_two_people_who_steer_at_once_lose_nothing(store: Store) -> None:
    made = study_seeding.study(store, trials=0)
    at = open_page("study", study=made.id)
    at.number_input(key=f"numbers-{made.id}.trials.20").set_value(50)
    store.studies.steer(made.id, lambda spec: with_search(spec, {"parallel": 3}))
    store.studies.steer(made.id, lambda spec: spec.narrowed("units", Range(8, 32)))
    press(at, "Change")
    spec = store.studies.get(made.id).spec
    assert (spec.search.trials, spec.search.parallel, spec.space["units"].high) == (50, 3, 32)  # type: ignore[union-attr]


def test_more_trials_let_a_completed_study_go_on(store: Store) -> None:
    made = study_seeding.study(store, trials=2)
    store.studies.end(made.id, StudyState.COMPLETED)
    at = open_page("study", study=made.id)
    at.number_input(key=f"numbers-{made.id}.trials.20").set_value(30)
    press(at, "Change")
    assert store.studies.get(made.id).state is StudyState.RUNNING


def test_a_larger_budget_lets_a_study_go_on_whose_time_was_spent(store: Store) -> None:
    made = study_seeding.study(store, trials=2, budget_minutes=1.0)
    store.studies.end(made.id, StudyState.COMPLETED, "The time budget of 1 minutes is used up.")
    at = open_page("study", study=made.id)
    at.number_input(key=f"numbers-{made.id}.budget_minutes.1.0").set_value(5.0)
    press(at, "Change")
    assert store.studies.get(made.id).state is StudyState.RUNNING


def test_a_paused_trial_has_not_ended_and_can_be_stopped(store: Store) -> None:
    made = study_seeding.study(store, trials=2)
    run = study_seeding.begun(store, made, 2, PARAMS, [0.1])
    store.attempts.end(run, RunState.PAUSED)
    at = open_page("study", study=made.id)
    assert metrics(at)["Trials"] == "2 / 20"
    assert "2 of 20 trials have ended · 1 paused" in words(at)
    press(pick(at, 2), "Stop this trial")
    assert store.runs.get(run.id).state is RunState.STOPPED


def test_a_trial_that_is_selected_in_one_study_is_not_in_another(store: Store) -> None:
    one, two = study_seeding.study(store, trials=2), study_seeding.study(store, trials=2)
    at = pick(open_page("study", study=one.id), 1)
    assert "Promote" in labels(at)
    at.query_params["study"] = str(two.id)
    assert "Promote" not in labels(at.run())


def test_one_trial_is_stopped_or_boosted(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    run = study_seeding.begun(store, made, 1, PARAMS)
    at = pick(open_page("study", study=made.id), 1)
    at = press(at, "Prioritise")
    assert store.studies.get(made.id).boosted == (1,)
    assert "Prioritise" not in labels(at)
    press(at, "Stop this trial")
    assert store.runs.get(run.id).request == RunState.STOPPED


def test_a_trial_that_has_ended_cannot_be_stopped(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    at = pick(open_page("study", study=made.id), 0)
    assert not {"Stop this trial", "Prioritise"} & set(labels(at))
    at = press(at, "Open its run")
    assert at.title[0].value.startswith("Run ")


def test_the_best_is_promoted_to_a_run_of_its_own(store: Store) -> None:
    made = study_seeding.study(store, trials=4)
    best = max(study_seeding.trials_of(store, made), key=lambda trial: trial.values[0] if trial.evaluated else 0)
    at = press(open_page("study", study=made.id), "Promote the best trial")
    run = next(run for run in store.runs.list() if run.study_id is None)
    assert at.title[0].value == f"Run {run.id}"
    assert run.spec["model"]["units"] == best.params["units"]


def test_delete_asks_and_then_forgets_the_study_with_its_runs(store: Store) -> None:
    made = study_seeding.study(store, trials=2)
    artifacts_of(1).folder.mkdir(parents=True)
    store.studies.stop(made.id)
    at = press(open_page("study", study=made.id), "Delete…")
    assert store.studies.list()
    press(at, "Delete for good")
    assert store.studies.list() == []
    assert store.runs.list() == []
    assert not artifacts_of(1).folder.exists()


# -- addresses, other people, other versions ---------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["", "x", "-1", "99", "9" * 30, "²", "1;drop"])
def test_an_unknown_study_leads_to_the_list(store: Store, asked: str) -> None:
    at = open_page("study", study=asked)
    assert at.info[0].value
    assert any(link.proto.page.endswith("studies") for link in at.get("page_link"))


@pytest.mark.parametrize(
    "query", [{"view": "../../x"}, {"view": "contour", "x": "<b>", "y": "seed"}, {"objective": "fame"}]
)
def test_hostile_choices_in_the_address_are_ignored(store: Store, query: dict[str, str]) -> None:
    made = study_seeding.study(store, trials=4)
    assert charts(open_page("study", study=made.id, **query))


def test_the_way_back_from_a_run_leads_to_its_study(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    run = store.studies.runs(made.id)[0][0]
    at = open_page("study", run=run.id)
    assert at.title[0].value == "mlp on digits"
    assert at.query_params["study"] == str(made.id)
    assert "No study is chosen" in open_page("study", run=99).info[0].value


def break_spec(store: Store, made: Study) -> None:
    """As another version may have written it."""
    with store.writing() as db:
        db.execute(update(studies).where(studies.c.id == made.id).values(spec={"values": {"model": "mlp"}}))


def test_a_study_that_cannot_be_read_says_so_and_can_be_stopped_and_deleted(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    break_spec(store, made)
    at = open_page("study", study=made.id)
    assert any("cannot be read" in error.value for error in at.error)
    at = press(at, "Stop")
    assert "Delete…" in labels(at)


def test_a_study_of_a_model_that_is_gone_says_so(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    spec = replace(made.spec, values=made.spec.values | {"model": "of-a-plugin"}).to_dict()
    with store.writing() as db:
        db.execute(update(studies).where(studies.c.id == made.id).values(spec=spec))
    assert any("of-a-plugin" in error.value for error in open_page("study", study=made.id).error)


def test_a_study_that_varies_what_is_no_hyperparameter_any_more_says_so(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    record = made.spec.to_dict()
    for change in (
        {"space": record["space"] | {"warmth": {"low": 1, "high": 2, "step": None, "log": False}}},
        {"objectives": ["fame"]},
    ):
        with store.writing() as db:
            db.execute(update(studies).where(studies.c.id == made.id).values(spec=record | change))
        _feed.clear()
        at = open_page("study", study=made.id)
        assert any("warmth" in error.value or "fame" in error.value for error in at.error)
        assert not open_page("studies").exception


def test_a_grid_with_too_many_combinations_has_a_page(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    many = dict.fromkeys(list(tunable(made.spec.run_spec({})))[:12])
    spec = StudySpec.build(study_seeding.VALUES, many, search=Search(sampler="grid"))
    with store.writing() as db:
        db.execute(update(studies).where(studies.c.id == made.id).values(spec=spec.to_dict()))
    assert metrics(open_page("study", study=made.id))["Trials"] == "1 / 20"


# -- the list, and the pages of runs -----------------------------------------------------------------------------------


def test_no_studies_yet_says_what_to_do(store: Store) -> None:
    at = open_page("studies")
    assert "There are no studies yet" in at.info[0].value


def test_each_study_is_a_row_and_a_broken_one_spoils_none(store: Store) -> None:
    good = study_seeding.study(store, trials=4, name="<b>Mine</b>")
    break_spec(store, study_seeding.study(store, trials=1))
    study_seeding.study(store, trials=0, objectives=("parameters",))
    table = open_page("studies").dataframe[0].value
    assert list(table["id"].str[-1]) == ["3", "2", "1"]
    row = table.iloc[2]
    best = max(trial.values[0] or 0 for trial in study_seeding.trials_of(store, good) if trial.evaluated)
    assert (row["name"], row["trials"], row["progress"]) == ("<b>Mine</b>", "4 / 20", 0.2)
    assert row["best"] == f"Validation accuracy {best:.1%}"


def test_trials_are_no_rows_of_the_runs_page_unless_asked_for(store: Store) -> None:
    made = study_seeding.study(store, trials=2)
    own = seeding.queued(store)
    at = open_page("runs")
    assert list(at.dataframe[0].value["run"]) == [f"run?run={own.id}"]
    at.toggle(key="show_trials").set_value(True).run()
    assert len(at.dataframe[0].value) == 3
    assert f"{made.id} · 0" in set(at.dataframe[0].value["study"])
    assert at.query_params["trials"] == "true"


def test_where_there_are_only_trials_the_runs_page_says_so(store: Store) -> None:
    study_seeding.study(store, trials=1)
    at = open_page("runs")
    assert "are trials of studies" in at.info[0].value
    at.toggle(key="show_trials").set_value(True).run()
    assert len(at.dataframe[0].value) == 1


def test_the_run_of_a_trial_leads_to_its_study(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    run = store.studies.runs(made.id)[0][0]
    at = open_page("run", run=run.id)
    link = next(link for link in at.get("page_link") if link.proto.label == f"Trial 0 of study {made.id}")
    assert link.proto.query_string == f"study={made.id}"
