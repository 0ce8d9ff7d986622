"""Fifty random `kill -9` of dashboard, executor, workers and PostgreSQL under load, and what the books say afterwards.

`KILLS`, `SEED` and `KILL_SECONDS` in the environment change how many, which, and for how long at most.
"""

import os
from typing import Any

from tests.faults.killing import kill_at_random, unsound


def measure() -> dict[str, Any]:
    """Kill, wait for the end of all runs, and return the audit; `unsound` names what must not be."""
    kills, seed = int(os.environ.get("KILLS", "50")), int(os.environ.get("SEED", "1"))
    found = kill_at_random(kills, seed, float(os.environ.get("KILL_SECONDS", "360")))
    return found | {"seed": seed, "unsound": unsound(found)}
