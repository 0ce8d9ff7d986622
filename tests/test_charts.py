"""Figures are valid Plotly, small, readable in both themes, and honest about gaps."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from engine.runs import Run, RunState
from engine.store import MetricPoint
from tests import seeding
from ui.charts.classes import bars_shown, class_bars, probability_bars
from ui.charts.confusion import confusion_figure, confusion_height
from ui.charts.curves import Style, learning_curve, single_curve
from ui.charts.figures import MAX_POINTS, to_json
from ui.charts.machine import machine_curve
from ui.charts.series import Series
from ui.theme import THEMES

RUN = Run(7, RunState.RUNNING, {}, best={"epoch": 2, "val_loss": 0.5}, created_at=datetime.now(UTC))


def a_series(count: int, split: str = "train", name: str = "loss", scope: str = "step") -> Series:
    series = Series()
    for i in range(count):
        series.append(MetricPoint(i + 1, split, name, scope, i, float(i), 1.0 / (i + 1), i / 10))
    return series


def test_a_long_series_is_thinned_and_keeps_its_newest_point() -> None:
    thin = a_series(100_003).thinned(MAX_POINTS)
    assert len(thin.values) <= MAX_POINTS
    assert thin.steps[0] == 0
    assert thin.steps[-1] == 100_002
    assert thin.steps == sorted(set(thin.steps))


def test_a_short_series_is_drawn_whole() -> None:
    assert a_series(MAX_POINTS).thinned(MAX_POINTS).steps == list(range(MAX_POINTS))


@pytest.mark.parametrize("theme", THEMES)
def test_a_learning_curve_draws_train_validation_and_the_best_epoch(theme) -> None:
    series = {
        ("train", "loss", "step"): a_series(50),
        ("train", "loss", "epoch"): a_series(4, scope="epoch"),
        ("validation", "loss", "epoch"): a_series(4, "validation", scope="epoch"),
    }
    figure = learning_curve("loss", series, RUN, theme)
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["Train, running", "Train", "Validation", "Best epoch"]
    assert (figure["data"][3]["x"], figure["data"][3]["y"]) == ([2.0], [pytest.approx(1 / 3, abs=1e-4)])
    assert len({figure["data"][i]["line"]["color"] for i in (1, 2)}) == 2


@pytest.mark.parametrize("theme", THEMES)
def test_the_baseline_is_a_dashed_line_over_the_metric_that_it_has(theme) -> None:
    run = replace(RUN, environment={"baseline": {"name": "ridge-regression", "accuracy": 0.7}})
    series = {("validation", name, "epoch"): a_series(4, "validation", name, "epoch") for name in ("loss", "accuracy")}
    traces = learning_curve("accuracy", series, run, theme)["data"]
    line = next(trace for trace in traces if trace["name"] == "Baseline, validation")
    assert (line["x"], line["y"], line["line"]["dash"]) == ([0, 3.0], [0.7, 0.7], "dash")
    assert "%{y:.2%}" in line["hovertemplate"]
    assert not any("Baseline" in trace["name"] for trace in learning_curve("loss", series, run, theme)["data"])
    assert learning_curve("accuracy", {}, run, theme)["data"] == []


def test_zoom_belongs_to_the_run_and_not_to_the_moment() -> None:
    before = learning_curve("loss", {("train", "loss", "step"): a_series(5)}, RUN, "light")
    after = learning_curve("loss", {("train", "loss", "step"): a_series(6)}, RUN, "light")
    assert before["layout"]["uirevision"] == after["layout"]["uirevision"] == "run-7"


def test_values_that_are_not_numbers_become_gaps() -> None:
    series = Series()
    for i, value in enumerate([1.0, None, float("nan"), float("inf")]):
        series.append(MetricPoint(i, "train", "loss", "step", i, i / 10, value, float(i)))
    drawn = json.loads(to_json(single_curve("loss", series, RUN, "light")))
    assert drawn["data"][0]["y"] == [1.0, None, None, None]


def test_accuracy_is_shown_as_a_percentage() -> None:
    figure = learning_curve("accuracy", {("train", "accuracy", "step"): a_series(5, name="accuracy")}, RUN, "dark")
    assert figure["layout"]["yaxis"]["tickformat"] == ".0%"
    assert "%{y:.2%}" in figure["data"][0]["hovertemplate"]


def test_the_machine_chart_leaves_out_a_gpu_that_is_not_there() -> None:
    series = {("system", name, "step"): a_series(3, "system", name) for name in ("cpu_percent", "memory_bytes")}
    assert [t["name"] for t in machine_curve(series, RUN, "light")["data"]] == ["CPU", "Memory"]


def test_a_confusion_matrix_shows_counts_or_shares_of_the_true_class() -> None:
    matrix = [[8, 2], [0, 0]]
    counts = confusion_figure(matrix, ["cat", "dog"], "light", shares=False)["data"][0]
    shares = confusion_figure(matrix, ["cat", "dog"], "light", shares=True)["data"][0]
    assert counts["text"] == [["8", "2"], ["", ""]]
    assert shares["text"] == [["80%", "20%"], ["", ""]]
    assert shares["z"] == counts["z"] == [[0.8, 0.2], [0.0, 0.0]]


def test_a_confusion_matrix_of_many_classes_stays_bounded_and_drops_its_numbers() -> None:
    labels = [f"a rather long class name {i}" for i in range(100)]
    trace = confusion_figure(np.eye(100, dtype=int).tolist(), labels, "dark", shares=False)["data"][0]
    assert trace["texttemplate"] == ""
    assert max(map(len, trace["x"])) <= 28
    assert len(set(trace["x"])) == 100
    assert confusion_height(100) <= 900


def test_an_axis_of_shares_ends_with_them_also_where_all_are_equal() -> None:
    perfect = [row | {"precision": 1.0, "recall": 1.0, "f1": 1.0} for row in seeding.evaluation()["per_class"]]
    assert class_bars(perfect, "light")["layout"]["xaxis"]["maxallowed"] == 1.05


def test_the_weakest_class_stands_first() -> None:
    per_class = seeding.evaluation()["per_class"]
    weakest = min(per_class, key=lambda row: row["f1"])["label"]
    assert class_bars(per_class, "light")["data"][0]["y"][-1] == weakest


def test_bars_of_classes_keep_their_order_and_the_likeliest_stands_out() -> None:
    for chances in ((0.1, 0.7, 0.2), (0.6, 0.1, 0.3)):
        trace = probability_bars(dict(zip("cab", chances, strict=True)), "light")["data"][0]
        assert trace["y"] == ["c", "a", "b"], "bars must not jump as one draws"
        colours = trace["marker"]["color"]
        assert [colour != THEMES["light"].train for colour in colours] == [p == max(chances) for p in chances]


def test_of_many_classes_the_likeliest_are_shown_in_their_order() -> None:
    chances = {f"class {i}": (i * 7 % 30) / 435 for i in range(30)}
    assert bars_shown(chances) == 10
    shown = probability_bars(chances, "light")["data"][0]["y"]
    assert shown == [name for name in chances if name in sorted(chances, key=chances.__getitem__)[-10:]]


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_can_be_told_from_its_page(theme) -> None:
    look = THEMES[theme]
    surface = _luminance(look.surface)
    for colour in (look.train, look.validation, look.best, look.text, *look.extra[:4]):
        light, dark = sorted((_luminance(colour), surface), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 2.5, colour


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def curves(name: str, style: Style) -> dict:
    series = {
        ("train", name, "step"): a_series(50, name=name),
        ("train", name, "epoch"): a_series(4, name=name, scope="epoch"),
        ("validation", name, "epoch"): a_series(4, "validation", name, "epoch"),
    }
    return learning_curve(name, series, RUN, "light", style=style)


def test_an_axis_is_logarithmic_where_values_may_fall_by_orders_of_magnitude() -> None:
    loss, accuracy, r2 = (curves(name, Style(log=True))["layout"]["yaxis"] for name in ("loss", "accuracy", "r2"))
    assert loss["type"] == "log"
    assert loss["uirevision"] != "run-7"  # a zoom on the linear axis means other values here
    assert "type" not in accuracy
    assert "type" not in r2
    assert (accuracy["minallowed"], accuracy["maxallowed"]) == (-0.05, 1.05)


def test_smoothed_curves_lie_over_the_faint_measured_ones() -> None:
    traces = curves("loss", Style(smoothing=0.6))["data"]
    assert [trace["name"] for trace in traces if trace.get("showlegend", True)] == [
        "Train, running", "Train", "Validation", "Best epoch",
    ]  # fmt: skip
    raw, shown = [t for t in traces if t.get("line", {}).get("color") == THEMES["light"].validation]
    assert raw["y"] == [1.0, 0.5, 0.33333, 0.25]
    assert raw["opacity"] < 0.3
    # debiased: (0.6 * 1 + 0.5) / 1.6 = 0.6875, and the first value as it is
    assert shown["y"][:2] == [1.0, pytest.approx(0.6875)]
    assert shown["customdata"] == [0, 1, 2, 3]


def test_gaps_stay_gaps_when_a_curve_is_smoothed() -> None:
    assert Series([1, 2, 3], [1, 2, 3], [1.0, None, 1.0], [0, 0, 0]).smoothed(0.5).values == [1.0, None, 1.0]
