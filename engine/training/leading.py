"""The first of several machines: it has the others do the steps that it does, and nothing else.

`fit` and its callbacks run here alone. Before each call of the training graph, the others are told its position, length and learning
rate; so a stop, a changed rate or an early end needs no agreement.
"""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import keras
import tensorflow as tf

from engine.errors import TrainyardError
from engine.group import LOST_CODE, Group, gather_here
from engine.runs import EVALUATING, Run, RunSpec
from engine.sentences import Sentence
from engine.settings import settings
from engine.training.checkpoint import variables_of
from engine.training.machines import Machines
from engine.training.replicas import check_batch
from engine.training.reporting import Report
from engine.training.steering import lever
from engine.wire import Wire, receive

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1


def check_together(spec: RunSpec) -> None:
    """Raise `TrainyardError` where a run asks for machines in a way that none can be trained."""
    if spec.training.machines == 1:
        return
    if spec.training.devices > 1:
        raise TrainyardError("A run on several machines uses one device of each. Set devices to 1, or machines to 1.")
    check_batch(spec.training.batch_size, spec.training.machines)


def gather(run: Run, spec: RunSpec, group: Group | None, *, gpu: bool) -> "Lead | None":
    """Return the lead of a run on several machines: of the `group` that was given to this process, or of followers started here."""
    count = spec.training.machines
    if count == 1 or run.phase == EVALUATING:
        return None
    if group is not None:
        return Lead(group)
    if count > settings().local_machines:
        raise TrainyardError(
            "The run asks for {count} machines, but this executor has {here}. Choose fewer, or start an executor on a Ray cluster.",
            count=count,
            here=settings().local_machines,
        )
    if gpu:
        raise TrainyardError(
            "Processes of one machine train a run together only on its CPU. Set device to cpu, or devices to the number of GPUs."
        )
    here, children = gather_here(run.id, run.attempt, count)
    return Lead(here, children)


class MachineLost(Exception):  # noqa: N818  # not an error of this process
    """One of the machines has not come, or is gone: the run goes on from its last checkpoint."""


class Lead(keras.callbacks.Callback):
    """Connections to the followers. From `wait` to `end`, losing one ends this process with `LOST_CODE`: its step cannot be
    finished, and the last checkpoint has all that counts."""

    def __init__(self, group: Group, children: Sequence["subprocess.Popen[bytes]"] = ()) -> None:
        """`children` are followers that this process has started itself."""
        super().__init__()
        self.machines = Machines()
        self._group, self._children = group, children
        self._wires: dict[int, Wire] = {}
        self._failed = ""
        self._report: Report | None = None
        self._listening = _listen(group)

    def wait(self, obey: Callable[[], None], *, gpu: bool) -> None:
        """Wait until all followers are there, and connect TensorFlow with theirs. Raise `MachineLost` if they do not come."""
        until = time.monotonic() + settings().machine_join_seconds
        while len(self._wires) < self._group.count - 1:
            obey()
            if time.monotonic() > until or any(child.poll() is not None for child in self._children):
                raise MachineLost(f"Only {len(self._wires) + 1} of {self._group.count} machines have come.")
            with suppress(TimeoutError):
                self._admit(self._listening.accept()[0])
        self._listening.close()
        self.machines = Machines.join(self._group, gpu=gpu)

    def _admit(self, connection: socket.socket) -> None:
        """Take whoever knows the token for a follower."""
        connection.settimeout(settings().machine_silent_seconds)
        try:
            hello, _ = receive(connection)
        except (OSError, ValueError):
            connection.close()
            return
        index = int(hello.get("index", 0))
        if hello.get("token") != self._group.token or not 0 < index < self._group.count:
            connection.close()
            return
        self._wires[index] = Wire(connection, settings().machine_silent_seconds, self._lost)

    def begin(self, model: keras.Model, report: Report) -> None:
        """Give the followers, once they have prepared everything, the state of this network."""
        self._report = report
        until = time.monotonic() + settings().machine_join_seconds
        for index, wire in sorted(self._wires.items()):
            while wire.inbox.empty():
                report.reporter.obey()
                self._check()
                if time.monotonic() > until:
                    raise MachineLost(f"Machine {index + 1} has prepared nothing in time.")
                time.sleep(_LOOK_SECONDS)
            self._hear(index)
        state = [keras.ops.convert_to_numpy(variable) for variable in variables_of(model)]
        self._tell({"state": len(state)}, state)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Have the followers do the steps of the coming execution."""
        assert self._report is not None
        rate = float(keras.ops.convert_to_numpy(lever(self.model.optimizer)))
        position = {"epoch": self._report.epoch, "step": self._report.step}
        self._tell({"go": position | {"steps": int(self.model.steps_per_execution), "rate": rate}})

    def explain(self, error: tf.errors.OpError) -> None:
        """Say what an error of TensorFlow means: it may notice a follower's end sooner than the connection does. Raise it
        again where all are well."""
        time.sleep(_LOOK_SECONDS)
        self._check()
        if isinstance(error, tf.errors.UnavailableError | tf.errors.DeadlineExceededError):
            raise MachineLost("The connection of TensorFlow is gone.") from error

    def end(self) -> None:
        """Let the followers go."""
        for wire in self._wires.values():
            wire.part({"end": True})
        self._listening.close()
        for child in self._children:
            if not self._wires:
                child.kill()
            with suppress(subprocess.TimeoutExpired):
                child.wait(settings().machine_silent_seconds)
            child.kill()
        self._wires, self._children = {}, ()

    def _tell(self, message: dict[str, Any], arrays: Sequence[Any] = ()) -> None:
        for wire in self._wires.values():
            wire.send(message, arrays)

    def _hear(self, index: int) -> None:
        message, _ = self._wires[index].inbox.get_nowait()
        if "failed" in message:
            self._failed = Sentence(
                "Machine {number} of {count} has failed: {words}",
                number=index + 1,
                count=self._group.count,
                words=str(message["failed"]),
            )
            self._check()

    def _check(self) -> None:
        if self._failed:
            raise TrainyardError(self._failed)

    def _lost(self, wire: Wire) -> None:
        """Called by a thread: the main one may be waiting for a sum that will never come."""
        index = next((index for index, known in self._wires.items() if known is wire), 0)
        while not wire.inbox.empty():
            with suppress(TrainyardError):
                self._hear(index)
        if self._failed:  # it has said why, and the main thread raises it
            return
        logger.error(
            "Machine %s of %s is gone; the run goes on from its last checkpoint.", index + 1, self._group.count
        )
        logging.shutdown()
        sys.stderr.flush()
        os._exit(LOST_CODE)


def _listen(group: Group) -> socket.socket:
    host, port = group.lead.rsplit(":", 1)
    try:
        found = socket.create_server((host, int(port)), backlog=group.count)
    except OSError as error:
        raise TrainyardError(
            "The first machine cannot listen at {address} ({error}). Set TRAINYARD_MACHINE_PORT to ports that are free.",
            address=group.lead,
            error=error.strerror,
        ) from error
    found.settimeout(_LOOK_SECONDS)
    return found
