"""Examples a second of `engine train`'s fit against the textbook's script and against a whole-epoch graph."""

from typing import Any

from bench.children import empty_home, median, run_json

TRIES = 3
EPOCHS = {"mlp": 6, "cnn": 2}


def measure() -> dict[str, Any]:
    """Each way in processes of its own, in turn, so that a slow minute hurts all alike; medians of the tries."""
    with empty_home() as environment:
        return {model: _compare(model, epochs, environment) for model, epochs in EPOCHS.items()}


def _compare(model: str, epochs: int, environment: dict[str, str]) -> dict[str, Any]:
    ways = ("textbook", "ours", "whole_epoch") if model == "mlp" else ("textbook", "ours")
    tries: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(TRIES if model == "mlp" else 2):
        for way in ways:
            tries[way].append(run_json("-m", "bench.subject", way, model, str(epochs), environment=environment))
    found: dict[str, Any] = {
        way: {name: round(median([t[name] for t in results]), 4) for name in results[0]}
        for way, results in tries.items()
    }
    for name in ("examples_per_second", "wall_examples_per_second"):
        found[f"ratio_{name}"] = round(found["ours"][name] / found["textbook"][name], 2)
    points = found["ours"]["test_accuracy"] - found["textbook"]["test_accuracy"]
    found["test_accuracy_difference_points"] = round(100 * points, 2)
    return found
