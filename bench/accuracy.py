"""What one click gives on every embedded dataset: the first test metric with default form values, and the time it takes."""

import sys
import time
from typing import Any

from bench.children import empty_home, run_json
from engine.datasets.base import datasets
from engine.tasks.base import tasks


def measure() -> dict[str, Any]:
    """Each embedded dataset with the default model, all defaults."""
    found = {}
    with empty_home() as environment:
        for name in datasets:
            if datasets[name].embedded and datasets[name].ready():
                began = time.monotonic()
                done = run_json("-m", "engine", "train", "--dataset", name, "--json", environment=environment)
                metric = f"test_{tasks[datasets[name].tasks[0]].metrics[0]}"
                found[name] = {
                    metric: round(done["metrics"][metric], 4),
                    "epochs": done["epochs"],
                    "seconds_with_start": round(time.monotonic() - began, 1),
                }
                print(name, found[name], file=sys.stderr, flush=True)
    return found
