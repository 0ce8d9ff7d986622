"""Fifty random `kill -9` of dashboard, executor, workers and PostgreSQL under load, and what the books say afterwards.

`KILLS`, `SEED` and `KILL_SECONDS` in the environment change how many, which, and for how long at most; `KILL_RAY=1` does it
on a Ray cluster of two nodes, which are killed as well.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from tests.faults.killing import kill_at_random, unsound
from tests.faults.killing_ray import kill_on_ray


def measure() -> dict[str, Any]:
    """Kill, wait for the end of all runs, and return the audit; `unsound` names what must not be."""
    kills, seed = int(os.environ.get("KILLS", "50")), int(os.environ.get("SEED", "1"))
    seconds = float(os.environ.get("KILL_SECONDS", "360"))
    if os.environ.get("KILL_RAY") != "1":
        found = kill_at_random(kills, seed, seconds)
    else:
        with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
            found = kill_on_ray(kills, seed, seconds, Path(folder))
    return found | {"seed": seed, "unsound": unsound(found)}
