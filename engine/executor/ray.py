"""The executor of a Ray cluster: claims queued runs, and starts their workers as Ray tasks on nodes that have room.

The store knows everything that must outlive this process: claims, requests, heartbeats. Ray only places and ends processes, and
repeats none. A node has the code at the same path as this machine. What it needs to know (`TRAINYARD_DATABASE_URL`,
`TRAINYARD_ARTIFACTS`, `TRAINYARD_HOME`) is in the environment in which its `ray start` was called.
"""

import itertools
import json
import logging
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from engine.artifacts import keep_disk_budget
from engine.budgets.yielding import YIELDS
from engine.errors import TrainyardError
from engine.executor import ray_task
from engine.executor.drain import draining
from engine.executor.endings import TERMINAL, conclude, explain_exit
from engine.executor.process import ROOT
from engine.executor.ray_nodes import Need, Node, machines_of, need_of, node_of, pick
from engine.executor.search import SearchProcess
from engine.executor.sharing import Sharing
from engine.executor.slots import Slot
from engine.group import TOGETHER, Group, handing
from engine.processes import describe_process, this_process
from engine.runs import Run, RunState
from engine.sentences import Sentence
from engine.settings import settings, withheld_variables
from engine.store import Store, StoreUnavailable

logger = logging.getLogger(__name__)

SLOT = "ray"
"""Name of the slot of all runs here; the page of a run names the machine."""
_TICK_SECONDS = 0.2
_LOOK_AROUND_SECONDS = 1.0
_TIDY_SECONDS = 60.0
_AHEAD = 20  # how far behind the first in line to look where no living node can train it
_PORTS = 100  # how many of each node are used, in turn
_SHUNNED_SECONDS = 30.0  # a node that has lost a run gets none for so long: Ray may not know yet that it is gone


@dataclass
class Task:
    """A run that was handed to Ray."""

    run: Run
    need: Need
    node: str
    result: Any
    others: dict[Any, str] = field(default_factory=dict)
    """Nodes of the other machines that train it, by the result of their tasks, which end before that of the first."""
    beat: object = None
    since: float = field(default_factory=time.monotonic)
    asked: float | None = None


