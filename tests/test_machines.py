"""Runs on several machines: here they are processes of one, connected over loopback as machines would be."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training_runs import RANDOM

ROOT = Path(__file__).resolve().parents[1]
EVEN: dict[str, Any] = {"validation_fraction": 0.11, "dropout": 0.0, "epochs": 2, "batch_size": 66}
"""An even number of training examples, and an incomplete batch at the end of an epoch."""

Train = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def train(tmp_path: Path) -> Train:
    def train(*wanted: dict[str, Any]) -> list[dict[str, Any]]:
        environment = os.environ | {
            "TRAINYARD_HOME": str(tmp_path / "home"), "TRAINYARD_LOCAL_MACHINES": "2", "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "2", "TF_NUM_INTRAOP_THREADS": "1",
        }  # fmt: skip
        child = subprocess.run(
            [sys.executable, "-m", "tests.together", json.dumps(wanted)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert child.returncode == 0, child.stderr[-4000:]
        found: list[dict[str, Any]] = json.loads(child.stdout.splitlines()[-1])
        return found

    return train


def assert_same_losses(train: Train, values: dict[str, Any]) -> None:
    two, one = train(values | {"machines": 2}, values)
    assert (two["state"], two["problem"], two["machines"]) == ("completed", "", 2)
    assert two["result"]["num_train_examples"] == one["result"]["num_train_examples"] == 1360
    assert len(two["losses"]) == len(one["losses"]) == 42
    np.testing.assert_allclose(two["losses"], one["losses"], atol=1e-4)
    np.testing.assert_allclose(two["curve"], one["curve"], atol=1e-2)  # accuracy: one example may be on the edge


def test_two_machines_have_the_losses_of_one_at_each_step(train: Train) -> None:
    assert_same_losses(
        train, EVEN | {"model": "mlp", "optimizer": "adam", "learning_rate": 0.001, "class_weights": True}
    )


@pytest.mark.slow
def test_so_they_have_with_convolutions_and_another_optimizer(train: Train) -> None:
    values = {"model": "cnn", "filters": 8, "blocks": 1, "optimizer": "sgd", "learning_rate": 0.1}
    assert_same_losses(train, EVEN | values)


@pytest.mark.slow
def test_a_run_on_two_machines_that_was_stopped_goes_on_as_if_it_had_not_been(train: Train) -> None:
    values = RANDOM | {"model": "cnn", "epochs": 3, "machines": 2, "schedule": "plateau", "plateau_patience": 1}
    whole = train(values)[0]
    stopped = train(values | {"at": 30})[0]
    assert (whole["state"], stopped["state"]) == ("completed", "stopped")
    resumed = train({"run": stopped["id"]})[0]
    assert resumed["state"] == "completed"
    assert resumed["result"]["weights_sha256"] == whole["result"]["weights_sha256"]
    assert resumed["curve"] == whole["curve"]


@pytest.mark.slow
def test_several_steps_an_execution_give_what_single_ones_give(train: Train) -> None:
    values = EVEN | {"model": "mlp", "machines": 2, "epochs": 4, "deterministic": True}
    single, several = train(values)[0], train(values | {"whole": True})[0]
    assert several["state"] == "completed"
    assert several["result"]["weights_sha256"] == single["result"]["weights_sha256"]


@pytest.mark.slow
def test_what_several_machines_cannot_do_is_refused_in_a_sentence(train: Train) -> None:
    found = train({"machines": 3, "batch_size": 66}, {"machines": 2, "batch_size": 33}, {"machines": 2, "devices": 2})
    assert [run["problem"] for run in found] == [
        "The run asks for 3 machines, but this executor has 2. Choose fewer, or start an executor on a Ray cluster.",
        "A batch of 33 cannot be divided evenly among 2 devices. Choose a batch size of 32.",
        "A run on several machines uses one device of each. Set devices to 1, or machines to 1.",
    ]
