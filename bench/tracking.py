"""What the store, checkpoints and live metrics cost: the same pipeline with and without them."""

from typing import Any

from bench.children import empty_home, median, run_json


def measure() -> dict[str, Any]:
    """Pairs in turn; the cost is the median over pairs of the loss in throughput, training part and whole fit."""
    pairs = []
    with empty_home() as environment:
        for _ in range(5):
            pairs.append([run_json("-m", "bench.subject", w, "mlp", "8", environment=environment) for w in _WAYS])
    found = {}
    for name in ("examples_per_second", "wall_examples_per_second"):
        costs = [100 * (1 - tracked[name] / bare[name]) for bare, tracked in pairs]
        found[f"cost_percent_{name}"] = round(median(costs), 2)
        found[f"cost_percent_{name}_each"] = [round(cost, 2) for cost in costs]
    return found


_WAYS = ("untracked", "ours")
