"""Runs on a Ray cluster of two nodes on loopback, with PostgreSQL and an S3 server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import TrainyardError
from engine.executor.ray import check_settings
from engine.executor.ray_nodes import Need, Node, machines_of, need_of, pick
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store import Store, open_store
from tests import postgres
from tests.test_depot import missing, served_bucket

ROOT = Path(__file__).resolve().parents[1]
LONG: dict[str, Any] = {
    "dataset": "digits", "model": "mlp", "units": 16, "epochs": 60, "batch_size": 8, "patience": 0, "deterministic": True,
}  # fmt: skip
"""Long enough to lose a node in the middle of it."""


def node(cpus: float, gpus: int) -> Node:
    return Node("1", "a", Need(cpus, gpus), Need(cpus, gpus))


def test_a_run_takes_the_gpus_that_it_asks_for(home: Path) -> None:
    store = open_store()
    auto, two, cpu = (
        store.runs.create(RunSpec.build(values)) for values in ({}, {"device": "gpu", "devices": 2}, {"device": "cpu"})
    )
    with_gpus, without = [node(8, 4)], [node(8, 0)]
    assert [need_of(run, with_gpus).gpus for run in (auto, two, cpu)] == [1, 2, 0]
    assert need_of(auto, without).gpus == 0
    assert not need_of(two, without).fits(without[0].total)
    store.close()


def test_a_run_on_several_machines_takes_nodes_only_when_all_have_room(home: Path) -> None:
    store = open_store()
    three, one = (store.runs.create(RunSpec.build(values)) for values in ({"machines": 3, "batch_size": 66}, {}))
    assert (machines_of(three), machines_of(one)) == (3, 1)
    nodes, need = [node(4, 0), node(0, 0), node(1, 0), node(2, 0)], Need(1, 0)
    assert [found.free.cpus for found in pick(nodes, need, 3)] == [4, 1, 2]
    nodes[2].give(need)
    assert pick(nodes, need, 3) == []
    assert [found.free.cpus for found in nodes] == [4, 0, 0, 2], "nothing is held"
    store.close()


def test_it_names_the_setting_that_several_machines_need(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TrainyardError, match="TRAINYARD_DATABASE_URL"):
        check_settings()
    monkeypatch.setenv("TRAINYARD_DATABASE_URL", "postgresql+psycopg://nobody@/none")
    settings.cache_clear()
    with pytest.raises(TrainyardError, match="TRAINYARD_ARTIFACTS"):
        check_settings()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A head without cores and two nodes with one each, whose homes have nothing in common; `store` is that of all."""
    if lacks := missing("ray", "s3fs", "moto", "flask"):
        pytest.skip(f"not installed: {lacks}; see requirements-ray.txt")
    from ray.cluster_utils import Cluster

    homes = tmp_path_factory.mktemp("homes")
    with pytest.MonkeyPatch.context() as patch, postgres.server() as url, served_bucket() as artifacts:
        for name, value in {
            "TRAINYARD_DATABASE_URL": url,
            "TRAINYARD_ARTIFACTS": artifacts,
            "TRAINYARD_HOME": str(homes / "here"),
            "TRAINYARD_CHECKPOINT_SECONDS": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
            "CUDA_VISIBLE_DEVICES": "-1",
        }.items():
            patch.setenv(name, value)
        settings.cache_clear()
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0, "include_dashboard": False})
        made.nodes = {
            name: made.add_node(num_cpus=1, num_gpus=0, env_vars={"TRAINYARD_HOME": str(homes / name)})
            for name in ("a", "b")
        }
        made.homes, made.store = homes, open_store()
        yield made
        made.store.close()
        made.shutdown()
        settings.cache_clear()


