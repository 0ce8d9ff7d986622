"""Training by two processes of this machine, connected as two machines are, against one process with one core and with all."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NETWORKS: dict[str, dict[str, Any]] = {
    "mlp_digits": {"dataset": "digits", "model": "mlp", "batch_size": 64, "epochs": 30, "dropout": 0.0},
    "cnn_digits": {"dataset": "digits", "model": "cnn", "batch_size": 128, "epochs": 8, "dropout": 0.0},
    "cnn_digits_wide": {
        "dataset": "digits",
        "model": "cnn",
        "filters": 128,
        "batch_size": 256,
        "epochs": 4,
        "dropout": 0.0,
    },
}


def measure() -> dict[str, Any]:
    """Measure the examples a second of each network; `ratio` is two processes against one with one core."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as home:
        for name, values in NETWORKS.items():
            one, all_cores, two = (
                _speed(home, values | extra, threads)
                for extra, threads in (({}, 1), ({}, os.cpu_count() or 1), ({"machines": 2}, 1))
            )
            found[name] = {
                "one_process_one_core": round(one),
                "one_process_all_cores": round(all_cores),
                "two_processes": round(two),
                "ratio": round(two / one, 2),
            }
    return found


def _speed(home: str, values: dict[str, Any], threads: int) -> float:
    environment = os.environ | {
        "TRAINYARD_HOME": home, "TRAINYARD_LOCAL_MACHINES": "2", "CUDA_VISIBLE_DEVICES": "-1",
        "TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": str(threads),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.together", json.dumps([values | {"whole": True}])]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    (run,) = json.loads(done.stdout.splitlines()[-1])
    return float(run["result"]["examples_per_second"])
