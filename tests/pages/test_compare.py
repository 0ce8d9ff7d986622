"""The Compare page and the leaderboard: the address says what is shown, and missing data is reported."""

import json
from typing import Any

import pytest
from sqlalchemy import update

from engine.datasets.base import datasets
from engine.runs import RunState
from engine.settings import settings
from engine.store import Store
from engine.store.schema import runs
from tests import seeding, study_seeding
from tests.pages.opening import labels, open_page, press, words
from tests.pages.test_runs import select
from ui.compare.columns import metric_names

DIGITS = {"dataset": "digits", "model": "mlp"}
ONE_OF_EACH = ("digits", "phrase-languages", "spoken-digits", "iris", "diabetes")


def ids(*runs: Any) -> str:
    """Runs as they stand in an address."""
    return ",".join(str(run.id) for run in runs)


def table(at: Any, name: str) -> Any:
    """The table that shows the column `name`."""
    return next(frame.value for frame in at.dataframe if name in frame.value.columns)


def curves(at: Any) -> list[Any]:
    """The traces of the chart of curves."""
    boards = [json.loads(board.proto.json) for board in at.get("bidi_component") if board.proto.json]
    charts = [chart for board in boards for chart in board["charts"] if chart["name"] == "compared-curves"]
    return list(json.loads(charts[0]["spec"])["data"]) if charts else []


def test_without_a_selection_the_page_says_how_to_choose(store: Store) -> None:
    assert "Select two or more runs" in words(open_page("compare"))


@pytest.mark.parametrize("dataset", ONE_OF_EACH)
def test_two_runs_of_any_kind_get_a_verdict_metrics_and_curves(store: Store, dataset: str) -> None:
    assert datasets[dataset].embedded
    weak, strong = seeding.scored(store, 0.3, dataset=dataset), seeding.scored(store, 0.95, luck=1, dataset=dataset)
    at = open_page("compare", runs=ids(weak, strong))
    assert f"Run {strong.id} is better than run {weak.id}" in words(at).replace("\\", "")
    metrics = table(at, "name")
    assert list(metrics["run"][:2]) == [f"run?run={weak.id}", f"run?run={strong.id}"]
    assert metrics["name"].iloc[2].startswith("Baseline: ")


def test_runs_and_baselines_of_several_datasets_say_which_is_theirs(store: Store) -> None:
    runs = [seeding.scored(store, dataset=dataset) for dataset in ("digits", "iris")]
    assert list(table(open_page("compare", runs=ids(*runs)), "name")["dataset"]) == ["digits", "iris"] * 2
    assert "dataset" not in table(open_page("compare", runs=ids(runs[0], seeding.scored(store, **DIGITS))), "name")


def test_runs_that_are_gone_and_texts_that_are_no_runs_are_named(store: Store) -> None:
    runs = [seeding.scored(store, **DIGITS) for _ in range(2)]
    at = open_page("compare", runs=f"{ids(*runs)},77,<b>x</b>,-1,٣,{'9' * 40}")
    said = words(at)
    assert "Run 77 does not exist" in said
    assert "<b>" not in said
    assert "\\<b\\>x" in said
    assert len(table(at, "name")) == 3, "two runs and the baseline"


