"""Examples a second of `engine train`'s fit against the textbook's script and against a whole-epoch graph."""

from statistics import fmean, stdev
from typing import Any

from bench.children import empty_home, median
from bench.turns import race, ratio

EPOCHS = {"mlp": 15, "cnn": 6}
SEEDS = {"mlp": 8, "cnn": 3}
"""Number of seeds: the accuracies of the perceptron differ by half a point from seed to seed, on either side."""
_WHOLE_SEEDS = 3  # enough for the speed of a whole epoch as one graph


def measure() -> dict[str, Any]:
    """Measure each way in a separate process, for each seed; they take turns by the epoch."""
    with empty_home() as environment:
        return {model: _compare(model, epochs, environment) for model, epochs in EPOCHS.items()}


def _compare(model: str, epochs: int, environment: dict[str, str]) -> dict[str, Any]:
    races = []
    for seed in range(SEEDS[model]):
        whole = ("whole_epoch",) if model == "mlp" and seed < _WHOLE_SEEDS else ()
        races.append(race(("textbook", "ours", *whole), model, epochs, environment, seed))
    ways = races[0].keys()
    found: dict[str, Any] = {
        f"{way}_examples_per_second": round(median([r[way]["examples_per_second"] for r in races if way in r]))
        for way in ways
    }
    found["ratio_to_textbook"] = round(median([ratio(r["ours"], r["textbook"]) for r in races]), 2)
    found["ratio_whole_fit"] = round(median([_walls(r["ours"]) / _walls(r["textbook"]) for r in races]), 2)
    if "whole_epoch" in ways:
        found["ratio_to_whole_epoch"] = round(
            median([ratio(r["ours"], r["whole_epoch"]) for r in races if "whole_epoch" in r]), 2
        )
    points = [100 * (r["ours"]["test_accuracy"] - r["textbook"]["test_accuracy"]) for r in races]
    found["test_accuracy_difference_points_mean"] = round(fmean(points), 2)
    found["test_accuracy_difference_points_spread"] = round(stdev(points), 2)
    return found


def _walls(result: dict[str, Any]) -> float:
    return float(result["wall_examples_per_second"])
