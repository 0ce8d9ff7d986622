"""The executor of one machine: a process that claims queued runs and keeps one worker per slot busy.

It holds no state of its own: its lease, the claims and the workers' identities are in the store. When it
is killed, workers train on; the next executor watches those that are alive and queues the runs of those that are not.
"""

import logging
import math
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

from engine.artifacts import keep_disk_budget
from engine.budgets import sharing
from engine.budgets.yielding import YIELDS
from engine.devices import find_devices
from engine.executor.drain import draining
from engine.executor.endings import TERMINAL, conclude, explain_exit
from engine.executor.leaving import send_home
from engine.executor.process import WorkerProcess, kill_group, on_several
from engine.executor.search import SearchProcess
from engine.executor.sharing import Sharing
from engine.executor.slots import Slot, make_slots
from engine.processes import describe_process, is_alive, this_process
from engine.runs import Run, RunState
from engine.sentences import COMMA, Sentence, joined
from engine.settings import settings
from engine.store import Store, StoreUnavailable
from engine.studies import StudyState

logger = logging.getLogger(__name__)

_TICK_SECONDS = 0.05
_LOOK_AROUND_SECONDS = 1.0
_TIDY_SECONDS = 30.0  # how often the disk is checked between trials: each check walks through the files of all runs
_STANDBY_DELAY_SECONDS = 4.0  # a new standby must not take the cores from a run that has just begun


