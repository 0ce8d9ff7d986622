"""The worker's connection to the store: a thread that sends measurements and receives requests.

Training never waits for the database: it leaves points in a buffer, and the thread sends them a few times a second.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from engine.budgets.yielding import YIELDS
from engine.processes import LEAVING
from engine.runs import Run, RunState
from engine.sentences import Sentence
from engine.settings import settings
from engine.store import MetricPoint, Store, StoreUnavailable
from engine.store.changes import STEER

logger = logging.getLogger(__name__)

_PERIOD_SECONDS = 0.25
_SYSTEM_SECONDS = 1.0
_MAX_CURVE = 60


class RunLost(Exception):  # noqa: N818  # not an error of this process
    """The run was given to another worker, or deleted: nothing may be written any more."""


class Ended(Exception):  # noqa: N818  # not an error: somebody asked for it
    """Leaves training because the run was asked to end in `state`."""

    def __init__(self, state: RunState) -> None:
        super().__init__(state.value)
        self.state = state


class Reporter:
    """Buffers points and progress; `requested` is the state in which the run was asked to end, if it was."""

    def __init__(
        self, store: Store, run: Run, objective: str, measure: Callable[[], dict[str, float]] | None = None
    ) -> None:
        """`measure` returns the `system` series, asked once a second."""
        self.max_points = settings().max_step_points
        self.requested: RunState | None = None
        self.yields = ""
        """The reason where the installation itself asked the run to wait in the queue, one of `YIELDS`."""
        self.steered = False
        """Whether another learning rate was requested; reset once it has been applied."""
        self.lost = False
        self._store, self._run, self._objective = store, run, objective
        self._measure = measure
        self._points: list[MetricPoint] = []
        self._progress: dict[str, Any] = {}
        self._refused: Exception | None = None
        self._heard = time.monotonic()  # when the store last accepted something
        self._curve: list[float] = []
        self._position: tuple[int, float] | None = None  # step and epoch, once training has begun
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._ended = False
        self._wake = threading.Event()
        self._silent = True  # nothing has been measured yet
        self._thread = threading.Thread(target=self._loop, name="reporter", daemon=True)

    def __enter__(self) -> "Reporter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._wake.set()
        self._thread.join()
        self._send()
        if self._refused is not None:  # a server that was restarted this very moment
            self._send()

    def begin(self, step: int, epoch: int) -> None:
        """Continue at `step`, after `epoch` epochs; later values are dropped: they are measured again."""
        self._store.metrics.truncate(self._run, step, epoch)
        history = self._store.metrics.history(self._run.id).get(self._objective, [])
        self._curve = [value for value in history[:epoch] if value is not None]
        with self._lock:
            self._position = (step, float(epoch))
            self._progress |= {"step": step, "epoch": epoch, "curve": thin(self._curve, _MAX_CURVE)}

    def obey(self) -> None:
        """Raise `Ended` once the run was asked to end or its worker to leave, `RunLost` once it belongs to another worker.

        Raise the store's error when it has refused everything for so long that the run will soon count as dead, or, where
        its server cannot be reached, nobody else can work either, for longer than the setting allows.
        """
        patience = max(settings().heartbeat_timeout_seconds / 2, self._store.patience_seconds)
        if self._refused is not None and time.monotonic() - self._heard > patience:
            raise self._refused
        if self.lost:
            raise RunLost(Sentence("Run {run} no longer belongs to this worker.", run=self._run.id))
        if self.requested is not None:
            raise Ended(self.requested)
        if LEAVING.is_set():
            raise Ended(RunState.PAUSED)

    def begin_evaluation(self) -> None:
        """Report that a stop was obeyed; from now on `obey` raises what is requested of the evaluation."""
        with self._sending:  # an answer from before must not be taken for another request
            requested = self._store.attempts.begin_evaluation(self._run)
            self.requested, self.yields = RunState(requested) if requested else None, ""

    def say(self, sentence: str) -> None:
        """Say what is done before training begins. The first point takes it back; with what is sent anyway, it costs no write."""
        with self._lock:
            self._progress["message"] = sentence

    def reached(self, step: int, epoch: int) -> None:
        """Say where training has ended, which the last point need not do: it is written a few times a second only."""
        with self._lock:
            self._progress |= {"step": step, "epoch": epoch}

    def step_ended(self, step: int, epoch: float, values: dict[str, float]) -> None:
        """Buffer points of the train split at a step."""
        self._add("train", "step", step, epoch, values)
        with self._lock:
            self._progress |= {"step": step, "epoch": int(epoch)}

    def epoch_ended(self, epoch: int, step: int, values: dict[str, float]) -> None:
        """Buffer values as Keras logs them (`loss`, `val_loss` ...) after `epoch` epochs."""
        train = {k: v for k, v in values.items() if not k.startswith("val_") and k != "learning_rate"}
        validation = {k.removeprefix("val_"): v for k, v in values.items() if k.startswith("val_")}
        self._add("train", "epoch", step, float(epoch), train)
        self._add("validation", "epoch", step, float(epoch), validation)
        if self._objective in values:
            self._curve = [*self._curve[: epoch - 1], values[self._objective]]
        with self._lock:
            self._progress |= {"step": step, "epoch": epoch, "curve": thin(self._curve, _MAX_CURVE)}

    def set_best(self, best: dict[str, float]) -> None:
        """Buffer metrics of the best epoch so far."""
        with self._lock:
            self._progress["best"] = best

    def send(self) -> None:
        """Send now what was measured: what a checkpoint has behind it is not measured again, whenever the process ends.

        A store that refuses holds nothing up; it is tried again as ever.
        """
        self._send()

    def _add(self, split: str, scope: str, step: int, epoch: float, values: dict[str, float]) -> None:
        now = time.time()
        points = [MetricPoint(0, split, name, scope, step, epoch, value, now) for name, value in values.items()]
        with self._lock:
            self._points += points
            self._position = (step, epoch)
        if self._silent and split == "train":
            self._silent = False
            self.say("")
            self._wake.set()  # a person may be waiting for the first point

    def _loop(self) -> None:
        measured = 0.0
        while not self._ended:
            self._wake.wait(_PERIOD_SECONDS)
            self._wake.clear()
            if self._measure and self._position and time.monotonic() - measured >= _SYSTEM_SECONDS:
                measured = time.monotonic()
                self._add("system", "step", *self._position, self._measure())
            self._send()

    def _send(self) -> None:
        with self._sending:
            self._exchange()

    def _exchange(self) -> None:
        with self._lock:
            points, self._points = self._points, []
            progress, self._progress = self._progress, {}
        try:
            request = self._store.attempts.report(self._run, points, **progress)
        except Exception as refused:  # the database may be locked, gone or full: keep what was measured
            if not isinstance(refused, StoreUnavailable):  # that the log tells already
                logger.exception("Could not report to the store; trying again.")
            self._refused = refused
            with self._lock:
                self._points = points + self._points
                self._progress = progress | self._progress
            return
        self._refused, self._heard = None, time.monotonic()
        self.lost = request is None
        if request == STEER:
            self.steered = True
        elif request in YIELDS:
            self.yields, self.requested = request, RunState.PAUSED
        elif request:
            self.yields, self.requested = "", RunState(request)


def thin(values: list[float], most: int) -> list[float]:
    """Return at most `most` of `values`, evenly spaced, the last one kept."""
    if len(values) <= most:
        return values
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]
