"""Accuracy of the estimates of the Train page: the estimated cost of a run, beside the actual one.

Runs of several models are trained one after the other, as a person would who tries several. Before each, its time
is estimated from those that have finished so far; afterwards both are known. Some runs repeat an earlier one with another
seed, and some may end early. The memory is the peak of the run's process. `python -m bench.cost SPEC` is one run.
"""

import json
import resource
import sys
from statistics import fmean
from typing import Any

from bench.children import empty_home, run_json

RUNS: list[dict[str, Any]] = [
    {"dataset": "digits", "model": "mlp", "epochs": 10},
    {"dataset": "digits", "model": "mlp", "epochs": 40, "units": 512},
    {"dataset": "fashion", "model": "mlp", "epochs": 5},
    {"dataset": "fashion", "model": "cnn", "epochs": 2},
    {"dataset": "fashion", "model": "cnn", "epochs": 4, "filters": 16},
    {"dataset": "fashion", "model": "cnn", "epochs": 3, "batch_size": 256},
    {"dataset": "fashion", "model": "cnn", "epochs": 4, "seed": 1},
    {"dataset": "fashion", "model": "resnet", "epochs": 2},
    {"dataset": "movie-snippets", "model": "lstm", "epochs": 2},
    {"dataset": "movie-snippets", "model": "lstm", "epochs": 3, "units": 128},
    {"dataset": "movie-snippets", "model": "bag-of-embeddings", "epochs": 5},
    {"dataset": "spoken-digits", "model": "crnn", "epochs": 5},
    {"dataset": "spoken-digits", "model": "crnn", "epochs": 10, "units": 96},
    {"dataset": "diabetes", "model": "mlp", "epochs": 30},
    {"dataset": "diabetes", "model": "mlp", "epochs": 60, "batch_size": 16},
    {"dataset": "digits", "model": "mlp", "epochs": 10, "seed": 1},
    {"dataset": "fashion", "model": "cnn", "epochs": 4, "seed": 2},
    {"dataset": "spoken-digits", "model": "crnn", "epochs": 5, "seed": 1},
    {"dataset": "digits", "model": "mlp", "epochs": 100, "patience": 3},
    {"dataset": "digits", "model": "mlp", "epochs": 100, "patience": 3, "seed": 1},
    {"dataset": "diabetes", "model": "mlp", "epochs": 200, "patience": 5},
    {"dataset": "diabetes", "model": "mlp", "epochs": 200, "patience": 5, "seed": 1},
]


def measure() -> dict[str, Any]:
    """Return predicted over actual, for the time by likeness and for the memory; and each run."""
    with empty_home() as environment:
        found = [run_json("-m", "bench.cost", json.dumps(values), environment=environment) for values in RUNS]
    told = [each for each in found if each["likeness"]]
    groups = {kind: [e for e in told if e["likeness"] == kind] for kind in ("identical", "same", "like", "other")}
    figures = [e["time_ratio"] for e in told if e["time_ratio"]]
    return {
        "time_ratios": {kind: [e["time_ratio"] for e in group if e["time_ratio"]] for kind, group in groups.items()},
        "within_factor_2": round(fmean(0.5 <= ratio <= 2 for ratio in figures), 2),
        "within_the_range_told": round(fmean(e["inside"] for e in told), 2),
        "within_by_likeness": {k: f"{sum(e['inside'] for e in group)} of {len(group)}" for k, group in groups.items()},
        "memory_ratios": [e["memory_ratio"] for e in found],
        "runs": found,
    }


def _run(values: dict[str, Any]) -> dict[str, Any]:
    from engine.cost import estimate
    from engine.runs import RunSpec
    from engine.serving.networks import describe_network
    from engine.store import open_store
    from engine.training.fit import rehearse, train_run

    store = open_store()
    spec = RunSpec.build({"patience": 0} | values)
    cost = estimate(store, spec, describe_network(values).facts)
    rehearse()
    run = store.runs.create(spec, slot="bench")
    train_run(store, run)
    seconds = store.runs.get(run.id).result["whole_seconds"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    time = cost.duration
    return {
        **values,
        "likeness": time.likeness if time else None,
        "told_seconds": round(time.seconds, 1) if time else None,
        "seconds": round(seconds, 1),
        "told_range": [round(time.low, 1), round(time.high, 1)] if time else None,
        "time_ratio": round(time.seconds / seconds, 2) if time and not time.early else None,
        "inside": time.low <= seconds <= time.high if time else None,
        "memory_ratio": round(cost.memory.total / peak, 2),
        "memory_mb": round(peak / 1e6),
    }


if __name__ == "__main__":
    print(json.dumps(_run(json.loads(sys.argv[1]))))
