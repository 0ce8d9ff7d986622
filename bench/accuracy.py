"""One-click results on every embedded dataset: the first test metric with default form values, and the time it takes."""

import sys
import time
from statistics import fmean, stdev
from typing import Any

from bench.children import empty_home, run_json
from engine.datasets.base import datasets
from engine.tasks.base import tasks

SEEDS = (0, 1, 2)


def measure() -> dict[str, Any]:
    """Return mean and values of three seeds on each embedded dataset, with its default model and all defaults."""
    found = {}
    with empty_home() as environment:
        for name in datasets:
            if datasets[name].embedded and datasets[name].ready():
                found[name] = _one_click(name, environment)
                print(name, found[name], file=sys.stderr, flush=True)
    return found


def _one_click(name: str, environment: dict[str, str]) -> dict[str, Any]:
    """Return the metric on the test split, on extra tests, and of the baseline; seconds with start and baseline."""
    metric = tasks[datasets[name].tasks[0]].metrics[0].name
    scores: dict[str, list[float]] = {}
    seconds = []
    for seed in SEEDS:
        began = time.monotonic()
        command = ("-m", "engine", "train", "--dataset", name, "--seed", str(seed), "--json")
        metrics = run_json(*command, environment=environment)["metrics"]
        seconds.append(round(time.monotonic() - began, 1))
        for evaluated in ("test", *datasets[name].extra_tests):
            scores.setdefault(f"{evaluated}_{metric}", []).append(metrics[f"{evaluated}_{metric}"])
    return {
        key: {
            "mean": round(fmean(each), 4),
            "spread": round(stdev(each), 4),
            "each": [round(score, 4) for score in each],
        }
        for key, each in scores.items()
    } | {"seconds_with_start": seconds}
