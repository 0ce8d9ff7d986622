"""Runs in every state, written through the real store as a worker would write them: for page tests and pictures."""

import json
import math
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.artifacts import artifacts_of
from engine.baselines.base import Baseline
from engine.data_info import DataInfo
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store import MetricPoint, Store

LABELS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
BASELINE = {"name": "logistic-regression-pixels", "accuracy": 0.729}
STEPS_PER_EPOCH = 140
_NOW = time.time()


def spec(**values: Any) -> RunSpec:
    """A spec with the given flat values."""
    return RunSpec.build({"epochs": 10, **values})


def queued(store: Store, owner: str = "ada", **values: Any) -> Run:
    """A run that waits."""
    return store.runs.create(spec(**values), owner)


def running(
    store: Store,
    epochs: int = 4,
    points: int = 20,
    owner: str = "ada",
    known: dict[str, Any] | None = None,
    **values: Any,
) -> Run:
    """A run that has gone through `epochs` epochs with `points` step-level points each; `known` of its environment."""
    run = store.attempts.claim("cpu-0", queued(store, owner, **values).id)
    assert run is not None
    total = run.total_epochs * STEPS_PER_EPOCH
    environment = {"device": "CPU", "versions": {"keras": "3.15.1", "tensorflow": "2.21.0"}, "num_parameters": 225_034}
    environment |= known or {}
    store.attempts.begin(run, worker={"pid": 1}, environment=environment, total_steps=total)
    write_log(run, "Epoch 1/10\nloss 1.2000\rloss 0.6931\n\x1b[32mdone\x1b[0m\n")
    for epoch in range(epochs):
        train_epoch(store, run, epoch, points)
    return store.runs.get(run.id)


