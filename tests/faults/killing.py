"""An installation with PostgreSQL under load, whose processes are killed at random moments, and an audit of what came of it.

Triggers in the database write down each claim and each end of an attempt: what was charged is compared with what they saw, not
with what the program says of itself.
"""

import logging
import os
import random
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine, create_engine, text

from engine.artifacts import artifacts_of
from engine.processes import is_alive
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store import Store, open_store
from tests import postgres
from tests.e2e.dashboard import Dashboard
from tests.faults.conftest import IMPATIENT
from tests.waiting import wait_until

logger = logging.getLogger(__name__)

KINDS = ("app", "executor", "worker", "postgres")
SMALL: dict[str, Any] = {
    "dataset": "digits", "model": "mlp", "units": 16, "epochs": 16, "batch_size": 16, "patience": 0, "dropout": 0.3,
    "deterministic": True,
}  # fmt: skip
"""Some seconds of training."""
SEEDS = 3
"""Runs have one of so many seeds: those with equal ones must end with equal weights, however often they were killed."""
_LIVE = 5  # runs that wait or train at any time
_OWNERS = ("ada", "bob")
_PATIENCE_SECONDS = 150.0
_SHARED = {
    "TRAINYARD_MODE": "shared",
    "TRAINYARD_TRUSTED_PROXIES": "127.0.0.1",
    "TRAINYARD_IDENTITY_HEADER": "X-Forwarded-Email",
    "TRAINYARD_COOKIE_SECRET": "only-of-a-test " * 4,
    "TRAINYARD_MEMBER_RUNS_AT_ONCE": "0",
    "TRAINYARD_CHARGE_SECONDS": "1",
    "TRAINYARD_SLOTS": "2",
    "CUDA_VISIBLE_DEVICES": "-1",
}
_WITNESS = """
CREATE TABLE witnessed_claims (run_id int, attempt int);
CREATE TABLE witnessed_ends (run_id int, attempt int, seconds double precision);
CREATE FUNCTION witness_claim() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO witnessed_claims VALUES (NEW.id, NEW.attempt); RETURN NEW; END $$;
CREATE FUNCTION witness_end() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO witnessed_ends VALUES (OLD.id, OLD.attempt, OLD.heartbeat_at - OLD.claimed_at); RETURN NEW; END $$;
CREATE TRIGGER witness_claim AFTER UPDATE ON runs FOR EACH ROW
    WHEN (OLD.state = 'queued' AND NEW.state = 'running') EXECUTE FUNCTION witness_claim();
CREATE TRIGGER witness_end AFTER UPDATE ON runs FOR EACH ROW
    WHEN (OLD.state = 'running' AND NEW.state <> 'running') EXECUTE FUNCTION witness_end();
"""


def kill_at_random(
    kills: int, seed: int, seconds: float, made_by: "type[Killing] | None" = None, **environment: str
) -> dict[str, Any]:
    """Kill so often, or as often as `seconds` allow; let everything end, and return what the audit has found."""
    with installation(**environment) as (home, server):
        made = (made_by or Killing)(home, server, random.Random(seed))  # nosec B311
        try:
            return made.run(kills, time.monotonic() + seconds)
        finally:
            made.close()


