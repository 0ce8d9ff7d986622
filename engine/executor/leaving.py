"""The end of an executor whose workers must end with it: checkpoints are written, and runs queued again."""

import logging
import os
import signal
import time
from contextlib import suppress

from engine.executor.endings import TERMINAL, conclude, explain_exit
from engine.executor.process import kill_group
from engine.processes import is_alive
from engine.sentences import Sentence
from engine.settings import settings
from engine.store import Store, StoreUnavailable

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1


def send_home(store: Store) -> None:
    """Tell the workers of this machine to leave, wait for as long as a stop may take, and queue what is still theirs."""
    try:
        running = [(run, worker) for run, worker in store.attempts.workers() if run.slot != TERMINAL]
        here = [(run, worker) for run, worker in running if is_alive(worker) is not None]
        for run, worker in here:
            logger.info("Run %s is queued again.", run.id, extra={"run": run.id})
            with suppress(ProcessLookupError):
                os.kill(int(worker["pid"]), signal.SIGTERM)
        until = time.monotonic() + settings().stop_grace_seconds
        while time.monotonic() < until and any(is_alive(worker) for _, worker in here):
            time.sleep(_LOOK_SECONDS)
        for _, worker in here:
            if is_alive(worker):
                kill_group(int(worker["pid"]))
        ours = {(run.id, run.attempt) for run, _ in here}
        words = Sentence("Its executor was stopped; it continues from its last checkpoint.")
        for run, _ in store.attempts.workers():
            if (run.id, run.attempt) in ours and not store.attempts.requeue(run, words, counted=False):
                conclude(
                    store, store.runs.get(run.id), explain_exit(None), innocent=True
                )  # somebody has asked it to end
    except StoreUnavailable:  # said in the log; the next executor finds their runs without a worker
        logger.warning("The runs could not be queued again now.")
