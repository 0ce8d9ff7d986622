"""Evaluations agree with their definitions, stay small, and survive splits with missing parts."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from engine.errors import TrainyardError
from engine.evaluation import curves, values
from engine.evaluation.classes import evaluate_classes
from engine.evaluation.values import evaluate_values

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
    evaluated = evaluate_classes(outputs, targets, LABELS)
    assert evaluated["metrics"]["accuracy"] == (outputs.argmax(axis=1) == targets).mean()
    assert evaluated["metrics"]["cross_entropy"] == pytest.approx(-np.log(outputs[np.arange(400), targets]).mean())
    assert evaluated["metrics"]["auc"] == pytest.approx(roc_auc_score(targets, outputs, multi_class="ovr"), abs=1e-6)
    assert np.trace(evaluated["confusion_matrix"]) / 400 == evaluated["metrics"]["accuracy"]
    assert [row["support"] for row in evaluated["per_class"]] == np.bincount(targets).tolist()
    json.dumps(evaluated, allow_nan=False)


def test_every_class_of_several_has_its_curves_and_there_is_a_mean() -> None:
    outputs, targets = guesses()
    evaluated = evaluate_classes(outputs, targets, LABELS)
    for name, area in (("roc", roc_auc_score), ("precision_recall", average_precision_score)):
        found = evaluated[name]
        assert [curve["label"] for curve in found["curves"]] == list(LABELS)
        for k, curve in enumerate(found["curves"]):
            assert curve["area"] == found["areas"][k] == pytest.approx(area(targets == k, outputs[:, k]))
        assert found["area"] == pytest.approx(np.mean(found["areas"]))
        assert np.trapezoid(found["mean"]["y"], found["mean"]["x"]) == pytest.approx(found["area"], abs=0.01)
        assert len(found["mean"]["x"]) == len(found["mean"]["y"]) <= curves.MAX_POINTS


def test_two_classes_have_one_curve() -> None:
    outputs, targets = guesses(classes=2)
    roc = evaluate_classes(outputs, targets, LABELS[:2])["roc"]
    assert [curve["label"] for curve in roc["curves"]] == ["dog"]
    assert roc["mean"] is None
    assert roc["areas"] == [None, roc["area"]]
    assert roc["area"] == pytest.approx(roc_auc_score(targets, outputs[:, 1]))


def test_a_curve_is_thinned_without_moving_its_ends_or_its_area() -> None:
    outputs, targets = guesses(20_000, 2)
    [curve] = evaluate_classes(outputs, targets, LABELS[:2])["roc"]["curves"]
    assert 50 < len(curve["x"]) <= curves.MAX_POINTS
    assert (curve["x"][0], curve["y"][0], curve["x"][-1], curve["y"][-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve["y"], curve["x"]) == pytest.approx(curve["area"], abs=2e-3)


def test_of_many_classes_only_the_mean_curve_is_stored_but_every_area() -> None:
    outputs, targets = guesses(3_000, 60)
    evaluated = evaluate_classes(outputs, targets, [f"class {i}" for i in range(60)])
    assert evaluated["roc"]["curves"] == []
    assert evaluated["roc"]["mean"]
    assert all(area is not None for area in evaluated["roc"]["areas"])


@pytest.mark.parametrize("present", [[0], [0, 2], [1]])
def test_classes_without_examples_are_left_out_of_curves_and_nothing_breaks(present: list[int]) -> None:
    outputs, targets = guesses()
    where = np.isin(targets, present)
    evaluated = evaluate_classes(outputs[where], targets[where], LABELS)
    known = present if len(present) > 1 else []
    assert [k for k, area in enumerate(evaluated["roc"]["areas"]) if area is not None] == known
    assert ("auc" in evaluated["metrics"]) == bool(known)
    json.dumps(evaluated, allow_nan=False)


def test_one_example_can_be_evaluated() -> None:
    evaluated = evaluate_classes(np.array([[0.2, 0.8]]), np.array([1]), LABELS[:2])
    assert evaluated["metrics"]["accuracy"] == 1
    assert evaluated["metrics"]["ece"] == pytest.approx(0.2)


def test_calibration_counts_confidence_against_accuracy_in_bins() -> None:
    outputs = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 10)
    targets = np.array([0] * 9 + [1] + [1] * 3 + [0] * 7)
    calibration = evaluate_classes(outputs, targets, LABELS[:2])["calibration"]
    low, high = calibration["bins"]
    assert (low["low"], low["high"]) == (pytest.approx(8 / 15), pytest.approx(0.6))  # an upper edge belongs to its bin
    assert (low["count"], low["confidence"], low["accuracy"]) == (10, pytest.approx(0.6), pytest.approx(0.3))
    assert (high["count"], high["confidence"], high["accuracy"]) == (10, pytest.approx(0.9), pytest.approx(0.9))
    assert calibration["ece"] == pytest.approx(0.5 * 0.3)


def test_certainty_falls_into_the_last_bin() -> None:
    [found] = evaluate_classes(np.eye(2), np.array([0, 1]), LABELS[:2])["calibration"]["bins"]
    assert (found["high"], found["count"]) == (1.0, 2)


@pytest.mark.parametrize("evaluate", [lambda out: evaluate_classes(out, np.zeros(2, int), LABELS[:2]),
                                   lambda out: evaluate_values(out[:, 0], np.zeros(2))])  # fmt: skip
def test_outputs_that_are_no_numbers_are_refused_with_a_sentence(evaluate: Any) -> None:
    with pytest.raises(TrainyardError, match="NaN or infinite for 1 of 2 examples"):
        evaluate(np.array([[np.nan, 0.5], [0.5, 0.5]]))


def test_figures_of_values_are_those_of_their_definitions() -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(50, 10, 2_000)
    predicted = targets + rng.normal(2, 3, 2_000)
    evaluated = evaluate_values(predicted[:, None], targets, "EUR")
    error = predicted - targets
    assert evaluated["metrics"]["mae"] == pytest.approx(np.abs(error).mean())
    assert evaluated["metrics"]["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert evaluated["metrics"]["r2"] == pytest.approx(1 - (error**2).sum() / ((targets - targets.mean()) ** 2).sum())
    assert len(evaluated["residuals"]["true"]) == len(evaluated["residuals"]["predicted"]) == values.MAX_POINTS
    assert (evaluated["residuals"]["of"], evaluated["unit"]) == (2_000, "EUR")
    assert sum(evaluated["histogram"]["counts"]) == 2_000
    assert evaluated["histogram"]["edges"][0] == -evaluated["histogram"]["edges"][-1]
    json.dumps(evaluated, allow_nan=False)


@pytest.mark.parametrize("predicted", [np.full(5, 3.0), np.arange(5.0)])
def test_constant_targets_have_errors_but_no_explained_variance(predicted: np.ndarray) -> None:
    evaluated = evaluate_values(predicted, np.full(5, 3.0))
    assert evaluated["metrics"]["mae"] == pytest.approx(np.abs(predicted - 3).mean())
    assert "r2" not in evaluated["metrics"]
    assert sum(evaluated["histogram"]["counts"]) == 5


def test_one_value_can_be_evaluated() -> None:
    assert evaluate_values(np.array([[2.0]]), np.array([1.0]))["metrics"] == {"mae": 1.0, "rmse": 1.0}
