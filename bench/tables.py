"""Default networks on the embedded tables, ten seeds each, beside a linear and a boosted model of scikit-learn.

All learn from the same training rows, and are evaluated once on the same test rows; each seed has its own split, since one of
two dozen rows says little: three splits of `diabetes` leave its mean uncertain by 0.02. The baselines get the output of the
network's preprocessing, and their libraries' defaults; they need no validation rows.
"""

import sys
import time
from typing import Any

import numpy as np

from bench.children import empty_home, run_json
from engine.datasets.base import datasets
from engine.preparation.prepare import PreparedDataset, prepare
from engine.tasks.base import tasks

SEEDS = tuple(range(10))


def measure() -> dict[str, Any]:
    """Return by dataset accuracy, or R² of a regression, of the network (mean, spread, each) and of both baselines."""
    found: dict[str, Any] = {}
    with empty_home() as environment:
        for name in datasets:
            task = tasks[datasets[name].tasks[0]]
            if task.modality == "table" and datasets[name].embedded and datasets[name].ready():
                found[name] = _compare(name, task.metrics[0].name, environment)
                print(name, found[name], file=sys.stderr, flush=True)
    return found


def _compare(name: str, metric: str, environment: dict[str, str]) -> dict[str, Any]:
    scores, training, whole, others = [], [], [], []
    for seed in SEEDS:
        began = time.monotonic()
        flags = ("--dataset", name, "--seed", str(seed), "--split-seed", str(seed), "--json")
        done = run_json("-m", "engine", "train", *flags, environment=environment)
        whole.append(round(time.monotonic() - began, 1))
        scores.append(done["metrics"][f"test_{metric}"])
        shown = run_json("-m", "engine", "show", str(done["run"]), "--json", environment=environment)
        training.append(round(shown["result"]["seconds"], 1))
        others.append(run_json("-m", "bench.tables", name, str(seed), environment=environment))
    baselines = {kind: float(np.mean([each[kind] for each in others])) for kind in others[0]}
    better = max(baselines, key=lambda kind: baselines[kind])
    apart = np.array(scores) - [each[better] for each in others]
    return {
        "metric": metric,
        "network_mean": round(float(np.mean(scores)), 4),
        "network_spread": round(float(np.std(scores, ddof=1)), 4),
        "network_each": [round(score, 4) for score in scores],
        **{baseline: round(score, 4) for baseline, score in baselines.items()},
        "difference_to_better_baseline": round(float(np.mean(apart)), 4),
        "standard_error_of_difference": round(float(np.std(apart, ddof=1)) / len(SEEDS) ** 0.5, 4),
        "seconds_training": training,
        "seconds_with_start": whole,
    }


def baselines(name: str, split_seed: int) -> dict[str, float]:
    """Return the test scores of scikit-learn's linear and gradient-boosted models with their default settings."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    prepared = prepare(datasets[name].parse({"split_seed": split_seed}))
    (inputs, targets), (test_inputs, test_targets) = _encoded(prepared)
    classes = bool(prepared.info.labels)
    linear = LogisticRegression(max_iter=2_000) if classes else Ridge()
    boosted = (HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor)(random_state=0)
    return {
        kind: float(model.fit(inputs, targets).score(test_inputs, test_targets))
        for kind, model in (("linear", linear), ("boosted", boosted))
    }


def _encoded(prepared: PreparedDataset) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return training and test split as vectors (examples, features), with their targets."""
    from dataclasses import replace

    import keras

    from engine.modalities.table.columns import encode_columns, learn_columns
    from engine.training.tensors import as_tensors

    info = replace(prepared.info, learned=learn_columns(prepared.arrays("train")[0]))
    raw, inputs = prepared.modality.inputs(info)
    encode = keras.Model(raw, encode_columns(inputs, info))
    splits = [prepared.arrays(split) for split in ("train", "test")]
    return [(np.asarray(encode.predict(as_tensors(rows), verbose=0)), targets) for rows, targets in splits]


if __name__ == "__main__":
    import json

    print(json.dumps(baselines(sys.argv[1], int(sys.argv[2]))))