@pytest.fixture
def executor(cluster: Any) -> Iterator[subprocess.Popen[bytes]]:
    with (cluster.homes / "executor.log").open("ab") as log:
        command = [sys.executable, "-m", "engine", "executor", "--ray", cluster.address]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), stdout=log, stderr=log)
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def until(store: Store, run: Run, done: Callable[[Run], Any], seconds: float = 150) -> Run:
    end = time.monotonic() + seconds
    while not done(found := store.runs.get(run.id)):
        assert time.monotonic() < end, (found, store.runs.events(run.id))
        time.sleep(0.1)
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_takes_two_nodes_at_once_and_goes_on_when_one_of_them_was_lost(
    cluster: Any, executor: subprocess.Popen[bytes]
) -> None:
    store, homes = cluster.store, cluster.homes
    lost, whole = (store.runs.create(RunSpec.build(LONG | {"machines": 2, "epochs": 40})) for _ in range(2))
    until(store, lost, lambda found: found.epoch >= 3)
    assert store.runs.get(whole.id).state is RunState.QUEUED, "both nodes are taken"
    first = next(name for name in ("a", "b") if (homes / name / "runs" / str(lost.id) / "log.txt").exists())
    other = "b" if first == "a" else "a"
    assert not (homes / other / "runs" / str(lost.id) / "log.txt").exists(), "the other one writes nothing"
    cluster.remove_node(cluster.nodes[other], allow_graceful=False)
    began = time.monotonic()
    until(store, lost, lambda found: found.state is RunState.QUEUED)
    assert time.monotonic() - began < 10
    assert "One of its machines was lost" in store.runs.get(lost.id).message
    cluster.nodes[other] = cluster.add_node(num_cpus=1, num_gpus=0, env_vars={"TRAINYARD_HOME": str(homes / other)})
    ended = [until(store, run, lambda found: found.state.final) for run in (lost, whole)]
    assert [(run.state, run.attempt) for run in ended] == [(RunState.COMPLETED, 2), (RunState.COMPLETED, 1)], ended
    assert [run.environment["machines"] for run in ended] == [2, 2]
    assert ended[0].result["weights_sha256"] == ended[1].result["weights_sha256"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_goes_on_elsewhere_when_its_node_is_lost(cluster: Any, executor: subprocess.Popen[bytes]) -> None:
    store, homes = cluster.store, cluster.homes
    lost, unharmed = (store.runs.create(RunSpec.build(LONG)) for _ in range(2))
    canceled = store.runs.create(RunSpec.build(LONG))
    for run in (lost, unharmed):
        until(store, run, lambda found: found.epoch >= 3)
    place = next(name for name in ("a", "b") if (homes / name / "runs" / str(lost.id)).exists())
    assert store.runs.get(canceled.id).state is RunState.QUEUED, "a node has room for one"
    cluster.remove_node(cluster.nodes[place], allow_graceful=False)
    began = time.monotonic()
    waiting = until(store, lost, lambda found: found.state is RunState.QUEUED)
    assert time.monotonic() - began < 10
    assert waiting.epoch >= 3
    store.runs.request_end(canceled.id, RunState.CANCELED)
    ended = [until(store, run, lambda found: found.state.final) for run in (unharmed, lost)]
    assert [(run.state, run.attempt) for run in ended] == [(RunState.COMPLETED, 1), (RunState.COMPLETED, 2)]
    assert ended[0].result["weights_sha256"] == ended[1].result["weights_sha256"]
    other = "b" if place == "a" else "a"
    assert "Resuming at epoch" in (homes / other / "runs" / str(lost.id) / "log.txt").read_text()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_is_canceled_and_an_ended_executor_queues_its_runs_again(
    cluster: Any, executor: subprocess.Popen[bytes]
) -> None:
    store = cluster.store
    run = store.runs.create(RunSpec.build(LONG | {"epochs": 500}))
    until(store, run, lambda found: found.epoch >= 1)
    asked = time.monotonic()
    store.runs.request_end(run.id, RunState.CANCELED)
    until(store, run, lambda found: found.state is RunState.CANCELED)
    assert time.monotonic() - asked < 15, "it obeys; it is not killed after the grace period"
    run = store.runs.create(RunSpec.build(LONG | {"epochs": 500}))
    until(store, run, lambda found: found.epoch >= 1)
    executor.send_signal(signal.SIGTERM)
    assert executor.wait(60) == 0
    left = store.runs.get(run.id)
    assert (left.state, left.restarts) == (RunState.QUEUED, 0)
    store.runs.request_end(run.id, RunState.CANCELED)
