"""Data-parallel runs on the devices of one machine; a CPU can count as two."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.training.pipeline import _parts

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = str(tmp_path_factory.mktemp("replicated"))
    environment = os.environ | {"TRAINYARD_HOME": home, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    child = subprocess.run(
        [sys.executable, "-m", "tests.replicated"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr[-4000:]
    return json.loads(child.stdout.splitlines()[-1])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_two_devices_have_the_losses_of_one_at_each_step(found: Any, optimizer: str) -> None:
    one, two, curve, other = found[optimizer]
    assert found[f"{optimizer}-ended"] == ["completed", "completed", 2, 1360]
    assert len(one) == len(two) == 42
    np.testing.assert_allclose(two, one, atol=1e-4)
    np.testing.assert_allclose(other, curve, atol=1e-2)  # accuracy: one example of validation may be on the edge


def test_a_run_on_two_devices_that_was_stopped_goes_on_as_if_it_had_not_been(found: Any) -> None:
    whole, resumed = found["resumed"]
    assert whole[0] == "completed"
    assert resumed == whole


def test_what_cannot_be_divided_is_refused_in_a_sentence(found: Any) -> None:
    devices, batch = found["refused"]
    assert devices.startswith("The run requires 3 devices at once, but its slot has 2.")
    assert batch == "A batch of 33 cannot be divided evenly among 2 devices. Choose a batch size of 32."


@pytest.mark.parametrize(("examples", "size"), [(153, 512), (153, 16), (3, 512), (1, 512), (64, 16)])
def test_each_device_gets_as_many_parts_of_a_validation_and_none_is_empty(examples: int, size: int) -> None:
    parts = [part.numpy() for part in _parts(np.arange(examples), size, 2)]
    assert len(parts) % 2 == 0
    assert all(0 < len(part) <= size for part in parts)
    assert np.concatenate(parts)[:examples].tolist() == list(range(examples))
    assert sum(map(len, parts)) == max(2, examples)
