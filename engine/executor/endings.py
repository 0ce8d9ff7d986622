"""The end of a run whose worker is gone: a final state with a sentence, or another try."""

import logging
import signal

from engine.artifacts import discard_results
from engine.budgets.yielding import YIELDS
from engine.group import LOST_CODE
from engine.runs import EVALUATING, Run, RunState
from engine.sentences import Sentence
from engine.settings import settings
from engine.store import Store
from engine.worker import NO_STORE, NO_STORE_CODE, OUT_OF_MEMORY

logger = logging.getLogger(__name__)

TERMINAL = "terminal"
"""Slot name of runs that are trained in the foreground: never restarted by an executor."""


MACHINE_LOST = Sentence("One of its machines was lost; it continues from its last checkpoint.")


def conclude(store: Store, run: Run, words: str, *, innocent: bool, killed: str = "") -> None:
    """Give a run whose worker is gone a final state, or another try if that was hardly the run's fault.

    A trial gets another try in any case: trials are not watched one by one, and its progress is in its checkpoint.
    `killed` says why the executor itself has ended the worker.
    """
    innocent = innocent or run.study_id is not None or words == MACHINE_LOST
    words = killed or words
    if run.request == RunState.CANCELED:
        discard_results(run.id)  # first: a reader of the state may rely on it
        store.attempts.end(run, RunState.CANCELED, Sentence("Canceled: no result was kept."))
    elif run.phase == EVALUATING:  # the model is there, and training is over
        store.attempts.end(
            run, RunState.STOPPED, Sentence("The model is kept; its evaluation failed: {words}", words=words)
        )
    elif run.request in YIELDS and (killed or innocent):
        store.attempts.requeue(run, YIELDS[run.request], counted=bool(killed))
    elif run.request and (killed or innocent):
        store.attempts.end(run, RunState(run.request), words)
    elif innocent and run.restarts + 1 < settings().max_attempts:
        logger.warning("Run %s has lost its worker; queueing it again.", run.id, extra={"run": run.id})
        gone = Sentence("Its worker was gone; it continues from its last checkpoint.")
        store.attempts.requeue(run, words if words == MACHINE_LOST else gone)
    else:
        if innocent and run.slot != TERMINAL:
            words = Sentence("{words} It was started {count} times.", words=words, count=run.restarts + 1)
        store.attempts.end(run, RunState.FAILED, words)


def explain_exit(code: int | None) -> str:
    """Return a sentence for a worker that ended without a reason. `code` is None if its end was not observed."""
    if code == -signal.SIGKILL:
        return Sentence(
            "The worker was killed (signal 9), as the system does when memory runs out. Resume "
            "continues from the last checkpoint; choose a smaller batch size if it happens again."
        )
    if code in (-signal.SIGABRT, -signal.SIGSEGV) and settings().worker_memory_mb:
        return OUT_OF_MEMORY  # how TensorFlow ends when the system refuses it memory
    if code == LOST_CODE:
        return MACHINE_LOST
    if code == NO_STORE_CODE:
        return NO_STORE
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return Sentence(
            "The worker was ended by {name}. Resume continues from the last checkpoint; the log may say more.",
            name=name,
        )
    if code is None:
        return Sentence("The worker is gone. Resume continues from the last checkpoint.")
    return Sentence("The worker ended with exit code {code} before the run was over. The log says more.", code=code)
