"""The same on a Ray cluster of two nodes, which are killed, too."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import postgres
from tests.faults.killing import KINDS, Killing, kill_at_random
from tests.faults.lab import ROOT


class KillingRay(Killing):
    """An installation whose executor places workers on nodes of a cluster."""

    kinds = (*KINDS, "node")

    def __init__(self, home: Path, server: postgres.Server, chance: random.Random) -> None:
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0, "include_dashboard": False}
        )
        self._nodes = [self._cluster.add_node(num_cpus=1, num_gpus=0) for _ in range(2)]
        self._executor: subprocess.Popen[bytes] | None = None
        super().__init__(home, server, chance)

    def close(self) -> None:
        """End the cluster, too."""
        if self._executor is not None:
            self._executor.kill()
            self._executor.wait()
        super().close()
        self._cluster.shutdown()

    def _start_executor(self) -> None:
        with (self._home / "executor.log").open("ab") as log:
            command = [sys.executable, "-m", "engine", "executor", "--ray", self._cluster.address]
            self._executor = subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), stdout=log, stderr=log)

    def _supervise(self) -> None:
        """Start an executor that has ended by itself, as where it started while the database was away."""
        if self._executor is not None and self._executor.poll() is not None:
            self._start_executor()

    def _kill_executor(self) -> None:
        self._alive_executor()
        assert self._executor is not None
        self._executor.kill()
        self._executor.wait()
        self._start_executor()

    def _kill_node(self) -> None:
        node = self._nodes.pop(self._chance.randrange(len(self._nodes)))
        self._cluster.remove_node(node, allow_graceful=False)
        self._nodes.append(self._cluster.add_node(num_cpus=1, num_gpus=0))


def kill_on_ray(kills: int, seed: int, seconds: float, folder: Path) -> dict[str, Any]:
    """Kill so often, or as often as `seconds` allow; let everything end, and return what the audit has found."""
    return kill_at_random(
        kills,
        seed,
        seconds,
        KillingRay,
        TRAINYARD_ARTIFACTS=f"file://{folder / 'artifacts'}",
        TRAINYARD_START_EXECUTOR="false",
        RAY_USAGE_STATS_ENABLED="0",
    )
