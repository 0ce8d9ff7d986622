"""The cost of probes and the decision surface: the same run with and without them, in turns, and what they say of themselves.

All that happens only once for a dataset (preparing it, frozen features, the baseline) is done by a run before.
"""

import json
from typing import Any

from bench.children import empty_home, median, run_json

CASES: dict[str, dict[str, Any]] = {
    "digits": {"dataset": "digits", "model": "mlp", "epochs": 30},
    "penguins": {"dataset": "penguins"},
    "diabetes": {"dataset": "diabetes"},
    "reviews": {"dataset": "movie-snippets", "epochs": 4},
    "stamps": {"dataset": "stamps", "model": "efficientnet-lite0", "epochs": 20},
}
PAIRS = 5


def measure() -> dict[str, Any]:
    """Measure pairs of whole runs; the cost is the median over the pairs, in percent of the run without probes."""
    with empty_home() as environment:
        return {name: _cost(values | {"patience": 0}, environment) for name, values in CASES.items()}


def _cost(values: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    ways = {"without": environment | {"TRAINYARD_PROBE_EXAMPLES": "0"}, "with": environment}

    def run(way: str) -> dict[str, Any]:
        return run_json("-m", "bench.probed", json.dumps(values), environment=ways[way])

    run("without")
    pairs = []
    for turn in range(PAIRS):
        order = ("without", "with") if turn % 2 else ("with", "without")
        pairs.append({way: run(way) for way in order})
    costs = [100 * (pair["with"]["seconds"] / pair["without"]["seconds"] - 1) for pair in pairs]
    return {
        "cost_percent": round(median(costs), 1),
        "cost_percent_each": [round(cost, 1) for cost in costs],
        "own_count_percent": round(median([100 * p["with"]["spent"] / p["with"]["seconds"] for p in pairs]), 1),
        "answered_epochs": median([pair["with"]["answered"] for pair in pairs]),
        "run_seconds": round(median([pair["without"]["seconds"] for pair in pairs]), 1),
    }