class LocalExecutor:
    """Runs until it is asked to end, loses its lease, or (with `idle_seconds`) is no longer needed."""

    def __init__(self, store: Store, slots: list[Slot] | None = None, idle_seconds: float | None = None) -> None:
        self.store = store
        self.slots = slots if slots is not None else make_slots()
        self.holder = this_process()
        self._idle_seconds = idle_seconds
        self._search = SearchProcess(store)
        self._share = Sharing(store, self.slots)
        self._standby: dict[str, WorkerProcess] = {}  # by slot, as the next two
        self._busy: dict[str, WorkerProcess] = {}
        self._foreign: dict[str, int] = {}  # runs whose worker belongs to an executor that is gone
        self._silence: dict[int, tuple[object, float]] = {}
        self._asked: dict[int, float] = {}
        self._killed: dict[int, str] = {}  # runs whose worker this executor has killed, and why
        self._looked = 0.0
        self._tidied = 0.0
        self._tidy_at = math.inf
        self._standby_after = 0.0
        self._ending = self._terminated = False

    def run(self) -> bool:
        """Take the lease and work. Return False if another executor is alive already."""
        if not self._hold_lease():
            return False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        logger.info("Executor %s with slots %s.", self.holder, ", ".join(slot.name for slot in self.slots))
        try:
            while not self._ending:
                try:
                    self._tick()
                except StoreUnavailable:  # logged: a restarting database; the next attempt may work
                    self._silence.clear()  # workers could not report either, nor hear what was asked of them
                    self._asked.clear()
                    time.sleep(_LOOK_AROUND_SECONDS)
                except OSError:  # a full disk
                    logger.exception("The executor cannot work; trying again.")
                    time.sleep(_LOOK_AROUND_SECONDS)
                time.sleep(_TICK_SECONDS)
        finally:
            if self._terminated and settings().requeue_at_stop:
                send_home(self.store)
            for worker in self._standby.values():
                worker.dismiss()
            self.store.leases.release(self.holder)
        return True

    def _tick(self) -> None:
        self._reap()
        if time.monotonic() - self._looked >= _LOOK_AROUND_SECONDS:
            self._looked = time.monotonic()
            self._look_around()
        if not self._ending:
            self._fill_slots()
            self._keep_standby()
        if time.monotonic() >= self._tidy_at:
            keep_disk_budget(self.store)
            self._tidied, self._tidy_at = time.monotonic(), math.inf

    # -- one tick ------------------------------------------------------------------------------------------------

    def _reap(self) -> None:
        """Collect children that ended: their runs get a final state if they did not set one themselves."""
        for slot, worker in list(self._busy.items()):
            code = worker.exit_code
            if code is None and not worker.done:
                continue
            given = worker.run
            for run, _ in self.store.attempts.workers():
                if given is not None and (run.id, run.attempt) == (given.id, given.attempt):
                    logger.warning("Worker of run %s ended with code %s.", run.id, code, extra={"run": run.id})
                    never_began = run.heartbeat_at == given.heartbeat_at
                    if on_several(run):
                        worker.kill()  # other machines of this run that hang
                    lost = on_several(run) and code is not None and code < 0  # as a machine that is switched off
                    self._conclude(run, explain_exit(code), innocent=never_began or lost)
            del self._busy[slot]
            if code is None:
                self._take_back(slot, worker)
            self._tidy_at = min(self._tidy_at, self._tidied + _TIDY_SECONDS if code is None else 0.0)

    def _take_back(self, slot: str, worker: WorkerProcess) -> None:
        """Keep a worker that has trained a trial for the next one, in place of any other."""
        worker.take_back()
        if slot in self._standby:
            self._standby[slot].dismiss()
        self._standby[slot] = worker

    def _conclude(self, run: Run, words: str, *, innocent: bool) -> None:
        """End or queue again a run whose worker is gone, or was killed by this executor."""
        conclude(self.store, run, words, innocent=innocent, killed=self._killed.get(run.id, ""))

    def _fill_slots(self) -> None:
        taken = self._busy.keys() | self._foreign.keys()
        free = [slot for slot in self.slots if slot.name not in taken]
        if not free or not self._claimable() or draining():
            return
        for slot in free:
            if slot.name not in self._standby:
                self._standby[slot.name] = WorkerProcess(slot)
            worker = self._standby[slot.name]
            if worker.exit_code is not None:
                continue
            try:
                run = self.store.attempts.claim(slot.name, devices=slot.devices, worker=worker.describe())
            except StoreUnavailable:  # it may hold a run nobody knows of: without its worker, that is queued again
                self._standby.pop(slot.name).dismiss()
                raise
            if run is None:
                continue
            if not worker.suits(run):
                worker.dismiss()
                worker = self._standby[slot.name] = WorkerProcess(slot, together=on_several(run))
                self.store.attempts.set_worker(run, worker.describe())
            try:
                worker.hand_over(run)
            except BrokenPipeError:  # it died this very moment
                self.store.attempts.requeue(run, Sentence("Its worker ended before training began."))
                continue
            self._busy[slot.name] = self._standby.pop(slot.name)
            self._standby_after = time.monotonic() + _STANDBY_DELAY_SECONDS
            about = {"run": run.id, "user": run.owner}
            logger.info("Run %s goes to worker %s on %s.", run.id, worker.pid, slot.name, extra=about)

    def _claimable(self) -> bool:
        """Whether anything waits that may begin: where people share, a run may wait for its owner's budget for hours."""
        return self.store.attempts.claimable() if sharing() else bool(self.store.runs.queue())

    def _keep_standby(self) -> None:
        if time.monotonic() < self._standby_after:
            return
        for slot in self.slots:
            worker = self._standby.get(slot.name)
            if worker is not None and worker.state == "gone":
                logger.warning("Standby worker %s ended with code %s.", worker.pid, worker.exit_code)
                del self._standby[slot.name]
                self._standby_after = time.monotonic() + _STANDBY_DELAY_SECONDS
            elif worker is None and not self._comes_back(slot.name):
                self._standby[slot.name] = WorkerProcess(slot)

    def _comes_back(self, slot: str) -> bool:
        """Whether the worker that is busy there will wait for another run itself."""
        return slot in self._busy and self._busy[slot].again

    # -- once a second -------------------------------------------------------------------------------------------

    def _look_around(self) -> None:
        """Kill workers that hang, renew the lease, watch the runs of others."""
        running = self.store.attempts.workers()
        self._forget_ended({run.id for run, _ in running})
        for run, worker in running:
            if run.slot != TERMINAL:  # a run in a terminal can be interrupted or suspended there
                self._enforce(run, worker)
        gone = self._watch_others(running)
        # only now: a suspended worker may have blocked writes to the database, and the lease records which slots are busy
        if not self._hold_lease():
            logger.error("Another executor has taken over; leaving the workers to it.")
            self._ending = True
            return
        for run in gone:
            self._conclude(run, explain_exit(None), innocent=run.slot != TERMINAL)
        self._refuse_unknown_devices()
        self._share.look(running, full=len(running) - len(gone) >= len(self.slots))
        studies = self.store.studies.live()
        self._drive(studies)
        self._ending = self._ending or self._unneeded(bool(running) or StudyState.RUNNING in studies.values())

    def _forget_ended(self, running: set[int]) -> None:
        """Forget the notes on runs that are no longer running."""
        for known in (self._silence, self._asked, self._killed):
            for run_id in known.keys() - running:
                del known[run_id]

    def _watch_others(self, running: list[tuple[Run, dict[str, Any]]]) -> list[Run]:
        """Note which slots the workers of other processes keep busy; return the runs whose worker is gone."""
        mine = {(worker.run.id, worker.run.attempt) for worker in self._busy.values() if worker.run}
        others = [(run, worker) for run, worker in running if (run.id, run.attempt) not in mine]
        gone = [run for run, worker in others if self._gone(run, worker)]
        self._foreign = {run.slot: run.id for run, _ in others if run not in gone and run.slot != TERMINAL}
        return gone

    def _drive(self, studies: dict[int, StudyState]) -> None:
        """Keep live studies driven; dismiss workers kept for studies that are no longer live."""
        if studies:
            self._search.ensure()
        for slot, worker in list(self._standby.items()):
            if worker.study_id is not None and worker.study_id not in studies:
                worker.dismiss()
                del self._standby[slot]

    def _gone(self, run: Run, worker: dict[str, object]) -> bool:
        """Whether the worker of a run that another process handed out is dead."""
        alive = is_alive(worker)
        silent = self._silent_seconds(run) >= settings().heartbeat_timeout_seconds
        return alive is False or (alive is None and silent)

    def _enforce(self, run: Run, worker: dict[str, object]) -> None:
        """Kill a worker that does not obey a request within the grace period, or has been silent for too long."""
        requested = run.request not in ("", *YIELDS)  # who makes way for others may take the time it needs
        if not requested:  # or it was obeyed: a stopped run may be evaluated before it ends
            self._asked.pop(run.id, None)
        asked = self._asked.setdefault(run.id, time.monotonic()) if requested else time.monotonic()
        grace, timeout = settings().stop_grace_seconds, settings().heartbeat_timeout_seconds
        mine = self._busy.get(run.slot)
        if mine is not None and mine.run is not None and mine.run.id == run.id and not mine.ready:
            self._silence.pop(run.id, None)  # it is still importing, and cannot report anything
        if time.monotonic() - asked > grace:
            why = Sentence("It did not stop within {grace:g} seconds and was killed.", grace=grace)
        elif self._silent_seconds(run) > timeout:
            why = Sentence("Its worker was silent for {timeout:g} seconds and was killed.", timeout=timeout)
        else:
            return
        if is_alive(worker):
            logger.error("Run %s, worker %s: %s", run.id, worker["pid"], why, extra={"run": run.id})
            self._killed[run.id] = Sentence("{why} Resume continues from the last checkpoint.", why=why)
            kill_group(int(str(worker["pid"])))

    def _refuse_unknown_devices(self) -> None:
        """End queued runs that ask for a device which no slot offers: they would never be claimed."""
        if any(slot.devices is None for slot in self.slots):
            return
        offered = {device for slot in self.slots for device in slot.devices or ()}
        for waiting in self.store.runs.list(states=[RunState.QUEUED]):
            device = waiting.spec["training"]["device"]
            if device not in offered and (run := self.store.attempts.claim("", waiting.id)):
                words = Sentence(
                    "This machine does not have a device {device!r}. Choose one of: {offered}.",
                    device=device,
                    offered=joined(sorted(offered), COMMA),
                )
                self.store.attempts.end(run, RunState.FAILED, words)

    def _silent_seconds(self, run: Run) -> float:
        """Return how long the heartbeat has not changed, by this process's own clock: suspended time does not count."""
        beat, since = self._silence.get(run.id, (None, 0.0))
        if beat != run.heartbeat_at:
            self._silence[run.id] = (run.heartbeat_at, time.monotonic())
            return 0.0
        return time.monotonic() - since

    def _unneeded(self, working: bool) -> bool:
        if self._idle_seconds is None or working or self.store.runs.queue():
            return False
        return time.time() - last_wanted() > self._idle_seconds

    def _hold_lease(self) -> bool:
        return self.store.leases.hold(self.holder, self._info())

    def _info(self) -> dict[str, object]:
        busy = {slot: worker.run.id for slot, worker in self._busy.items() if worker.run} | self._foreign
        states = [worker.state for worker in self._standby.values()]
        return {
            **describe_process(),
            "slots": [{"name": slot.name, "run": busy.get(slot.name)} for slot in self.slots],
            "standby": {"state": "ready" if "ready" in states else "starting" if states else "off"},
            "devices": [device.to_dict() for device in find_devices()],
            "machines": settings().local_machines,
        }

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending = self._terminated = True


def wanted_file() -> Path:
    """Return the file that dashboards touch while they are open."""
    return settings().home_path / "executor.wanted"


def last_wanted() -> float:
    """Return when a dashboard last reported to be open, in seconds since 1970; 0 if none ever did."""
    try:
        return wanted_file().stat().st_mtime
    except FileNotFoundError:
        return 0.0
