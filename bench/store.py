"""The store: appends, incremental reads, the runs list, and eight processes writing at once."""

import json
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.children import median, percentile
from engine.runs import RunSpec, RunState
from engine.store import MetricPoint, Store


def measure() -> dict[str, Any]:
    """Measure everything in a fresh SQLite database on disk."""
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'store.db'}"
        store = Store(url)
        return {**_appends(store), **_incremental(store), **_many_runs(store), **_eight_writers(url)}


def _points(step: int) -> list[MetricPoint]:
    """Return the points of one epoch: four curves."""
    names = (("train", "loss"), ("train", "accuracy"), ("validation", "loss"), ("validation", "accuracy"))
    return [MetricPoint(0, split, name, "epoch", step, float(step), 0.5, time.time()) for split, name in names]


def _appends(store: Store) -> dict[str, Any]:
    run = store.runs.create(RunSpec.build({}), slot="bench")
    times = []
    for step in range(500):
        began = time.perf_counter()
        store.attempts.report(run, _points(step), epoch=step)
        times.append(1000 * (time.perf_counter() - began))
    return {"append_epoch_ms_median": round(median(times), 3), "append_epoch_ms_p95": round(percentile(times, 0.95), 3)}


def _incremental(store: Store) -> dict[str, Any]:
    run = store.runs.create(RunSpec.build({}), slot="bench")
    for start in range(0, 25_000, 2_500):
        store.attempts.report(run, [p for step in range(start, start + 2_500) for p in _points(step)])
    last = store.metrics.read(run.id)[-1].id
    times = []
    for step in range(200):
        store.attempts.report(run, _points(25_000 + step))
        began = time.perf_counter()
        found = store.metrics.read(run.id, after=last)
        times.append(1000 * (time.perf_counter() - began))
        last = found[-1].id
    return {
        "incremental_read_of_100k_ms_median": round(median(times), 3),
        "incremental_read_ms_p95": round(percentile(times, 0.95), 3),
    }


def _many_runs(store: Store) -> dict[str, Any]:
    spec = RunSpec.build({})
    for _ in range(1000):
        run = store.runs.create(spec, slot="bench")
        store.attempts.report(run, curve=[0.5] * 60, best={"epoch": 3, "val_accuracy": 0.9}, epoch=10)
        store.attempts.end(run, RunState.COMPLETED, result={"test_accuracy": 0.9})
    began = time.perf_counter()
    rows = store.runs.list(limit=1000)
    return {"list_1000_runs_ms": round(1000 * (time.perf_counter() - began), 1), "listed": len(rows)}


def _eight_writers(url: str, seconds: float = 10.0) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(8) as pool:
        results = pool.starmap(_write_for, [(url, seconds)] * 8)
    store = Store(url)
    written = sum(count for _, count, _ in results)
    kept = sum(len(store.metrics.read(run_id)) // 4 for run_id, _, _ in results)
    return {
        "eight_writers_transactions": written,
        "eight_writers_lost": written - kept,
        "eight_writers_worst_ms": round(max(worst for *_, worst in results), 1),
        "eight_writers_per_second": round(written / seconds),
    }


def _write_for(url: str, seconds: float) -> tuple[int, int, float]:
    """Append epochs to a separate run; return (run, transactions, slowest in ms)."""
    store = Store(url)
    run = store.runs.create(RunSpec.build({}), slot="bench")
    until, count, worst = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < until:
        began = time.perf_counter()
        store.attempts.report(run, _points(count), step=count)
        worst = max(worst, 1000 * (time.perf_counter() - began))
        count += 1
    return run.id, count, worst


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(json.dumps(measure()), file=sys.stdout)