def train_epoch(store: Store, run: Run, epoch: int, points: int = 20) -> None:
    """Report one epoch of plausible values."""
    begin = epoch * STEPS_PER_EPOCH
    steps = [begin + (i + 1) * STEPS_PER_EPOCH // points for i in range(points)]
    store.attempts.report(run, [point for step in steps for point in step_points(step)], step=steps[-1])
    end = begin + STEPS_PER_EPOCH
    loss, accuracy = curve(end)
    found = [
        ("train", "loss", loss), ("train", "accuracy", accuracy),
        ("validation", "loss", loss * 1.1 + 0.02), ("validation", "accuracy", accuracy - 0.03),
    ]  # fmt: skip
    at = written_at(end)
    store.attempts.report(
        run,
        [MetricPoint(0, split, name, "epoch", end, epoch + 1.0, value, at) for split, name, value in found],
        epoch=epoch + 1,
        step=end,
        best={"epoch": epoch + 1, "val_accuracy": accuracy - 0.03, "val_loss": loss * 1.1 + 0.02},
        curve=[curve((e + 1) * STEPS_PER_EPOCH)[1] - 0.03 for e in range(epoch + 1)],
    )


def step_points(step: int) -> list[MetricPoint]:
    """All step-level series at one step."""
    noise = math.sin(step * 12.9898) * 0.04
    loss, accuracy = curve(step)
    values = {
        ("train", "loss"): loss + noise, ("train", "accuracy"): min(1.0, accuracy - noise / 2),
        ("train", "learning_rate"): 1e-3 * (1 - step / 2_000), ("train", "examples_per_second"): 21_000 + 9_000 * noise,
        ("system", "cpu_percent"): 180 + 200 * noise, ("system", "memory_bytes"): 1.2e9 + step * 1e4,
    }  # fmt: skip
    at, epoch = written_at(step), step / STEPS_PER_EPOCH
    return [MetricPoint(0, split, name, "step", step, epoch, value, at) for (split, name), value in values.items()]


def written_at(step: int) -> float:
    """When a step was done: fifty a second."""
    return _NOW + step / 50


def curve(step: int) -> tuple[float, float]:
    """Loss and accuracy that get better and then flatten."""
    loss = 0.25 + 1.9 * math.exp(-step / 250)
    return loss, 1 - 0.38 * loss


def completed(store: Store, owner: str = "ada", epochs: int = 10, points: int = 20, **values: Any) -> Run:
    """A run that came to its end, with an evaluation and a file where its model would be."""
    run = running(store, epochs=epochs, points=points, owner=owner, **values)
    end(store, run, RunState.COMPLETED)
    return store.runs.get(run.id)


def evaluated(store: Store, known: dict[str, Any] | None = None, owner: str = "ada", **values: Any) -> Run:
    """A completed run with all that a worker leaves: what became of each real example, and the baseline."""
    data = prepare(spec(**values).dataset)
    run = running(
        store,
        epochs=10,
        owner=owner,
        known={"dataset_hash": data.content_hash, "baseline": BASELINE} | (known or {}),
        **values,
    )
    end(store, run, RunState.COMPLETED)
    files = artifacts_of(run.id)
    arrays: dict[str, np.ndarray] = {}
    evaluation: dict[str, Any] = {}
    for split in ("validation", "test"):
        positions = data.indices(split)
        targets = data.targets[positions]
        outputs = guesses(targets, data.info.num_classes)
        arrays |= {f"{split}_positions": positions, f"{split}_outputs": outputs, f"{split}_targets": targets}
        evaluation[split] = run.parsed().task.evaluate(outputs, targets, data.info)
        evaluation[split]["baseline"] = asdict(Baseline(metrics={}, num_examples=90, num_available=900)) | {
            "name": BASELINE["name"],
            "metrics": {"accuracy": BASELINE["accuracy"]},
        }
    files.evaluation.write_text(json.dumps(evaluation))
    np.savez(files.outcomes, **arrays)  # type: ignore[arg-type]
    return store.runs.get(run.id)


def scored(store: Store, right: float = 0.9, luck: int = 0, owner: str = "ada", **values: Any) -> Run:
    """A completed run with what it made of each test example of its dataset, and the baseline's figures.

    Of classes a share of about `right` is guessed; numbers are missed by as much as `right` is short of 1. `luck` draws
    other guesses.
    """
    data, task = prepare(spec(**values).dataset), spec(**values).task
    run = running(store, epochs=3, points=4, owner=owner, known={"dataset_hash": data.content_hash}, **values)
    positions = data.indices("test")
    targets = data.targets[positions]
    outputs = outputs_for(targets, data.info.num_classes, right, np.random.default_rng(luck))
    files = artifacts_of(run.id)
    np.savez(files.outcomes, test_positions=positions, test_outputs=outputs, test_targets=targets)
    figures = task.evaluate(outputs, targets, data.info)["metrics"]
    result = {f"test_{name}": value for name, value in figures.items()} | {"baseline_name": BASELINE["name"]}
    decides = task.objective.removeprefix("val_")
    store.attempts.end(run, RunState.COMPLETED, result=result | {f"baseline_{decides}": figures[decides]})
    return store.runs.get(run.id)


def outputs_for(targets: np.ndarray, num_classes: int, right: float, rng: np.random.Generator) -> np.ndarray:
    """Outputs (examples, outputs) float32 for classes, or for numbers where there are none."""
    if not num_classes:
        return (targets + (1 - right) * targets.std() * rng.normal(size=len(targets)))[:, None].astype(np.float32)
    chosen = np.where(rng.random(len(targets)) < right, targets, (targets + 1) % num_classes)
    outputs = np.full((len(targets), num_classes), 0.4 / num_classes, np.float32)
    outputs[np.arange(len(targets)), chosen] += 0.6
    return outputs


def stopped(store: Store, **values: Any) -> Run:
    """A run that somebody stopped: it has a model and may be resumed."""
    run = running(store, **values)
    store.runs.request_end(run.id, RunState.STOPPED, by="ada")
    end(store, run, RunState.STOPPED, "Stopped after epoch 4; the model of the best epoch is kept.")
    return store.runs.get(run.id)


def failed(store: Store, **values: Any) -> Run:
    """A run that broke."""
    run = running(store, epochs=1, **values)
    store.attempts.end(
        run, RunState.FAILED, "The loss became NaN at step 150. Lower the learning rate, or clip gradients."
    )
    return store.runs.get(run.id)


def end(store: Store, run: Run, state: RunState, message: str = "") -> None:
    """End a run as a worker does: model and evaluation in its folder, result in the store."""
    evaluated = evaluation()
    files = artifacts_of(run.id)
    files.folder.mkdir(parents=True, exist_ok=True)
    files.model.write_bytes(b"not a network: no test that uses it reads it")
    files.evaluation.write_text(json.dumps({"validation": evaluated, "test": evaluated}))
    result = {"test_accuracy": evaluated["metrics"]["accuracy"], "test_loss": 0.31, "examples_per_second": 21_000.0}
    store.attempts.end(run, state, message, result)


def evaluation() -> dict[str, Any]:
    """Return the task's evaluation of 2,000 guesses that are right four times out of five."""
    targets = np.random.default_rng(0).integers(0, len(LABELS), 2_000)
    return spec().task.evaluate(guesses(targets, len(LABELS)), targets, DataInfo((28, 28, 1), LABELS))


def guesses(targets: np.ndarray, num_classes: int) -> np.ndarray:
    """Probabilities that lean towards the truth, (examples, classes) float32."""
    rng = np.random.default_rng(0)
    outputs = rng.dirichlet(np.ones(num_classes), len(targets))
    outputs[np.arange(len(targets)), targets] += rng.uniform(0, 0.8, len(targets))
    return (outputs / outputs.sum(axis=1, keepdims=True)).astype(np.float32)


def write_log(run: Run, text: str) -> None:
    """Put a log into the run's folder."""
    artifacts_of(run.id).folder.mkdir(parents=True, exist_ok=True)
    artifacts_of(run.id).log.write_text(text)


def executor(store: Store, **info: Any) -> None:
    """A living executor's lease."""
    store.leases.hold("host:1", {"pid": 1, "slots": [], "standby": {"state": "ready"}, "devices": [], **info})


def one_of_each(store: Store) -> dict[str, Run]:
    """A run in each state that people meet."""
    settings().runs_path.mkdir(parents=True, exist_ok=True)
    return {
        "completed": completed(store),
        "stopped": stopped(store, model="mlp", owner="grace"),
        "failed": failed(store, model="mlp"),
        "running": running(store),
        "queued": queued(store, owner="grace"),
    }
