"""Charts and words of studies: bounded however many trials there are, and the best is always drawn."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.runs import Run, RunState
from engine.search.trials import Trial
from engine.spec import Choices, Range
from engine.studies import Domain, Study, StudySpec, StudyState
from tests import study_seeding
from ui.charts.figures import to_json
from ui.studies.charts.contour import contour_figure
from ui.studies.charts.curves import MOST_CURVE_POINTS, MOST_CURVES, curves_figure
from ui.studies.charts.front import front_figure
from ui.studies.charts.goal import MOST_TRIALS, Goal, sample
from ui.studies.charts.history import history_figure
from ui.studies.charts.parallel import parallel_figure
from ui.studies.charts.slices import slice_figure
from ui.studies.charts.workers import lanes, workers_figure
from ui.studies.table import MOST_ROWS, shown_trials
from ui.studies.words import seconds_left

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPACE: dict[str, Domain] = {
    "rate": Range(1e-4, 1e-1, log=True), "depth": Range(1, 6), "kernel": Choices((3, 5)), "flag": Choices((False, True)),
}  # fmt: skip
GOAL = Goal(SPACE, {name: name.title() for name in SPACE}, ("Accuracy", "Size"), (True, False), (".1%", "~g"), "light")


def trial(number: int, value: float | None, state: RunState = RunState.COMPLETED, **more: Any) -> Trial:
    """A trial that came to `value` after five epochs."""
    began = NOW + timedelta(seconds=10 * number)
    run = Run(
        number + 1, state, {}, epoch=5, curve=[0.1, 0.2, 0.3, 0.4, value or 0.0], trial=number, started_at=began,
        ended_at=None if state.live else began + timedelta(seconds=8),
    )  # fmt: skip
    params = {"rate": 0.001 * (1 + number % 50), "depth": 1 + number % 6, "kernel": 3, "flag": bool(number % 2)} | more
    return Trial(number, state, params, (value, float(number)), (run,))


def many(count: int) -> list[Trial]:
    """Trials of all kinds; the best is one in the middle."""
    states = [RunState.COMPLETED, RunState.COMPLETED, RunState.PRUNED, RunState.FAILED]
    made = [trial(i, 0.5 + (i * 37 % 100) / 1000, states[i % 4]) for i in range(count)]
    made[count // 2] = trial(count // 2, 0.99)
    return [*made, trial(count, None, RunState.RUNNING)]


def figures(trials: Sequence[Trial], goal: Goal = GOAL) -> dict[str, dict[str, Any]]:
    """Every chart of these trials."""
    evaluated = [t for t in trials if t.evaluated]
    best = [max(evaluated, key=lambda t: t.values[0] or 0)] if evaluated else []
    numbers = [t.number for t in best]
    return {
        "history": history_figure(trials, goal),
        "curves": curves_figure(trials, goal, numbers),
        "parallel": parallel_figure(trials, goal),
        "slice": slice_figure(trials, goal, "rate", numbers),
        "choices": slice_figure(trials, goal, "flag", numbers),
        "contour": contour_figure(trials, goal, "rate", "depth"),
        "grid": contour_figure(trials, goal, "kernel", "rate"),
        "workers": workers_figure(trials, goal, NOW + timedelta(days=1)),
        "front": front_figure(trials, goal, best, 1, 0),
    }


def test_no_trace_has_more_points_than_a_browser_draws_at_ease() -> None:
    for name, figure in figures(many(5_000)).items():
        for trace in figure["data"]:
            values = trace["dimensions"][0]["values"] if trace["type"] == "parcoords" else trace["x"]
            assert len(values) <= MOST_CURVE_POINTS + MOST_CURVES, name
        assert len(figure["data"]) <= 6
        assert len(to_json(figure)) < 500_000, name


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_every_chart_is_json_for_any_number_of_trials(count: int) -> None:
    trials = many(count)[:-1] if count else []
    for theme in ("light", "dark"):
        for figure in figures(trials, replace(GOAL, theme=theme)).values():  # type: ignore[arg-type]
            assert json.loads(to_json(figure)).keys() == {"data", "layout"}


def test_a_study_without_results_has_no_shares_above_all() -> None:
    assert history_figure([], replace(GOAL, formats=(".1%", "g")))["layout"]["yaxis"]["maxallowed"] == 1.05
    assert "maxallowed" not in history_figure([], replace(GOAL, formats=("g", "g")))["layout"]["yaxis"]


def test_the_best_is_drawn_however_many_trials_there_are() -> None:
    trials = many(5_000)
    assert 2_500 in {t.number for t in sample([t for t in trials if t.evaluated], GOAL, 9)}
    line = figures(trials)["history"]["data"][-1]
    assert (line["name"], line["y"][-1]) == ("Best so far", 0.99)


def test_the_best_so_far_follows_the_direction_of_the_objective() -> None:
    trials = [trial(i, value) for i, value in enumerate((0.5, 0.7, 0.2, 0.6))]
    up = history_figure(trials, GOAL)["data"][-1]
    down = history_figure(trials, replace(GOAL, maximize=(False, False)))["data"][-1]
    assert (up["x"], up["y"]) == ([0, 1, 3], [0.5, 0.7, 0.7])
    assert (down["x"], down["y"]) == ([0, 2, 3], [0.5, 0.2, 0.2])


def test_pruned_curves_are_grey_and_their_ends_are_kept() -> None:
    figure = curves_figure([trial(0, 0.9), trial(1, 0.3, RunState.PRUNED)], GOAL, [0])
    looks = {trace["name"]: trace for trace in figure["data"]}
    assert looks["Pruned or stopped"]["line"]["color"] == "#9AA0AA"
    assert looks["Best so far"]["x"] == [1.0, 2.0, 3.0, 4.0, 5.0, None]
    assert looks["Best so far"]["y"][-2] == 0.9


def test_every_point_knows_its_run() -> None:
    for name in ("history", "slice", "workers", "front"):
        for trace in figures(many(40))[name]["data"]:
            assert trace.get("hoverinfo") == "skip" or all(isinstance(i, int) for i in trace["customdata"]), name


def test_a_bar_lies_in_the_row_of_its_slot() -> None:
    trials = [trial(0, 0.5), trial(1, 0.6)]
    trials = [replace(t, runs=(replace(t.runs[0], slot=f"gpu:{1 - t.number}"),)) for t in trials]
    (trace,) = workers_figure(trials, GOAL, NOW + timedelta(days=1))["data"]
    assert trace["y"] == ["gpu:1", "gpu:0"]


def test_lanes_are_as_many_as_trained_at_once() -> None:
    assert lanes([(0, 5), (1, 3), (3, 9), (4, 6), (6, 7)]) == [f"Worker {n}" for n in (1, 2, 2, 3, 1)]
    assert lanes([]) == []


def test_time_begins_with_the_first_trial_also_where_it_is_not_drawn() -> None:
    count = MOST_TRIALS + 60
    figure = workers_figure([trial(i, 0.5) for i in range(count)], GOAL, NOW + timedelta(days=1))
    (trace,) = figure["data"]
    assert trace["base"][0] == pytest.approx(10 * 60 / 3600, abs=1e-3)


def test_a_paused_trial_is_neither_given_up_nor_hidden() -> None:
    paused = trial(0, 0.5, RunState.PAUSED)
    assert history_figure([paused], GOAL)["data"] == []
    (curve,) = curves_figure([paused], GOAL, [])["data"]
    assert curve["name"] == "Not ended yet"
    (bar,) = workers_figure([paused], GOAL, NOW)["data"]
    assert bar["name"] == "Paused"


def study(**changes: Any) -> Study:
    """A running study of twenty trials."""
    search = study_seeding.Search(**({"trials": 20, "pruner": "none"} | changes))
    spec = StudySpec.build(study_seeding.VALUES, study_seeding.SPACE, search=search)
    return Study(1, "s", StudyState.RUNNING, spec, spent_seconds=60.0)


def test_time_left_follows_the_trials_the_pace_and_the_budget() -> None:
    ended = [trial(i, 0.5) for i in range(10)]
    assert seconds_left(study(), ended, 20) == 80
    assert seconds_left(study(parallel=2), ended, 20) == 40
    assert seconds_left(study(budget_minutes=1.5), ended, 20) == 30
    assert seconds_left(study(), [], 20) is None
    assert seconds_left(study(budget_minutes=2), [], 20) == 60
    assert seconds_left(replace(study(), state=StudyState.COMPLETED), ended, 20) is None


def test_no_time_is_left_where_more_has_begun_than_is_wanted() -> None:
    assert seconds_left(study(trials=5), [trial(i, 0.5) for i in range(10)], 5) == 0


def test_a_clock_that_is_put_back_takes_no_time_from_a_trial() -> None:
    run = replace(trial(0, 0.5).runs[0], ended_at=NOW - timedelta(hours=1))
    assert replace(trial(0, 0.5), runs=(run,)).seconds == 0


def test_the_best_stays_in_the_table_however_many_newer_trials_there_are() -> None:
    trials = many(MOST_ROWS + 500)
    best = [t for t in trials if t.number in (3, MOST_ROWS + 400)]
    shown = [t.number for t in shown_trials(trials, best)]
    assert shown[:2] == [MOST_ROWS + 500, MOST_ROWS + 499]
    assert shown[MOST_ROWS:] == [3]
    assert len(shown) == len(set(shown)) == MOST_ROWS + 1
    assert len(shown_trials(trials[:5], trials[:2])) == 5