@contextmanager
def installation(**more: str) -> Iterator[tuple[Path, postgres.Server]]:
    """Return home and database of a new installation, which the settings name, too."""
    with (
        tempfile.TemporaryDirectory(prefix="trainyard-kills-", ignore_cleanup_errors=True) as folder,
        postgres.restartable() as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        home = Path(folder) / "home"
        environment = IMPATIENT | _SHARED | {"TRAINYARD_HOME": str(home), "TRAINYARD_DATABASE_URL": server.url} | more
        for name, value in environment.items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield home, server
    settings.cache_clear()


class Killing:
    """The processes of one installation."""

    kinds: tuple[str, ...] = KINDS

    def __init__(self, home: Path, server: postgres.Server, chance: random.Random) -> None:
        self._home, self._server, self._chance = home, server, chance
        self._store: Store = open_store(60)
        self._engine: Engine = create_engine(server.url, pool_pre_ping=True)
        with self._engine.begin() as db:
            db.execute(text(_WITNESS))
        self._dashboard = Dashboard(home)
        self._dashboard.start()
        self._start_executor()
        self._killed: Counter[str] = Counter()
        self._resumed = 0

    def run(self, kills: int, until: float) -> dict[str, Any]:
        """Kill, wait for the end of all runs, and look into the books."""
        began = time.monotonic()
        self._submit()
        wait_until(self._store.attempts.workers, "the first run", _PATIENCE_SECONDS)
        while self._killed.total() < kills and time.monotonic() < until:
            kinds = list(self.kinds)
            self._chance.shuffle(kinds)
            for kind in kinds[: kills - self._killed.total()]:
                time.sleep(self._chance.uniform(0.2, 3.0))
                getattr(self, f"_kill_{kind}")()
                self._killed[kind] += 1
                self._resume()
                self._submit()
        killing = time.monotonic() - began
        wait_until(self._all_ended, "the end of all runs", 2 * _PATIENCE_SECONDS)
        found = {
            "kills": dict(sorted(self._killed.items())),
            "killing_seconds": round(killing, 1),
            "runs": len(self._runs()),
            "resumed_by_hand": self._resumed,
        }
        found |= self._audit() | {"left_processes": self._leave()} | {"left_files": self._left_files()}
        return found | {"seconds": round(time.monotonic() - began, 1)}

    def close(self) -> None:
        """End all processes that work in this home folder."""
        self._dashboard.stop(signal.SIGKILL)
        for process in self._processes():
            process.kill()
        self._store.close()
        self._engine.dispose()

    # -- load ----------------------------------------------------------------------------------------------------

    def _runs(self) -> list[Run]:
        return self._store.runs.list(limit=10_000)

    def _submit(self) -> None:
        for _ in range(_LIVE - sum(run.live for run in self._runs())):
            spec = RunSpec.build(SMALL | {"seed": self._chance.randrange(SEEDS)})
            self._store.runs.create(spec, self._chance.choice(_OWNERS))

    def _resume(self) -> None:
        """Do what a person does with a run whose worker was killed: press Resume."""
        for run in self._runs():
            if run.state is RunState.FAILED:
                assert "Resume" in run.message, run.message
                self._store.runs.resume(run.id)
                self._resumed += 1

    def _all_ended(self) -> bool:
        self._resume()
        return not any(run.live for run in self._runs())

    def _start_executor(self) -> None:
        """Do nothing: the dashboard does it."""

    def _supervise(self) -> None:
        """Do nothing: the dashboard does it."""

    # -- killing -------------------------------------------------------------------------------------------------

    def _kill_app(self) -> None:
        self._dashboard.stop(signal.SIGKILL)
        self._dashboard.start(_PATIENCE_SECONDS)

    def _kill_executor(self) -> None:
        self._alive_executor().kill()

    def _kill_worker(self) -> None:
        busy = [worker for _, worker in self._store.attempts.workers() if is_alive(worker)]
        if busy:
            psutil.Process(int(self._chance.choice(busy)["pid"])).kill()
        elif idle := [process for process in self._processes() if "engine.worker" in _command(process)]:
            self._chance.choice(idle).kill()

    def _kill_postgres(self) -> None:
        self._server.kill()
        time.sleep(self._chance.uniform(0.0, 1.0))
        self._server.start()

    def _alive_executor(self) -> psutil.Process:
        """Return the executor, which the dashboard, or a supervisor, starts again within some seconds."""
        found: list[psutil.Process] = []

        def there() -> bool:
            self._supervise()
            known = self._store.leases.get()
            if known is not None and is_alive(known.info):
                found.append(psutil.Process(int(known.info["pid"])))
            return bool(found)

        wait_until(there, "an executor", _PATIENCE_SECONDS)
        return found[0]

    # -- the audit -----------------------------------------------------------------------------------------------

    def _audit(self) -> dict[str, Any]:
        runs, logged = self._runs(), Counter[tuple[int, int]]()
        weights: dict[int, set[str]] = {}
        twice_written = 0
        for run in runs:
            weights.setdefault(run.spec["training"]["seed"], set()).add(run.result.get("weights_sha256", ""))
            found = re.findall(
                r"Run (\d+), attempt (\d+), process", artifacts_of(run.id).log.read_text(errors="replace")
            )
            logged.update((int(run_id), int(attempt)) for run_id, attempt in found)
            points = self._store.metrics.read(run.id)
            steps = [p.step for p in points if (p.split, p.scope, p.name) == ("train", "step", "loss")]
            twice_written += steps != sorted(set(steps))
        claims = Counter(self._rows("SELECT run_id, attempt FROM witnessed_claims"))
        return {
            "states": dict(Counter(run.state.value for run in runs)),
            "attempts": claims.total(),
            "claimed_twice": sum(count > 1 for count in claims.values()),
            "claims_lost": sum(run.attempt != sum(run_id == run.id for run_id, _ in claims) for run in runs),
            "trained_twice": sum(count > 1 for count in logged.values()),
            "steps_written_twice": twice_written,
            "different_weights_of_a_seed": sum(len(found) != 1 or "" in found for found in weights.values()),
        } | self._books()

    def _books(self) -> dict[str, Any]:
        """Compare what was charged with the time between each claim and the last sign of life before its end."""
        used: Counter[int] = Counter()
        for run_id, _, seconds in self._rows("SELECT run_id, attempt, seconds FROM witnessed_ends"):
            used[run_id] += max(0.0, seconds)
        charged = dict(self._rows("SELECT run_id, sum(seconds) FROM charges GROUP BY run_id"))
        apart = [abs(charged.get(run_id, 0.0) - used.get(run_id, 0.0)) for run_id in used.keys() | charged.keys()]
        held = self._rows("SELECT count(*) FROM runs WHERE state NOT IN ('queued', 'running') AND held_seconds < 0")
        return {
            "charged_seconds": round(sum(charged.values()), 3),
            "witnessed_seconds": round(float(sum(used.values())), 3),
            "largest_difference_seconds": round(max(apart, default=0.0), 6),
            "wrongly_held": int(held[0][0]),
        }

    def _rows(self, query: str) -> list[Any]:
        with self._engine.connect() as db:
            return [tuple(row) for row in db.execute(text(query))]

    def _leave(self) -> int:
        """End dashboard and executor as an admin does, and return how many processes are left after that."""
        executor = self._alive_executor()
        self._dashboard.stop()
        executor.terminate()
        until = time.monotonic() + 30
        while (left := self._processes()) and time.monotonic() < until:
            time.sleep(0.2)
        return len(left)

    def _left_files(self) -> list[str]:
        """Return what killed processes were writing, and nobody has replaced or deleted."""
        found = self._home.glob("runs/**/*")
        return sorted(str(path.relative_to(self._home)) for path in found if ".tmp" in path.name)

    def _processes(self) -> list[psutil.Process]:
        """Return the processes of this installation but those of its database."""
        return [process for process in psutil.process_iter() if _home_of(process) == str(self._home)]


def _home_of(process: psutil.Process) -> str:
    try:
        ours = {"engine", "engine.worker", "engine.search", "streamlit"} & set(process.cmdline())
        return process.environ().get("TRAINYARD_HOME", "") if ours and process.pid != os.getpid() else ""
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


SOUND: dict[str, Callable[[Any], bool]] = {
    name: (lambda value: not value)
    for name in (
        *("claimed_twice", "claims_lost", "trained_twice", "steps_written_twice", "different_weights_of_a_seed"),
        *("wrongly_held", "left_processes", "left_files"),
    )
} | {
    "largest_difference_seconds": lambda value: value < 0.001,
    "states": lambda value: set(value) == {"completed"},
}
"""What must hold of each finding."""


def unsound(found: dict[str, Any]) -> dict[str, Any]:
    """Return the findings that must not be."""
    return {name: found[name] for name, holds in SOUND.items() if not holds(found[name])}
