"""Figures of an evaluation can be told apart without colour, stay small, and fit both themes."""

from typing import Any

import numpy as np
import pytest

from engine.evaluation.classes import evaluate_classes
from engine.evaluation.values import evaluate_values
from tests import seeding
from ui.charts.evaluation import MAX_CLASS_CURVES, calibration_figure, errors_figure, predicted_figure, threshold_curves
from ui.charts.figures import to_json
from ui.predictions.probabilities import calibration_words
from ui.theme import THEMES


def evaluated(classes: int, examples: int = 600) -> dict[str, Any]:
    """An evaluation of guesses that lean towards the truth."""
    targets = np.arange(examples) % classes
    return evaluate_classes(seeding.guesses(targets, classes), targets, [f"<b>class {i}</b>" for i in range(classes)])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", ["roc", "precision_recall"])
def test_few_classes_have_a_line_each_and_no_two_look_alike(theme, kind) -> None:
    figure = threshold_curves(evaluated(MAX_CLASS_CURVES)[kind], kind, theme)
    lines = [(t["line"]["color"], t["line"]["dash"], t["line"]["width"]) for t in figure["data"]]
    assert len(lines) == MAX_CLASS_CURVES + 1 + (kind == "roc")  # the mean, and guessing
    assert len(set(lines)) == len(lines)
    to_json(figure)


def test_of_many_classes_the_mean_is_drawn() -> None:
    for classes in (MAX_CLASS_CURVES + 1, 60):
        found = evaluated(classes)["roc"]
        [guessing, mean] = threshold_curves(found, "roc", "light")["data"]
        assert guessing["y"] == [0, 1]
        assert f"{found['area']:.3f}" in mean["name"]


def test_two_classes_have_one_curve_and_its_area_in_the_legend() -> None:
    found = evaluated(2)["roc"]
    [_guessing, curve] = threshold_curves(found, "roc", "dark")["data"]
    assert f"({found['area']:.3f})" in curve["name"]


def test_a_class_name_never_becomes_part_of_a_template() -> None:
    for trace in threshold_curves(evaluated(3)["roc"], "roc", "light")["data"]:
        assert "class" not in trace.get("hovertemplate", "")


@pytest.mark.parametrize("theme", THEMES)
def test_bins_stand_where_their_confidence_is(theme) -> None:
    calibration = evaluated(4)["calibration"]
    accuracy, _diagonal, share = calibration_figure(calibration, theme)["data"]
    assert accuracy["y"] == [row["accuracy"] for row in calibration["bins"]]
    for middle, row in zip(accuracy["x"], calibration["bins"], strict=True):
        assert row["low"] <= row["confidence"] <= row["high"]
        assert middle == pytest.approx((row["low"] + row["high"]) / 2)
    assert sum(share["y"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("sure", "right", "words"),
    [(0.9, 7, "overconfident"), (0.6, 9, "underconfident"), (0.8, 8, "its accuracy is 80.0%")],
)
def test_calibration_is_told_in_words(sure: float, right: int, words: str) -> None:
    outputs = np.array([[sure, 1 - sure]] * 10)
    targets = np.array([0] * right + [1] * (10 - right))
    assert words in calibration_words(evaluate_classes(outputs, targets, ["a", "b"])["calibration"])


@pytest.mark.parametrize("theme", THEMES)
def test_values_lie_about_the_line_on_which_both_are_equal(theme) -> None:
    targets = np.linspace(0, 100, 900)
    found = evaluate_values(targets + 5, targets, "EUR")
    figure = predicted_figure(found["residuals"], found["unit"], theme)
    points, line = figure["data"]
    assert len(points["x"]) == len(points["y"]) <= 500
    assert line["x"] == line["y"] == [min(points["x"]), max(points["y"])]
    assert "EUR" in figure["layout"]["xaxis"]["title"]["text"]
    to_json(figure)


def test_errors_are_counted_about_zero() -> None:
    targets = np.linspace(0, 100, 900)
    [bars] = errors_figure(evaluate_values(targets + 5, targets)["histogram"], "", "light")["data"]
    assert sum(bars["y"]) == 900
    assert bars["x"][np.argmax(bars["y"])] == pytest.approx(5, abs=bars["width"])
    assert bars["x"][len(bars["x"]) // 2] == pytest.approx(0, abs=1e-6)
