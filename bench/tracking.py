"""The cost of the store, checkpoints and live metrics: the same pipeline with and without them."""

from typing import Any

from bench.children import empty_home, median
from bench.turns import race


def measure() -> dict[str, Any]:
    """Measure three pairs of trainings that take turns by the epoch; the cost is the median over all pairs of epochs."""
    costs = []
    with empty_home() as environment:
        for order in (("untracked", "ours"), ("ours", "untracked"), ("untracked", "ours")):
            results = race(order, "mlp", EPOCHS, environment)
            pairs = zip(results["untracked"]["epoch_seconds"][2:], results["ours"]["epoch_seconds"][2:], strict=True)
            costs.append([100 * (tracked / bare - 1) for bare, tracked in pairs])
    return {
        "cost_percent": round(median([cost for each in costs for cost in each]), 2),
        "cost_percent_each": [round(median(each), 2) for each in costs],
        "pairs_of_epochs": sum(len(each) for each in costs),
    }


EPOCHS = 22
