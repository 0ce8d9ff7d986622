"""A thousand hostile and broken requests against a real dashboard: what broke, what it told, what it kept."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.settings import settings
from engine.store import open_store
from tests import seeding
from tests.e2e.dashboard import Dashboard
from tests.hostile import SECRETS, attack, files_of
from tests.saved_runs import TINY, save_network

COUNT = 1_000


def measure() -> dict[str, Any]:
    """Return counts; `crashes`, `leaks`, `files_left` and `tracebacks_logged` should be 0."""
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        home = Path(folder) / "home"
        os.environ["TRAINYARD_HOME"] = str(home)
        settings.cache_clear()
        settings().runs_path.mkdir(parents=True)
        store = open_store()
        save_network(seeding.evaluated(store, **TINY))
        store.close()
        dashboard = Dashboard(home, **SECRETS)
        dashboard.start()
        try:
            before, began = files_of(home), time.monotonic()
            found = attack(dashboard, COUNT)
            seconds = time.monotonic() - began
            return {
                "requests": COUNT,
                "requests_per_second": round(COUNT / seconds, 1),
                "statuses": dict(sorted(found.statuses.items())),
                "crashes": len(found.failures) + (not dashboard.answers()),
                "leaks": len(found.leaks),
                "files_left": len(files_of(home) - before),
                "tracebacks_logged": dashboard.log.read_bytes().count(b"Traceback"),
                "first": [*found.failures, *found.leaks][:5],
            }
        finally:
            dashboard.close()
