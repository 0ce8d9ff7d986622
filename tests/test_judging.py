"""Evaluations agree with their definitions, stay small, and survive splits with missing parts."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from engine.errors import TrainyardError
from engine.judging import curves, values
from engine.judging.classes import judge_classes
from engine.judging.values import judge_values

LABELS = ("cat", "dog", "owl")


def guesses(examples: int = 400, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that lean towards the truth, and the truth."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, classes, examples)
    outputs = rng.dirichlet(np.ones(classes), examples)
    outputs[np.arange(examples), targets] += rng.uniform(0, 0.6, examples)
    return (outputs / outputs.sum(axis=1, keepdims=True)).astype(np.float32), targets


def test_figures_of_classes_are_those_of_their_definitions() -> None:
    outputs, targets = guesses()
    judged = judge_classes(outputs, targets, LABELS)
    assert judged["metrics"]["accuracy"] == (outputs.argmax(axis=1) == targets).mean()
    assert judged["metrics"]["cross_entropy"] == pytest.approx(-np.log(outputs[np.arange(400), targets]).mean())
    assert judged["metrics"]["auc"] == pytest.approx(roc_auc_score(targets, outputs, multi_class="ovr"), abs=1e-6)
    assert np.trace(judged["confusion_matrix"]) / 400 == judged["metrics"]["accuracy"]
    assert [row["support"] for row in judged["per_class"]] == np.bincount(targets).tolist()
    json.dumps(judged, allow_nan=False)


def test_every_class_of_several_has_its_curves_and_there_is_a_mean() -> None:
    outputs, targets = guesses()
    judged = judge_classes(outputs, targets, LABELS)
    for name, area in (("roc", roc_auc_score), ("precision_recall", average_precision_score)):
        found = judged[name]
        assert [curve["label"] for curve in found["curves"]] == list(LABELS)
        for k, curve in enumerate(found["curves"]):
            assert curve["area"] == found["areas"][k] == pytest.approx(area(targets == k, outputs[:, k]))
        assert found["area"] == pytest.approx(np.mean(found["areas"]))
        assert np.trapezoid(found["mean"]["y"], found["mean"]["x"]) == pytest.approx(found["area"], abs=0.01)
        assert len(found["mean"]["x"]) == len(found["mean"]["y"]) <= curves.MAX_POINTS


def test_two_classes_have_one_curve() -> None:
    outputs, targets = guesses(classes=2)
    roc = judge_classes(outputs, targets, LABELS[:2])["roc"]
    assert [curve["label"] for curve in roc["curves"]] == ["dog"]
    assert roc["mean"] is None
    assert roc["areas"] == [None, roc["area"]]
    assert roc["area"] == pytest.approx(roc_auc_score(targets, outputs[:, 1]))


def test_a_curve_is_thinned_without_moving_its_ends_or_its_area() -> None:
    outputs, targets = guesses(20_000, 2)
    [curve] = judge_classes(outputs, targets, LABELS[:2])["roc"]["curves"]
    assert 50 < len(curve["x"]) <= curves.MAX_POINTS
    assert (curve["x"][0], curve["y"][0], curve["x"][-1], curve["y"][-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve["y"], curve["x"]) == pytest.approx(curve["area"], abs=2e-3)


def test_of_many_classes_only_the_mean_curve_is_stored_but_every_area() -> None:
    outputs, targets = guesses(3_000, 60)
    judged = judge_classes(outputs, targets, [f"class {i}" for i in range(60)])
    assert judged["roc"]["curves"] == []
    assert judged["roc"]["mean"]
    assert all(area is not None for area in judged["roc"]["areas"])


@pytest.mark.parametrize("present", [[0], [0, 2], [1]])
def test_classes_without_examples_are_left_out_of_curves_and_nothing_breaks(present: list[int]) -> None:
    outputs, targets = guesses()
    where = np.isin(targets, present)
    judged = judge_classes(outputs[where], targets[where], LABELS)
    known = present if len(present) > 1 else []
    assert [k for k, area in enumerate(judged["roc"]["areas"]) if area is not None] == known
    assert ("auc" in judged["metrics"]) == bool(known)
    json.dumps(judged, allow_nan=False)


def test_one_example_can_be_judged() -> None:
    judged = judge_classes(np.array([[0.2, 0.8]]), np.array([1]), LABELS[:2])
    assert judged["metrics"]["accuracy"] == 1
    assert judged["metrics"]["ece"] == pytest.approx(0.2)


def test_calibration_counts_confidence_against_accuracy_in_bins() -> None:
    outputs = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 10)
    targets = np.array([0] * 9 + [1] + [1] * 3 + [0] * 7)
    calibration = judge_classes(outputs, targets, LABELS[:2])["calibration"]
    low, high = calibration["bins"]
    assert (low["low"], low["high"]) == (pytest.approx(8 / 15), pytest.approx(0.6))  # an upper edge belongs to its bin
    assert (low["count"], low["confidence"], low["accuracy"]) == (10, pytest.approx(0.6), pytest.approx(0.3))
    assert (high["count"], high["confidence"], high["accuracy"]) == (10, pytest.approx(0.9), pytest.approx(0.9))
    assert calibration["ece"] == pytest.approx(0.5 * 0.3)


def test_certainty_falls_into_the_last_bin() -> None:
    [found] = judge_classes(np.eye(2), np.array([0, 1]), LABELS[:2])["calibration"]["bins"]
    assert (found["high"], found["count"]) == (1.0, 2)


@pytest.mark.parametrize("judge", [lambda out: judge_classes(out, np.zeros(2, int), LABELS[:2]),
                                   lambda out: judge_values(out[:, 0], np.zeros(2))])  # fmt: skip
def test_outputs_that_are_no_numbers_are_refused_with_a_sentence(judge: Any) -> None:
    with pytest.raises(TrainyardError, match="NaN or infinite for 1 of 2 examples"):
        judge(np.array([[np.nan, 0.5], [0.5, 0.5]]))


def test_figures_of_values_are_those_of_their_definitions() -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(50, 10, 2_000)
    predicted = targets + rng.normal(2, 3, 2_000)
    judged = judge_values(predicted[:, None], targets, "EUR")
    error = predicted - targets
    assert judged["metrics"]["mae"] == pytest.approx(np.abs(error).mean())
    assert judged["metrics"]["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert judged["metrics"]["r2"] == pytest.approx(1 - (error**2).sum() / ((targets - targets.mean()) ** 2).sum())
    assert len(judged["residuals"]["true"]) == len(judged["residuals"]["predicted"]) == values.MAX_POINTS
    assert (judged["residuals"]["of"], judged["unit"]) == (2_000, "EUR")
    assert sum(judged["histogram"]["counts"]) == 2_000
    assert judged["histogram"]["edges"][0] == -judged["histogram"]["edges"][-1]
    json.dumps(judged, allow_nan=False)


@pytest.mark.parametrize("predicted", [np.full(5, 3.0), np.arange(5.0)])
def test_constant_targets_have_errors_but_no_explained_variance(predicted: np.ndarray) -> None:
    judged = judge_values(predicted, np.full(5, 3.0))
    assert judged["metrics"]["mae"] == pytest.approx(np.abs(predicted - 3).mean())
    assert "r2" not in judged["metrics"]
    assert sum(judged["histogram"]["counts"]) == 5


def test_one_value_can_be_judged() -> None:
    assert judge_values(np.array([[2.0]]), np.array([1.0]))["metrics"] == {"mae": 1.0, "rmse": 1.0}
