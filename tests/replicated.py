"""Runs on one and on two devices, in a process whose CPU counts as two: `python -m tests.replicated`; prints JSON."""

import json
import sys

import pytest
import tensorflow as tf

from engine.errors import TrainyardError
from engine.runs import Run
from engine.store import Store, open_store
from engine.training import fit, session
from engine.training.reporting import Report
from tests.training_runs import RANDOM, create, stopping_at_step, train


def losses(store: Store, run: Run) -> list[float]:
    """Return the loss of each step."""
    points = store.metrics.read(run.id)
    return [p.value for p in points if (p.split, p.scope, p.name) == ("train", "step", "loss") and p.value is not None]


def interrupted(store: Store, patch: pytest.MonkeyPatch, **values: object) -> Run:
    """Train with a stop in the middle of the second epoch."""
    run = create(store, **values)
    with patch.context() as within:
        within.setattr(fit, "Reporter", stopping_at_step(30))
        fit.train_run(store, run)
    fit.train_run(store, store.runs.resume(run.id, slot="terminal"))
    return store.runs.get(run.id)


def refused(store: Store, **values: object) -> str:
    """Return why it is not trained."""
    try:
        fit.train_run(store, create(store, **values))
    except TrainyardError as error:
        return str(error)
    return ""


def main() -> None:
    """Train and print what came of it."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    patch, store, found = pytest.MonkeyPatch(), open_store(), {}
    patch.setattr(Report, "INTERVAL_SECONDS", 0.0)
    with patch.context() as within:
        within.setattr(session, "execution_steps", lambda *_: 1)
        even = {"validation_fraction": 0.11, "dropout": 0.0, "epochs": 2}  # and an incomplete batch at the end
        for name, rate in (("sgd", 0.1), ("adam", 0.001)):
            values = even | {
                "optimizer": name,
                "learning_rate": rate,
                "batch_size": 66,
                "class_weights": name == "adam",
            }
            one, two = train(store, **values), train(store, **values, devices=2)
            found[name] = [losses(store, one), losses(store, two), one.curve, two.curve]
            found[f"{name}-ended"] = [
                one.state,
                two.state,
                two.environment["devices"],
                one.result["num_train_examples"],
            ]
    values = RANDOM | {"model": "cnn", "devices": 2, "epochs": 2}
    runs = [train(store, **values), interrupted(store, patch, **values)]
    found["resumed"] = [[run.state, run.result["weights_sha256"], run.curve] for run in runs]
    found["refused"] = [refused(store, devices=3), refused(store, devices=2, batch_size=33)]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
