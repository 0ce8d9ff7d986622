"""Sixteen processes claim 5,000 queued runs, on SQLite and on PostgreSQL: none twice, none lost."""

import tempfile
import time
from pathlib import Path
from typing import Any

from engine.runs import RunSpec
from engine.store import Store
from tests import postgres
from tests.crowd import claim_all, fill_queue, together

CLAIMERS, RUNS = 16, 5_000


def measure() -> dict[str, Any]:
    """Measure both, each in a fresh database."""
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder, postgres.server() as url:
        urls = {"sqlite": f"sqlite:///{Path(folder) / 'store.db'}", "postgresql": url}
        return {name: _claim(where) for name, where in urls.items()}


def _claim(url: str) -> dict[str, Any]:
    store = Store(url)
    fill_queue(store, store.runs.create(RunSpec.build({})).id, RUNS)
    queued = set(store.runs.queue())
    began = time.perf_counter()
    parts = together(CLAIMERS, claim_all, url)
    seconds = time.perf_counter() - began
    claimed = [run_id for part in parts for run_id in part]
    store.close()
    return {
        "runs": len(queued),
        "twice": len(claimed) - len(set(claimed)),
        "lost": len(queued - set(claimed)),
        "claimers_with_runs": sum(bool(part) for part in parts),
        "claims_per_second": round(len(claimed) / seconds),
    }
