"""The cost of audio augmentation: examples a second with it against without, and a second launch against the first.

`python -m bench.sounds VALUES` trains one run in this process and prints JSON; `measure` compares such runs.
"""

import json
import sys
import time
from typing import Any

from bench.children import empty_home, median, run_json

MODELS = ("crnn", "audio-cnn")
ROUNDS = 3
_COMMON = {"dataset": "spoken-digits", "epochs": 6, "patience": 0}
WITHOUT = {"shift_ms": 0, "speed": 0.0, "noise": 0.0, "hide_time": 0.0, "hide_pitch": 0.0}
WITH = {"versions": 8, "shift_ms": 150, "speed": 0.1, "noise": 0.4, "hide_time": 0.1, "hide_pitch": 0.1}


def measure() -> dict[str, Any]:
    """Return for each model the median ratios over rounds in which runs with and without take turns.

    `throughput_ratio`: examples a second in training, with augmentation against without. `launch_ratio`: seconds from
    the start of the program's work to the first epoch's end, of the first launch against a second one that finds
    features and versions on disk.
    """
    return {model: _compare(model) for model in MODELS}


def _compare(model: str) -> dict[str, Any]:
    ratios, launches, speeds = [], [], []
    for _ in range(ROUNDS):
        with empty_home() as environment:
            first, plain, again = (
                run_json("-m", "bench.sounds", json.dumps(_COMMON | {"model": model} | values), environment=environment)
                for values in (WITH, WITHOUT, WITH)
            )
        ratios.append(again["examples_per_second"] / plain["examples_per_second"])
        launches.append(first["first_epoch_seconds"] / again["first_epoch_seconds"])
        speeds.append((plain["examples_per_second"], again["examples_per_second"]))
    return {
        "examples_per_second_without": round(median([without for without, _ in speeds])),
        "examples_per_second_with": round(median([augmented for _, augmented in speeds])),
        "throughput_ratio": round(median(ratios), 2),
        "launch_ratio": round(median(launches), 2),
    }


def train(values: dict[str, Any]) -> dict[str, float]:
    """Train one run as `engine train` does, and time it."""
    import keras

    from engine.runs import RunSpec
    from engine.store import open_store
    from engine.training.fit import rehearse, train_run

    class FirstEpoch(keras.callbacks.Callback):
        seconds = 0.0

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds = self.seconds or time.monotonic() - began

    rehearse()  # as a worker does before it is given a run
    store, clock, began = open_store(), FirstEpoch(), time.monotonic()
    run = store.runs.create(RunSpec.build(values), slot="bench")
    train_run(store, run, [clock])
    speed = store.runs.get(run.id).result["examples_per_second"]
    return {"first_epoch_seconds": clock.seconds, "examples_per_second": speed}


if __name__ == "__main__":
    print(json.dumps(train(json.loads(sys.argv[1]))))
