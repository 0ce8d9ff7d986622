"""A search over the embedded digits: trials an hour against KerasTuner's random search, with one slot and with two, and how
soon a search that prunes poor trials is as good as KerasTuner's whole one.

Both sides search the same space on the same arrays for the same epochs, without early stopping, and keep the weights of each
trial's best epoch. The clock of KerasTuner begins after its imports, ours when the study is created beside an executor that
has a worker ready, as a dashboard that is open has; what either side takes to be there stands beside it. Ours includes
the start of the process that drives studies. They take turns, and the figures are medians over the seeds.
"""

import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.children import ROOT, empty_home, median, run_json
from engine.spec import Range
from engine.store import Store
from engine.studies import Search, Study, StudySpec

SPACE = {
    "units": Range(16, 256, log=True),
    "dropout": Range(0.0, 0.5, step=0.05),
    "learning_rate": Range(1e-4, 1e-1, log=True),
}
BATCH_SIZE = 32
EPOCHS = 15
TRIALS = 20
SEEDS = 3
VALUES: dict[str, Any] = {
    "dataset": "digits", "model": "mlp", "epochs": EPOCHS, "batch_size": BATCH_SIZE, "patience": 0,
}  # fmt: skip
_POLL_SECONDS = 0.05
_TIMEOUT_SECONDS = 900.0


def measure() -> dict[str, Any]:
    """Measure all ways for each seed, one after the other."""
    rounds = [_round(seed) for seed in range(SEEDS)]
    found: dict[str, Any] = {"trials": TRIALS, "epochs": EPOCHS, "rounds": rounds}
    for name in ("trials_per_hour_ratio", "with_start_ratio", "two_slots_ratio", "time_to_best_ratio"):
        found[name] = round(median([one[name] for one in rounds]), 2)
    return found


def _round(seed: int) -> dict[str, Any]:
    with empty_home() as environment:
        theirs = run_json("-m", "bench.keras_tuner", *map(str, (TRIALS, EPOCHS, seed)), environment=environment)
    one = ours(Search(trials=TRIALS, sampler="random", pruner="none", search_seed=seed))
    two = ours(Search(trials=TRIALS, sampler="random", pruner="none", search_seed=seed, parallel=2), slots=2)
    pruned = ours(Search(trials=TRIALS, sampler="tpe", pruner="median", search_seed=seed), goal=theirs["best"])
    return {
        "keras_tuner": theirs,
        "one_slot": one,
        "two_slots": two,
        "pruned": pruned,
        "trials_per_hour_ratio": theirs["seconds"] / one["seconds"],
        "with_start_ratio": sum(theirs[n] for n in ("seconds", "import_seconds"))
        / (one["seconds"] + one["start_seconds"]),
        "two_slots_ratio": one["seconds"] / two["seconds"],
        "time_to_best_ratio": (pruned["goal_seconds"] or math.nan) / theirs["seconds"],
    }


def ours(search: Search, slots: int = 1, goal: float = 2.0) -> dict[str, Any]:
    """Return seconds from the creation of a study to its end, and until an epoch reached `goal` (None if none did)."""
    with empty_home() as home, _executor(home | {"TRAINYARD_SLOTS": str(slots)}, slots) as (store, start_seconds):
        began = time.time()
        study = store.studies.create(StudySpec.build(VALUES, SPACE, search=search))
        while store.studies.live():
            time.sleep(_POLL_SECONDS)
            if time.time() - began > _TIMEOUT_SECONDS:
                raise RuntimeError(f"The study did not end within {_TIMEOUT_SECONDS:g} s.")
        return {
            "seconds": time.time() - began,
            "start_seconds": start_seconds,
            "best": max(run.best["val_accuracy"] for run in _runs(store, study)),
            "goal_seconds": None if (reached := _reached(store, study, goal)) is None else reached - began,
            "epochs": sum(run.epoch for run in _runs(store, study)),
        }


def _runs(store: Store, study: Study) -> list[Any]:
    return [run for trial in store.studies.runs(study.id).values() for run in trial]


def _reached(store: Store, study: Study, goal: float) -> float | None:
    """Return when the first epoch of any trial reached the goal."""
    points = [point for run in _runs(store, study) for point in store.metrics.read(run.id)]
    reached = [
        point.at
        for point in points
        if (point.split, point.name, point.scope) == ("validation", "accuracy", "epoch") and (point.value or 0) >= goal
    ]
    return min(reached, default=None)


@contextmanager
def _executor(environment: dict[str, str], slots: int) -> Iterator[tuple[Store, float]]:
    """Start an executor with a ready worker in each slot; yield its store, and how long that took."""
    began = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "engine", "executor"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    store = Store(f"sqlite:///{environment['TRAINYARD_HOME']}/trainyard.db")
    try:
        while (known := store.leases.get()) is None or known.info["standby"]["state"] != "ready":
            time.sleep(_POLL_SECONDS)
        yield store, time.monotonic() - began
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()
        store.close()
