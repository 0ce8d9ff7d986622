"""Studies with trials, written through the real store as driver and workers would: for page tests and measurements."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.naming import Naming
from engine.runs import Run, RunState
from engine.search.trials import Trial, TrialReader
from engine.spec import Range
from engine.store import Store
from engine.studies import Domain, Search, Study, StudySpec, tunable

VALUES: dict[str, Any] = {"dataset": "digits", "model": "mlp", "epochs": 8}
SPACE: dict[str, Domain | None] = {
    "learning_rate": Range(1e-4, 1e-1, log=True), "units": Range(8, 128, log=True), "dropout": None, "activation": None,
}  # fmt: skip


def study(
    store: Store,
    trials: int = 6,
    objectives: tuple[str, ...] = ("quality",),
    name: str = "",
    *,
    owner: str = "ada",
    **search: Any,
) -> Study:
    """A running study with trials that have ended; every fifth one was pruned."""
    search = {"trials": max(20, trials), "pruner": "none", "sampler": "random"} | search
    made = store.studies.create(StudySpec.build(VALUES, SPACE, objectives, Search(**search)), Naming(name), owner)
    rng = np.random.default_rng(0)
    for number in range(trials):
        ended(store, made, number, draw(made.spec, rng), pruned=number % 5 == 3)
    return made


def draw(spec: StudySpec, rng: np.random.Generator) -> dict[str, Any]:
    """Values of the space, as a random sampler chooses them."""
    fields = tunable(spec.run_spec({}))
    found: dict[str, Any] = {}
    for name, domain in spec.space.items():
        if not isinstance(domain, Range):
            found[name] = domain.options[rng.integers(len(domain.options))]
            continue
        low, high = (math.log(domain.low), math.log(domain.high)) if domain.log else (domain.low, domain.high)
        value = rng.uniform(low, high)
        if domain.step:
            value = low + domain.step * round((value - low) / domain.step)
        found[name] = fields[name].type(round(math.exp(value) if domain.log else value, 6))
    return found


def begun(store: Store, made: Study, number: int, params: dict[str, Any], curve: Sequence[float] = ()) -> Run:
    """A trial that trains, after as many epochs as its curve has values."""
    queued = store.studies.create_trial(made.id, number, made.spec.run_spec(params))
    assert queued is not None
    run = store.attempts.claim("cpu-0", queued.id)
    assert run is not None
    environment = {"num_parameters": 1000 + number}
    store.attempts.begin(run, worker={"pid": 1}, environment=environment, total_steps=80)
    if curve:
        best = {"epoch": float(np.argmax(curve)) + 1, "val_accuracy": max(curve)}
        store.attempts.report(run, epoch=len(curve), step=10 * len(curve), best=best, curve=list(curve))
    return store.runs.get(run.id)


def ended(
    store: Store,
    made: Study,
    number: int,
    params: dict[str, Any],
    *,
    pruned: bool = False,
    quality: float | None = None,
) -> Run:
    """A trial that has come to its end, or was pruned after two epochs. Learning rates near 0.01 are the best."""
    top = 0.95 - 0.2 * abs(math.log10(params.get("learning_rate", 0.01)) + 2) if quality is None else quality
    epochs = 2 if pruned else 8
    run = begun(store, made, number, params, [top * (1 - 0.5 ** (epoch + 1)) for epoch in range(epochs)])
    result = {} if pruned else {"seconds": 1.0 + number % 7, "latency_ms": 0.1 + params.get("units", 8) / 500}
    store.attempts.end(run, RunState.PRUNED if pruned else RunState.COMPLETED, "", result)
    return store.runs.get(run.id)


def trials_of(store: Store, made: Study) -> list[Trial]:
    """Its trials as pages see them."""
    reader = TrialReader(made.spec)
    return [reader.trial(runs) for _number, runs in sorted(store.studies.runs(made.id).items())]
