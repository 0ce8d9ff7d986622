"""The sentence on the baseline says what was measured, and nothing more."""

from typing import Any

from engine.baselines.names import TITLES
from ui.evaluation.baselines import baseline_sentence

BASELINE: dict[str, Any] = {
    "name": "ridge-regression", "metrics": {"mae": 4.0, "rmse": 6.0}, "num_examples": 10, "num_available": 10,
    "complete": True, "problem": "",
}  # fmt: skip


def compared(objective: str, reached: dict[str, float], **changes: Any) -> str:
    """The sentence for a network with these metrics."""
    return baseline_sentence({"metrics": reached, "baseline": BASELINE | changes}, objective)


def test_of_errors_less_is_better() -> None:
    assert compared("val_mae", {"mae": 3.0}) == (
        "Baseline: ridge regression, mean absolute error 4. The model is 1 better."
    )
    assert "not better: it is 0.5 worse" in compared("val_mae", {"mae": 4.5})
    assert "not better: it reaches the same" in compared("val_mae", {"mae": 4.0})


def test_of_shares_the_distance_is_told_in_points() -> None:
    words = compared("val_accuracy", {"accuracy": 0.882}, metrics={"accuracy": 0.829})
    assert "accuracy 82.9%. The model is 5.3 points better." in words
    assert "not better: it is 2.9 points worse" in compared(
        "val_accuracy", {"accuracy": 0.8}, metrics={"accuracy": 0.829}
    )


def test_an_objective_that_is_not_evaluated_gives_way_to_the_first_metric() -> None:
    assert "mean absolute error 4" in compared("val_loss", {"mae": 3.0})


def test_what_made_the_baseline_weaker_is_told() -> None:
    assert "on only 10 of 5,000 training examples" in compared("val_mae", {"mae": 3.0}, num_available=5_000)
    assert "cut short by the time limit" in compared("val_mae", {"mae": 3.0}, complete=False)


def test_no_baseline_is_told_with_its_reason_and_an_old_run_says_nothing() -> None:
    assert compared("val_mae", {"mae": 3.0}, metrics={}, problem="No words were found.") == (
        "There is no baseline for this dataset. No words were found."
    )
    assert baseline_sentence({"metrics": {"mae": 3.0}}, "val_mae") == ""
    assert compared("val_mae", {}) == "Baseline: ridge regression, mean absolute error 4."


def test_a_method_without_words_is_named_as_it_is() -> None:
    assert "neighbours of text" in compared("val_mae", {"mae": 3.0}, name="neighbours-of-text")
    assert "neighbours-of-text" not in TITLES
