"""Train runs in a process where TensorFlow has not begun yet: `python -m tests.together '[{...}, ...]'`; prints JSON, an item a run.

Only the first of them may be on several machines. `at` stops a run once so many updates are done, `run` goes on with one, `whole`
measures its speed instead of each step; everything else are values of a new run.
"""

import json
import sys
from typing import Any

import pytest

from engine.errors import TrainyardError
from engine.runs import Run
from engine.store import Store, open_store
from engine.training import fit, session
from engine.training.reporting import Report
from tests.training_runs import create, stopping_at_step


def losses(store: Store, run: Run) -> list[float]:
    """Return the loss of each step."""
    points = store.metrics.read(run.id)
    return [p.value for p in points if (p.split, p.scope, p.name) == ("train", "step", "loss") and p.value is not None]


def trained(store: Store, values: dict[str, Any]) -> dict[str, Any]:
    """Train, and return what came of it."""
    at, goes_on, whole = values.pop("at", 0), values.pop("run", 0), values.pop("whole", False)
    run = store.runs.resume(goes_on, slot="terminal") if goes_on else create(store, **values)
    problem = ""
    with pytest.MonkeyPatch.context() as patch:
        if not whole:  # a point for each step
            patch.setattr(Report, "INTERVAL_SECONDS", 0.0)
            patch.setattr(session, "execution_steps", lambda *_: 1)
        if at:
            patch.setattr(fit, "Reporter", stopping_at_step(at))
        try:
            fit.train_run(store, run)
        except TrainyardError as error:
            problem = str(error)
    ended = store.runs.get(run.id)
    return {
        "id": run.id,
        "state": ended.state,
        "problem": problem,
        "losses": losses(store, run),
        "curve": ended.curve,
        "result": ended.result,
        "machines": ended.environment.get("machines"),
    }


def main() -> None:
    """Train and print."""
    store = open_store()
    json.dump([trained(store, values) for values in json.loads(sys.argv[1])], sys.stdout)


if __name__ == "__main__":
    main()
