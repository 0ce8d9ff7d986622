"""Examples a second of `engine train`'s fit against the textbook's script and against a whole-epoch graph."""

from typing import Any

from bench.children import empty_home
from bench.turns import race, ratio

EPOCHS = {"mlp": 15, "cnn": 6}


def measure() -> dict[str, Any]:
    """Each way in a process of its own; they take turns by the epoch."""
    with empty_home() as environment:
        return {model: _compare(model, epochs, environment) for model, epochs in EPOCHS.items()}


def _compare(model: str, epochs: int, environment: dict[str, str]) -> dict[str, Any]:
    ways = ("textbook", "ours", "whole_epoch") if model == "mlp" else ("textbook", "ours")
    results = race(ways, model, epochs, environment)
    ours, textbook = results["ours"], results["textbook"]
    found: dict[str, Any] = {
        f"{way}_examples_per_second": round(r["examples_per_second"]) for way, r in results.items()
    }
    found["ratio_to_textbook"] = round(ratio(ours, textbook), 2)
    found["ratio_whole_fit"] = round(ours["wall_examples_per_second"] / textbook["wall_examples_per_second"], 2)
    if "whole_epoch" in results:
        found["ratio_to_whole_epoch"] = round(ratio(ours, results["whole_epoch"]), 2)
    points = ours["test_accuracy"] - textbook["test_accuracy"]
    found["test_accuracy_difference_points"] = round(100 * points, 2)
    return found