def test_no_more_runs_than_the_setting_says_are_compared(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [seeding.scored(store, **DIGITS) for _ in range(3)]
    monkeypatch.setenv("TRAINYARD_MAX_COMPARED_RUNS", "2")
    settings.cache_clear()
    at = open_page("compare", runs=ids(*runs))
    assert f"Ignored in the address: {runs[2].id}." in words(at).replace("\\", "")
    assert list(table(at, "name")["run"].dropna()) == [f"run?run={run.id}" for run in runs[:2]]


def test_a_live_run_moves_and_says_that_it_is_not_evaluated_yet(store: Store) -> None:
    ended, live = seeding.scored(store, **DIGITS), seeding.running(store, epochs=2, **DIGITS)
    at = open_page("compare", runs=ids(ended, live), metric="loss", split="train", axis="step")
    assert f"Run {live.id} is running: it is evaluated" in words(at).replace("\\", "")
    before = {trace["name"]: trace["x"]["bdata"] for trace in curves(at)}
    assert len(before) == 2
    store.attempts.report(live, seeding.step_points(300), step=300)
    at.run()
    after = {trace["name"]: trace["x"]["bdata"] for trace in curves(at)}
    assert len(after[f"{live.id} · mlp"]) > len(before[f"{live.id} · mlp"])
    assert after[f"{ended.id} · mlp"] == before[f"{ended.id} · mlp"]


def test_the_metric_that_decides_between_epochs_can_be_drawn(store: Store) -> None:
    assert metric_names([seeding.scored(store, dataset="iris")]) == ["accuracy", "cross_entropy", "loss"]


def test_choices_come_from_the_address_and_smoothing_keeps_the_raw_curve(store: Store) -> None:
    runs = [seeding.scored(store, **DIGITS) for _ in range(2)]
    at = open_page("compare", runs=ids(*runs), metric="loss", split="train", axis="time", smoothing="0.5", epoch="last")
    shown = curves(at)
    assert [trace.get("opacity", 1.0) for trace in shown] == [0.25, 1.0] * 2
    assert "accuracy" in table(at, "name").columns, "the last epoch has training metrics"
    at = open_page("compare", runs=ids(*runs), metric="nonsense", split="x", axis="y", smoothing="much", epoch="z")
    assert len(curves(at)) == 2


def test_many_runs_get_a_table_of_verdicts(store: Store) -> None:
    runs = [seeding.scored(store, right, **DIGITS) for right in (0.7, 0.7, 0.97, 0.6, 0.6, 0.6, 0.6, 0.6)]
    at = open_page("compare", runs=ids(*runs))
    verdicts = table(at, "verdict").set_index("run")
    assert verdicts.loc[runs[1].id, "verdict"] == "not distinguishable"
    assert verdicts.loc[runs[2].id, "verdict"] == "better"
    assert verdicts.loc[runs[3].id, "verdict"] == "worse"
    assert list(verdicts["corrected"])[1] == "p < 0.001"
    assert "p is corrected for their number (Holm's method)" in words(at)


def test_one_pair_needs_no_correction_and_several_say_theirs_in_chinese(store: Store) -> None:
    runs = [seeding.scored(store, luck=luck, **DIGITS) for luck in range(3)]
    assert "Corrected" not in words(open_page("compare", runs=ids(*runs[:2])))
    said = words(open_page("compare", runs=ids(*runs), lang="zh")).replace("\\", "")
    assert "按 3 对校正后：p = " in said
    assert "Holm 法" in said


def test_seeds_get_a_mean_and_an_interval(store: Store) -> None:
    runs = [seeding.scored(store, luck=seed, seed=seed, **DIGITS) for seed in range(3)]
    assert "3 seeds of one spec" in words(open_page("compare", runs=ids(*runs))).replace("\\", "")


def test_parallel_coordinates_and_scatter_show_what_differs(store: Store) -> None:
    runs = [seeding.scored(store, dataset="digits", model="mlp", units=units) for units in (32, 64)]
    at = open_page("compare", runs=ids(*runs))
    assert list(table(at, "field")["field"]) == ["Units"]
    assert list(table(at, "field")[str(runs[1].id)]) == ["64"]
    at.session_state["columns"] = "Parallel coordinates"
    at.run()
    boards = [json.loads(board.proto.json) for board in at.get("bidi_component") if board.proto.json]
    spec = next(c["spec"] for board in boards for c in board["charts"] if c["name"] == "compared-parallel")
    assert [dimension["label"] for dimension in json.loads(spec)["data"][0]["dimensions"]] == [
        "Units", "Validation accuracy",
    ]  # fmt: skip


def test_the_runs_page_compares_what_is_selected(store: Store) -> None:
    runs = [seeding.scored(store, **DIGITS) for _ in range(2)]
    at = select(open_page("runs"), runs[0].id)
    assert "Compare" not in labels(at)
    at = press(select(at, *(run.id for run in runs)), "Compare")
    assert at.title[0].value == "Compare"
    assert at.query_params["runs"] in (ids(*runs), [ids(*runs)])


def test_other_seeds_are_one_button_and_become_a_group(store: Store) -> None:
    run = seeding.scored(store, **DIGITS)
    at = press(open_page("run", run=run.id), "3 other seeds")
    made = store.runs.list(states=["queued"])
    assert sorted(new.spec["training"]["seed"] for new in made) == [1, 2, 3]
    assert {new.group_id for new in (*made, store.runs.get(run.id))} == {run.id}
    assert {new.spec["model"]["name"] for new in made} == {"mlp"}
    assert "Seeds" in words(at)
    claimed = store.attempts.claim("cpu-0")
    assert claimed is not None
    store.attempts.end(claimed, RunState.COMPLETED, result={"test_accuracy": run.result["test_accuracy"] - 0.02})
    shown = {metric.label: metric for metric in open_page("run", run=run.id).metric}["Accuracy"]
    assert "±" in shown.value
    assert shown.delta.startswith("95%: ")


def test_a_fork_is_not_repeated_with_other_seeds(store: Store) -> None:
    run, fork = (seeding.scored(store, **DIGITS) for _ in range(2))
    with store.writing() as db:
        db.execute(update(runs).where(runs.c.id == fork.id).values(parent_id=run.id, parent_epoch=2))
    assert "3 other seeds" in labels(open_page("run", run=run.id))
    assert not any("other seeds" in label for label in labels(open_page("run", run=fork.id)))


def test_other_seeds_that_the_queue_refuses_are_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = seeding.scored(store, **DIGITS)
    monkeypatch.setenv("TRAINYARD_MAX_QUEUED_RUNS", "2")
    settings.cache_clear()
    assert "The queue is full" in words(press(open_page("run", run=run.id), "3 other seeds"))
    assert store.runs.get(run.id).group_id is None


def test_the_leaderboard_of_nothing_says_what_to_do(store: Store) -> None:
    assert "No run has been evaluated" in words(open_page("leaderboard"))


@pytest.mark.parametrize("dataset", ["digits", "diabetes"])
def test_the_leaderboard_shows_runs_and_the_baseline_in_order(store: Store, dataset: str) -> None:
    weak, strong = (seeding.scored(store, right, dataset=dataset) for right in (0.5, 0.9))
    seeding.scored(store, dataset="iris")
    at = open_page("leaderboard", dataset=dataset)
    board = table(at, "place")
    assert list(board["run"].dropna()) == [f"run?run={strong.id}", f"run?run={weak.id}"]
    assert list(board["place"].dropna()) == [1, 2]
    assert (board["low"].dropna() < board["value"][board["low"].notna()]).all()
    assert board["name"].str.startswith("Baseline: ").sum() == 1


def test_equal_results_share_a_place(store: Store) -> None:
    for right in (0.9, 0.9, 0.5):
        seeding.scored(store, right, **DIGITS)
    assert list(table(open_page("leaderboard"), "place")["place"].dropna()) == [1, 1, 3]


def test_the_legend_of_the_leaderboard_speaks_of_runs_not_of_their_page(store: Store) -> None:
    seeding.scored(store, **DIGITS)
    boards = [b for b in open_page("leaderboard", lang="zh").get("bidi_component") if b.proto.json]
    [chart] = [
        c for board in boards for c in json.loads(board.proto.json)["charts"] if c["name"] == "leaderboard-chart"
    ]
    assert [trace["name"] for trace in json.loads(chart["spec"])["data"]] == ["训练过的运行", "基线"]


def test_a_long_study_does_not_push_runs_off_the_leaderboard(store: Store) -> None:
    run = seeding.scored(store, **DIGITS)
    study = study_seeding.study(store, trials=0)
    trials = store.runs.create_group([seeding.spec(**DIGITS)] * 1_000, slot="cpu-0")
    with store.writing() as db:
        newer = update(runs).where(runs.c.id >= trials[0].id)
        db.execute(newer.values(state=RunState.COMPLETED, study_id=study.id, group_id=None))
    assert list(table(open_page("leaderboard", dataset="digits"), "place")["run"].dropna()) == [f"run?run={run.id}"]