class RayExecutor:
    """Runs until it is asked to end or loses its lease, which it shares with `LocalExecutor`: a store has one executor."""

    def __init__(self, store: Store, address: str) -> None:
        check_settings()
        self._store, self._ray = store, _connect(address)
        self._ray.cloudpickle.register_pickle_by_value(ray_task)
        self._train = self._ray.remote(max_retries=0)(ray_task.train)
        self._holder = this_process()
        self._tasks: dict[int, Task] = {}
        self._others: dict[int, tuple[object, float]] = {}  # heartbeats of runs that another executor has handed out
        self._turns = itertools.count()  # of ports
        self._shunned: dict[str, float] = {}  # until when, by node
        self._search = SearchProcess(store)
        self._share = Sharing(store, [Slot(SLOT, None)])
        self._looked = self._tidied = 0.0
        self._ending = False

    def run(self) -> bool:
        """Take the lease and work. Return False if another executor is alive already."""
        if not self._hold_lease([]):
            return False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        logger.info("Executor %s on a Ray cluster of %s nodes.", self._holder, len(self._nodes()))
        try:
            while not self._ending:
                try:
                    self._tick()
                except StoreUnavailable:  # logged; nobody could report meanwhile, and nobody is silent by that
                    self._forgive()
                    time.sleep(_LOOK_AROUND_SECONDS)
                time.sleep(_TICK_SECONDS)
        finally:
            self._send_home()
            self._store.leases.release(self._holder)
        return True

    def _tick(self) -> None:
        self._reap()
        nodes = self._nodes()
        if time.monotonic() - self._looked >= _LOOK_AROUND_SECONDS:
            self._looked = time.monotonic()
            self._look_around(nodes)
        while not self._ending and self._claim(nodes):
            pass
        if time.monotonic() - self._tidied >= _TIDY_SECONDS:
            keep_disk_budget(self._store)  # of the copies that the dashboard has fetched
            self._tidied = time.monotonic()

    # -- handing out ---------------------------------------------------------------------------------------------

    def _nodes(self) -> list[Node]:
        """Return the living nodes, with what our runs leave of them."""
        found = [node_of(known) for known in self._ray.nodes() if known["Alive"]]
        for task in self._tasks.values():
            for node in found:
                if node.id in (task.node, *task.others.values()):
                    node.give(task.need)
        return found

    def _claim(self, nodes: list[Node]) -> bool:
        """Hand out the first run in line that a node of the cluster can train, if one has room now; return whether to go on."""
        usable = [node for node in nodes if self._shunned.get(node.id, 0.0) < time.monotonic()]
        if draining() or not any(node.free.cpus >= settings().ray_cpus_per_run for node in usable):
            return False
        for run in self._store.attempts.in_line(_AHEAD):
            need, count = need_of(run, nodes), machines_of(run)
            if sum(need.fits(node.total) for node in nodes) >= count:
                places = pick(usable, need, count)
                return bool(places) and self._hand_over(run, need, places)
            if not run.attempt:  # one that has begun waits: its node may come back
                return self._refuse(run, need, count)
        return False

    def _hand_over(self, run: Run, need: Need, places: list[Node]) -> bool:
        claimed = self._store.attempts.claim(SLOT, run.id)
        if claimed is None:
            return False
        logger.info("Run %s goes to %s.", run.id, ", ".join(node.name for node in places))
        lines = [json.dumps({"run": run.id, "attempt": claimed.attempt}) + "\n"]
        if len(places) > 1:
            lines = [handing(run.id, claimed.attempt, group) for group in self._groups(places)]
        first, *others = [self._start(run, line, need, node) for line, node in zip(lines, places, strict=True)]
        nodes = {result: node.id for result, node in zip(others, places[1:], strict=True)}
        self._tasks[run.id] = Task(claimed, need, places[0].id, first, nodes, claimed.heartbeat_at)
        return True

    def _start(self, run: Run, line: str, need: Need, node: Node) -> Any:
        """Have a worker begin on a node; return what will hold its exit code."""
        node.give(need)
        here = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node.id, soft=False)
        name = f"run {run.id}"
        task = self._train.options(num_cpus=need.cpus, num_gpus=need.gpus, scheduling_strategy=here, name=name)
        arguments = (TOGETHER,) if machines_of(run) > 1 else ()
        withheld = tuple(sorted(withheld_variables()))
        return task.remote(str(ROOT), line, settings().stop_grace_seconds, withheld, arguments)

    def _groups(self, places: list[Node]) -> list[Group]:
        """Return what the workers of a run on these nodes must know. Each run has ports of its own: those of the last may be taken."""
        numbers = [settings().machine_port + next(self._turns) % _PORTS for _ in range(len(places) + 1)]
        return Group.of([node.address for node in places], numbers[1:], numbers[0])

    def _refuse(self, run: Run, need: Need, count: int) -> bool:
        claimed = self._store.attempts.claim(SLOT, run.id)
        if claimed is None:
            return False
        words = Sentence(
            "No node of the Ray cluster has {cpus:g} CPU cores and {gpus} GPUs. Choose device cpu or fewer devices, or add a node.",
            cpus=need.cpus,
            gpus=need.gpus,
        )
        if count > 1:
            words = Sentence(
                "The Ray cluster does not have {count} nodes with {cpus:g} CPU cores and {gpus} GPUs each. Choose device cpu or "
                "fewer machines, or add nodes.",
                count=count,
                cpus=need.cpus,
                gpus=need.gpus,
            )
        return self._store.attempts.end(claimed, RunState.FAILED, words)

    # -- watching ------------------------------------------------------------------------------------------------

    def _reap(self) -> None:
        """Collect tasks that have ended: their runs get a final state, or another try, if the workers did not give them one."""
        waiting = {result: run_id for run_id, task in self._tasks.items() for result in (*task.others, task.result)}
        ended, _ = self._ray.wait(list(waiting), num_returns=len(waiting), timeout=0) if waiting else ([], [])
        for result in sorted(ended, key=lambda result: result == self._tasks[waiting[result]].result):
            task = self._tasks[waiting[result]]
            node = task.others.pop(result, task.node)
            try:
                code: int | None = self._ray.get(result)
            except self._ray.exceptions.RayError as error:
                logger.warning("A task of run %s has ended: %s", task.run.id, str(error).split("\n")[0])
                code = None
                self._shun(node)
            if result != task.result:  # the first machine says what that means
                continue
            del self._tasks[task.run.id]
            self._cancel(task.others)
            self._conclude(task, explain_exit(code), innocent=code is None)

    def _conclude(self, task: Task, words: str, *, innocent: bool, killed: str = "") -> None:
        for run, _ in self._store.attempts.workers():
            if (run.id, run.attempt) == (task.run.id, task.run.attempt):
                never_began = run.heartbeat_at == task.run.heartbeat_at
                conclude(self._store, run, words, innocent=innocent or never_began, killed=killed)

    def _look_around(self, nodes: list[Node]) -> None:
        """Notice runs whose worker is lost or does not obey, renew the lease, keep studies driven."""
        running = [(run, worker) for run, worker in self._store.attempts.workers() if run.slot != TERMINAL]
        for run, _ in running:
            task = self._tasks.get(run.id)
            if task is not None and task.run.attempt == run.attempt:
                self._watch(task, run)
            else:
                self._watch_other(run)
        if not self._hold_lease(nodes):
            logger.error("Another executor has taken over; it waits until the runs of this one are silent.")
            self._ending = True
            return
        full = not any(node.free.cpus >= settings().ray_cpus_per_run for node in nodes)
        self._share.look(running, full=full)
        if self._store.studies.live():
            self._search.ensure()

    def _watch(self, task: Task, run: Run) -> None:
        """End a task whose worker is silent, or does not obey a request within the grace period."""
        now, grace, silent = time.monotonic(), settings().stop_grace_seconds, settings().ray_silent_seconds
        if run.heartbeat_at != task.beat:
            task.beat, task.since = run.heartbeat_at, now
        began = task.beat != task.run.heartbeat_at  # before, it is importing, or waits for the node
        if run.request in ("", *YIELDS):
            task.asked = None
        elif task.asked is None:
            task.asked = now
        if task.asked is not None and now - task.asked > grace:
            killed: str = Sentence("It did not stop within {grace:g} seconds and was killed.", grace=grace)
        elif began and now - task.since > silent:
            killed = ""
            logger.warning("Run %s has been silent for %.1f seconds.", run.id, now - task.since)
            self._shun(task.node)
        else:
            return
        del self._tasks[run.id]
        self._cancel([task.result, *task.others])
        self._conclude(task, explain_exit(None), innocent=not killed, killed=killed)

    def _cancel(self, results: Iterable[Any]) -> None:
        for result in results:
            self._ray.cancel(result, force=True)

    def _shun(self, node: str) -> None:
        self._shunned[node] = time.monotonic() + _SHUNNED_SECONDS

    def _watch_other(self, run: Run) -> None:
        """Give a run that an earlier executor has handed out another try once its worker is silent."""
        beat, since = self._others.get(run.id, (None, 0.0))
        if beat != run.heartbeat_at:
            self._others[run.id] = (run.heartbeat_at, time.monotonic())
        elif time.monotonic() - since > settings().heartbeat_timeout_seconds:
            del self._others[run.id]
            conclude(self._store, run, explain_exit(None), innocent=True)

    def _forgive(self) -> None:
        for task in self._tasks.values():
            task.since = time.monotonic()
        self._others.clear()

    def _hold_lease(self, nodes: list[Node]) -> bool:
        spare = sum(int(node.free.cpus / settings().ray_cpus_per_run) for node in nodes)
        busy = [{"name": SLOT, "run": run_id} for run_id in self._tasks]
        info = {
            **describe_process(),
            "slots": busy + [{"name": SLOT, "run": None}] * max(0, spare),
            "standby": {"state": "off"},
            "devices": [],
            "machines": sum(node.total.cpus >= settings().ray_cpus_per_run for node in nodes),
        }
        return self._store.leases.hold(self._holder, info)

    def _send_home(self) -> None:
        """Have all workers write a checkpoint and queue their runs again, and wait for them as long as a stop may take."""
        for task in self._tasks.values():
            self._ray.cancel(task.result, force=False)
        until = time.monotonic() + settings().stop_grace_seconds + _LOOK_AROUND_SECONDS
        while self._tasks and time.monotonic() < until:
            try:
                self._reap()
            except StoreUnavailable:  # the next executor finds them silent
                break
            time.sleep(_TICK_SECONDS)
        self._ray.shutdown()

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending = True


def check_settings() -> None:
    """Raise `TrainyardError` where runs on several machines would not find each other's data."""
    if settings().url.startswith("sqlite"):
        raise TrainyardError(
            "An executor on Ray needs a database that all nodes reach. Set TRAINYARD_DATABASE_URL to a PostgreSQL server, "
            "here and on the nodes."
        )
    if not settings().artifacts:
        raise TrainyardError(
            "An executor on Ray needs a place for files that all nodes reach. Set TRAINYARD_ARTIFACTS, for instance to "
            "s3://bucket/trainyard, here and on the nodes."
        )


def _connect(address: str) -> Any:
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise TrainyardError("Ray is not installed. Run: pip install -r requirements-ray.txt") from error
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise TrainyardError(
            "No Ray cluster is reached at {address!r} ({error}). Expected HOST:PORT of a head that was started by `ray start --head`.",
            address=address,
            error=str(error).split("\n")[0],
        ) from error
    return ray
