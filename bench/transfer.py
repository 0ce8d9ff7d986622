"""A frozen ImageNet network on twenty photos per class: accuracy over three seeds, each within a minute."""

import time
from typing import Any

from bench.children import empty_home, run_json


def measure() -> dict[str, Any]:
    """Train `efficientnet-lite0` frozen on `stamps`, all other values from the form; seeds change split and weights."""
    accuracies, seconds = [], []
    with empty_home() as environment:
        for seed in ("0", "1", "2"):
            began = time.monotonic()
            flags = ("--dataset", "stamps", "--model", "efficientnet-lite0", "--seed", seed, "--split-seed", seed)
            done = run_json("-m", "engine", "train", *flags, "--json", environment=environment)
            accuracies.append(done["metrics"]["test_accuracy"])
            seconds.append(round(time.monotonic() - began, 1))
    return {
        "test_accuracy_mean": round(sum(accuracies) / 3, 4),
        "test_accuracy_each": [round(a, 4) for a in accuracies],
        "seconds_each": seconds,
    }
