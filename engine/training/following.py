"""A machine that follows the first one of its group: it prepares the same, and does the steps that it is told."""

import logging
import os
import queue
import socket
import sys
import time
from contextlib import suppress

import numpy as np
import tensorflow as tf

from engine.errors import TrainyardError, first_line
from engine.group import LOST_CODE, Group
from engine.runs import Run
from engine.settings import settings
from engine.training.checkpoint import assign, variables_of
from engine.training.hardware import Hardware
from engine.training.machines import Machines
from engine.training.session import set_steps
from engine.training.start import Material, prepare_material
from engine.training.steering import lever
from engine.wire import Message, Wire, send

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 0.2


class _Ended(Exception):  # noqa: N818  # not an error
    """The first machine needs nothing more."""


def follow(run: Run, group: Group) -> int:
    """Follow until the first machine ends training, or is gone; return the exit code. It writes nothing of the run."""
    wire = Wire(_connect(group), settings().machine_silent_seconds, _leave)
    try:
        _train(run, group, wire)
    except _Ended:
        pass
    except tf.errors.UnavailableError:  # the first one is gone, or another one of which it knows
        with suppress(queue.Empty):
            wire.inbox.get(timeout=settings().machine_silent_seconds)
        return LOST_CODE
    except Exception as error:  # the first one ends the run with this sentence
        logger.exception("This machine cannot go on.")
        words = error.sentence if isinstance(error, TrainyardError) else f"{type(error).__name__}: {first_line(error)}"
        wire.part({"failed": str(words)})
        return 1
    wire.part({})
    return 0


def _train(run: Run, group: Group, wire: Wire) -> None:
    spec = run.parsed()
    hardware = Hardware.choose(spec.training.device, deterministic=spec.training.deterministic)
    machines = Machines.join(group, gpu=hardware.gpu)
    with hardware.policy(mixed=spec.training.mixed_precision):
        material = prepare_material(run, spec, hardware, _Quiet(wire), machines)
        wire.send({"ready": True})
        _, state = _next(wire)
        assign(variables_of(material.network.trained), state)
        machines.set_seeds_apart(material.network.trained)
        _do_steps(wire, material, material.class_weight(spec))


def _do_steps(wire: Wire, material: Material, class_weight: dict[int, float] | None) -> None:
    """Do what the first machine says until it says no more. This is the only loop over steps that is not Keras' own."""
    batches, model = material.batches, material.network.trained
    at, steps_left = (-1, -1), iter(())
    while True:
        go = _next(wire)[0]["go"]
        epoch, step, steps = int(go["epoch"]), int(go["step"]), int(go["steps"])
        if at != (epoch, step):
            batches.epoch = epoch
            steps_left = iter(batches.dataset(step, class_weight))
        lever(model.optimizer).assign(go["rate"])
        set_steps(model, steps)
        model.train_function(steps_left)
        at = epoch, min(step + steps, batches.steps_per_epoch)


def _next(wire: Wire) -> tuple[Message, list[np.ndarray]]:
    """Wait for what the first machine says next. Raise `_Ended` where it needs nothing more."""
    message, arrays = wire.inbox.get()
    if "end" in message:
        raise _Ended
    return message, arrays


class _Quiet:
    """What preparing asks and tells here: the first machine does the talking."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def obey(self) -> None:
        """Leave where the first machine has ended."""
        if not self._wire.inbox.empty():
            _next(self._wire)


def _connect(group: Group) -> socket.socket:
    """Return the connection to the first machine, which may begin a little later."""
    host, port = group.lead.rsplit(":", 1)
    until = time.monotonic() + settings().machine_join_seconds
    while True:
        try:
            found = socket.create_connection((host, int(port)), settings().machine_silent_seconds)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(_RETRY_SECONDS)
            continue
        send(found, {"token": group.token, "index": group.index})
        return found


def _leave(wire: Wire) -> None:
    """End this process, whatever it waits for: the first machine is gone."""
    logger.error("The first machine is gone.")
    sys.stderr.flush()
    os._exit(LOST_CODE)
