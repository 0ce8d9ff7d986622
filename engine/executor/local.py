"""The executor of one machine: a process that claims queued runs and keeps one worker a slot busy.

It owns nothing that cannot be found again: its lease, the claims and the workers' identities are in the store. When it
is killed, workers train on; the next executor watches those that live and queues the runs of those that do not.
"""

import logging
import signal
import time
from pathlib import Path
from types import FrameType

from engine.artifacts import keep_disk_budget
from engine.devices import find_devices
from engine.executor.process import WorkerProcess, explain_exit, kill_group
from engine.executor.slots import Slot, make_slots
from engine.processes import describe_process, is_alive, this_process
from engine.runs import Run, RunState
from engine.settings import settings
from engine.store import Store

logger = logging.getLogger(__name__)

_TICK_SECONDS = 0.05
_LOOK_AROUND_SECONDS = 1.0
_STANDBY_DELAY_SECONDS = 4.0  # a new standby must not take the cores from a run that has just begun
TERMINAL = "terminal"
"""Slot name of runs that somebody trains in the foreground: never restarted by an executor."""


class LocalExecutor:
    """Runs until it is told to end, loses its lease, or (with `idle_seconds`) is needed no more."""

    def __init__(self, store: Store, slots: list[Slot] | None = None, idle_seconds: float | None = None) -> None:
        self.store = store
        self.slots = slots if slots is not None else make_slots()
        self.holder = this_process()
        self._idle_seconds = idle_seconds
        self._standby: dict[str, WorkerProcess] = {}
        self._busy: dict[int, WorkerProcess] = {}
        self._foreign: dict[str, int] = {}  # slots whose worker belongs to an executor that is gone
        self._silence: dict[int, tuple[object, float]] = {}
        self._asked: dict[int, float] = {}
        self._standby_after = 0.0
        self._ending = False

    def run(self) -> bool:
        """Take the lease and work. False if another executor is alive already."""
        if not self._hold_lease():
            return False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        logger.info("Executor %s with slots %s.", self.holder, ", ".join(slot.name for slot in self.slots))
        looked = 0.0
        try:
            while not self._ending:
                now = time.monotonic()
                self._reap()
                if now - looked >= _LOOK_AROUND_SECONDS:
                    looked = now
                    if not self._look_around():
                        return True
                self._fill_slots()
                self._keep_standby()
                time.sleep(_TICK_SECONDS)
        finally:
            for worker in self._standby.values():
                worker.dismiss()
            self.store.release_lease(self.holder)
        return True

    # -- one tick ------------------------------------------------------------------------------------------------

    def _reap(self) -> None:
        """Children that ended: their runs get a final state if they did not set one themselves."""
        for run_id, worker in list(self._busy.items()):
            if (code := worker.exit_code) is not None:
                del self._busy[run_id]
                run = worker.run
                assert run is not None
                if self.store.end_run(run, *self._fate(run, code)):
                    logger.warning("Worker of run %s ended with code %s.", run_id, code)
                keep_disk_budget(self.store)

    def _fate(self, run: Run, code: int) -> tuple[RunState, str]:
        """State and sentence for a run whose worker did not end it: killed after a stop, or on its own."""
        if run.id in self._asked:
            wanted = self.store.get_run(run.id).request
            if wanted == RunState.CANCELED:
                return RunState.CANCELED, "Canceled: the worker did not answer and was killed."
            if wanted == RunState.STOPPED:
                return RunState.STOPPED, "The worker did not answer and was killed; the last checkpoint is kept."
        return RunState.FAILED, explain_exit(code)

    def _fill_slots(self) -> None:
        taken = {worker.slot.name for worker in self._busy.values()} | self._foreign.keys()
        free = [slot for slot in self.slots if slot.name not in taken]
        if not free or not self.store.queue():
            return
        for slot in free:
            worker = self._standby.get(slot.name) or WorkerProcess(slot)
            run = None
            if worker.exit_code is None:
                run = self.store.claim_run(slot.name, devices=slot.devices, worker=worker.describe())
            if run is None:
                self._standby[slot.name] = worker
                continue
            self._standby.pop(slot.name, None)
            worker.hand_over(run)
            self._busy[run.id] = worker
            self._standby_after = time.monotonic() + _STANDBY_DELAY_SECONDS
            logger.info("Run %s goes to worker %s on %s.", run.id, worker.pid, slot.name)

    def _keep_standby(self) -> None:
        if time.monotonic() < self._standby_after:
            return
        for slot in self.slots:
            worker = self._standby.get(slot.name)
            if worker is not None and worker.state == "gone":
                logger.warning("Standby worker %s ended with code %s.", worker.pid, worker.exit_code)
                del self._standby[slot.name]
                self._standby_after = time.monotonic() + _STANDBY_DELAY_SECONDS
            elif worker is None:
                self._standby[slot.name] = WorkerProcess(slot)

    # -- once a second -------------------------------------------------------------------------------------------

    def _look_around(self) -> bool:
        """Renew the lease, watch running runs. False when it is time to leave."""
        if not self._hold_lease():
            logger.error("Another executor has taken over; leaving the workers to it.")
            return False
        running = self.store.workers()
        self._foreign = {}
        for run, worker in running:
            self._enforce(run, worker)
            if run.id not in self._busy and run.slot != TERMINAL:
                self._watch_foreign(run, worker)
            elif run.slot == TERMINAL and is_alive(worker) is False:
                self.store.end_run(run, RunState.FAILED, explain_exit(None))
        for known in (self._silence, self._asked):
            for run_id in known.keys() - {run.id for run, _ in running}:
                del known[run_id]
        return not self._unneeded(bool(running))

    def _watch_foreign(self, run: Run, worker: dict[str, object]) -> None:
        """A run that another executor handed out: leave it to its worker, or queue it again if that is gone."""
        alive = is_alive(worker)
        if alive or (alive is None and self._silent_seconds(run) < settings().heartbeat_timeout_seconds):
            self._foreign[run.slot] = run.id
        elif run.request == RunState.CANCELED:
            self.store.end_run(run, RunState.CANCELED, "Canceled: no result was kept.")
        elif run.request == RunState.STOPPED:
            self.store.end_run(run, RunState.STOPPED, "The worker was gone; the last checkpoint is kept.")
        elif run.attempt >= settings().max_attempts:
            self.store.end_run(run, RunState.FAILED, f"{explain_exit(None)} It was started {run.attempt} times.")
        else:
            logger.warning("Run %s has lost its worker; queueing it again.", run.id)
            self.store.requeue_run(run, "Its worker went away with the executor; it goes on from its last checkpoint.")

    def _enforce(self, run: Run, worker: dict[str, object]) -> None:
        """Kill a worker that does not obey a stop within the grace, or has been silent for too long."""
        now = time.monotonic()
        asked = self._asked.setdefault(run.id, now) if run.request else now
        overdue = now - asked > settings().stop_grace_seconds
        silent = self._silent_seconds(run) > settings().heartbeat_timeout_seconds
        if (overdue or silent) and is_alive(worker):
            logger.error("Run %s: worker %s does not answer; killing it.", run.id, worker["pid"])
            kill_group(int(str(worker["pid"])))

    def _silent_seconds(self, run: Run) -> float:
        """For how long the heartbeat has not changed, by this process's own clock: suspended time does not count."""
        beat, since = self._silence.get(run.id, (None, 0.0))
        if beat != run.heartbeat_at:
            self._silence[run.id] = (run.heartbeat_at, time.monotonic())
            return 0.0
        return time.monotonic() - since

    def _unneeded(self, running: bool) -> bool:
        if self._idle_seconds is None or running or self.store.queue():
            return False
        return time.time() - last_wanted() > self._idle_seconds

    def _hold_lease(self) -> bool:
        known = self.store.executor()
        dead = known.holder if known and is_alive(known.info) is False else ""
        return self.store.hold_lease(self.holder, self._info(), over=dead)

    def _info(self) -> dict[str, object]:
        busy = {worker.slot.name: run_id for run_id, worker in self._busy.items()} | self._foreign
        states = [worker.state for worker in self._standby.values()]
        return {
            **describe_process(),
            "slots": [{"name": slot.name, "run": busy.get(slot.name)} for slot in self.slots],
            "standby": {"state": "ready" if "ready" in states else "starting" if states else "off"},
            "devices": [device.to_dict() for device in find_devices()],
        }

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending = True


def wanted_file() -> Path:
    """Touched by dashboards while they are open."""
    return settings().home_path / "executor.wanted"


def last_wanted() -> float:
    """When a dashboard last said that it is open, in seconds since 1970; 0 if none ever did."""
    try:
        return wanted_file().stat().st_mtime
    except FileNotFoundError:
        return 0.0
