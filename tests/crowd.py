"""Several processes that do the same thing at the same moment."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from sqlalchemy import insert, select

from engine.store import MetricPoint, Store
from engine.store.schema import runs

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.crowd"])  # imported once: the processes are forks of one that has it
_start: threading.Barrier


def together(count: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call `function` in `count` processes that begin when all are ready; what each returned."""
    barrier = _forks.Barrier(count)
    with ProcessPoolExecutor(count, _forks, _meet, (barrier,)) as processes:
        calls = [processes.submit(_call, function, *arguments) for _ in range(count)]
        return [call.result(timeout=600) for call in calls]


def claim_all(url: str) -> list[int]:
    """Claim until the queue is empty: ids of the runs."""
    store, claimed = Store(url), []
    store.runs.list()  # connected first: whoever is a moment early would take them all
    _start.wait(timeout=60)
    while (run := store.attempts.claim("cpu-0")) is not None:
        claimed.append(run.id)
    return claimed


def fill_queue(store: Store, run_id: int, count: int) -> None:
    """Queue copies of a run until there are `count`: making each as people do would take longer than claiming them."""
    with store.writing() as db:
        row = dict(db.execute(select(runs).where(runs.c.id == run_id)).one()._mapping)
        del row["id"]
        db.execute(insert(runs), [row] * (count - 1))


def write_for_a_while(url: str, seconds: float) -> tuple[int, int]:
    """Claim a run and report as a worker does, only without a pause: id of the run, number of reports."""
    store = Store(url)
    run = store.attempts.claim("cpu-0")
    assert run is not None
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        points = [MetricPoint(0, "train", "loss", "step", count, 0.0, 0.5, 0.0)] * 6
        assert store.attempts.report(run, points, step=count) == ""
        count += 1
    return run.id, count


def take_leases(url: str, count: int) -> list[bool]:
    """Try to become the executor, under `count` names one after another."""
    store = Store(url)
    return [store.leases.hold(str(os.getpid()), {}, name=str(i)) for i in range(count)]


def enqueue_values(url: str, study_id: int, count: int) -> int:
    """Enqueue trials of a study, of which no two are the same."""
    store = Store(url)
    _start.wait(timeout=60)
    for number in range(count):
        store.studies.enqueue(study_id, {"units": 16 + number, "dropout": (os.getpid() % 1000) / 2000})
    return count


def count_runs(url: str) -> int:
    """Open a store, which may be new."""
    return len(Store(url).runs.list())


def _meet(barrier: Any) -> None:
    global _start
    _start = barrier


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    _start.wait(timeout=60)
    return function(*arguments)
