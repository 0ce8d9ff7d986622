"""The process that trains a run: `python -m engine.worker`.

It gets ready (imports TensorFlow, trains a toy network once), reports this on its standard output, and waits for one line
of JSON on its standard input that names the run. From then on it only communicates through the store.
Without a line (its executor is gone) it ends. It ends after its run, too, unless the line says `again`, as for the
trials of a study: then it cleans up, reports once more that it is ready, and waits for another.
"""

import contextlib
import errno
import gc
import json
import logging
import os
import signal
import sys
from typing import Any, TextIO, TypeGuard

from engine.artifacts import artifacts_of, keep_disk_budget
from engine.errors import TrainyardError, first_line
from engine.group import LOST_CODE, TOGETHER, Group
from engine.logs import log_also_as_json
from engine.processes import LEAVING, bound_memory
from engine.runs import EVALUATING, Run, RunState
from engine.sentences import Sentence
from engine.settings import settings
from engine.store import Store, StoreUnavailable, open_store

logger = logging.getLogger("engine.worker")

READY = "ready"


def main() -> int:
    """Get ready, wait for runs, train them. Return the exit code: 0 unless a run failed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the dashboard in the same terminal
    if TOGETHER in sys.argv[1:]:
        import_only()
    else:
        warm_up()
    own = [os.dup(1), os.dup(2)]  # while a run is trained, 1 and 2 are its log
    with os.fdopen(os.dup(own[1]), "w", encoding="utf-8", buffering=1) as log_to:
        return _serve_all(own, log_to)


def _serve_all(own: list[int], log_to: TextIO) -> int:
    """Train run after run, as long as the executor names one."""
    code, again, limited = 0, True, False
    while again and not code and not LEAVING.is_set():
        with contextlib.suppress(BrokenPipeError):  # the executor may be gone, and have left a run
            os.write(own[0], READY.encode() + b"\n")
        line = sys.stdin.readline()
        if not line:
            return 0
        given = json.loads(line)
        code, again = _serve(given, log_to, limit=not limited), bool(given.get("again"))
        limited = True
        if again and not code:
            clean_up(own)
    return code


def _serve(given: dict[str, Any], log_to: TextIO, *, limit: bool) -> int:
    """Train the run that a line has named."""
    signal.signal(signal.SIGTERM, lambda *_: LEAVING.set())
    store = open_store(settings().database_patience_seconds)
    try:
        run = store.runs.get(int(given["run"]))
        if run.state is not RunState.RUNNING or run.attempt != given["attempt"]:
            return 0  # it was given to another worker meanwhile
        group = Group.from_dict(given["group"]) if "group" in given else None
        if group is not None and group.index:
            return _follow(run, group)
        try:
            open_log(run)
            log_also_as_json("worker", log_to, run=run.id, user=run.owner)
            if limit:
                limit_memory()
        except OSError as error:
            return _fail(store, run, error)
        code = work(store, run, group=group)
        if settings().artifacts:  # a node of a cluster has no executor that looks after its copies
            keep_disk_budget(store)
        return code
    finally:
        store.close()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _follow(run: Run, group: Group) -> int:
    """Help the first worker of a group to train its run; it alone ends it."""
    from engine.training.following import follow

    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the first worker ends this one
    name = f"machine {group.index + 1}"
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s %(levelname)s {name}: %(message)s", stream=sys.stderr)
    limit_memory()
    return follow(run, group)


def clean_up(own: list[int]) -> None:
    """Reset the process for the next trial: nothing of the last one is left, and output goes to the original stream."""
    from engine.training.fit import forget

    forget()
    for number, original in enumerate(own, 1):
        os.dup2(original, number)


def warm_up() -> None:
    """Import TensorFlow and walk a run's code path once, so that a run starts seconds sooner."""
    from engine.training.fit import rehearse

    rehearse()
    gc.freeze()  # existing objects stay: garbage collection after each trial need not look at them


def import_only() -> None:
    """Import TensorFlow and all that is declared, but begin nothing: TensorFlow will join those of other machines."""
    from engine.training.fit import rehearsed

    rehearsed()


def work(store: Store, run: Run, extra: list[Any] | None = None, group: Group | None = None) -> int:
    """Train `run` and move it to its final state whatever happens; return 0 unless it failed.

    `extra`: Keras callbacks to run besides our own (the terminal's progress bar). `group`: the workers that train it together,
    led by this one. Where another one is lost, the run stays as it is, and `LOST_CODE` tells the executor.
    """
    from engine.training.fit import train_run
    from engine.training.leading import MachineLost
    from engine.training.reporter import RunLost

    try:
        state = train_run(store, run, extra, group)
    except MachineLost as lost:
        logger.warning("%s The run goes on from its last checkpoint.", lost)
        return LOST_CODE
    except RunLost as lost:
        logger.warning("%s", lost)
        return 1
    except Exception as error:  # everything must end in a state with a sentence
        if _is_foreseen(error):
            logger.error("Run %s failed: %s", run.id, error)  # a traceback would hide the sentence
        else:
            logger.exception("Run %s failed.", run.id)
        return _fail(store, run, error)
    logger.info("Run %s: %s.", run.id, state.value)
    return 0


def _fail(store: Store, run: Run, error: Exception) -> int:
    """End the run as failed; where not even that can be written, the exit code tells the executor."""
    with contextlib.suppress(TrainyardError):  # that may be why it has failed
        artifacts_of(run.id).publish(run.attempt)
    try:
        if store.runs.get(run.id).phase == EVALUATING:  # the model is there, and training is over
            words = Sentence("The model is kept; its evaluation failed: {words}", words=explain(error))
            store.attempts.end(run, RunState.STOPPED, words)
        else:
            store.attempts.end(run, RunState.FAILED, explain(error))
    except StoreUnavailable:
        logger.exception("The state of run %s cannot be written.", run.id)
        return NO_STORE_CODE
    return 1


def _is_foreseen(error: Exception) -> TypeGuard[TrainyardError]:
    """Whether the error is a sentence that a person can act on."""
    return isinstance(error, TrainyardError) and not isinstance(error, StoreUnavailable)


def explain(error: Exception) -> str:
    """Return a sentence for a person: what happened and what to do."""
    import tensorflow as tf

    if _is_foreseen(error):
        return error.sentence
    if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError):
        return OUT_OF_MEMORY
    if _is_disk_full(error):
        return DISK_FULL
    if isinstance(error, OSError) and error.filename:
        return Sentence(
            "{problem} at {filename}. Check the file and its folder, then press Resume.",
            problem=error.strerror,
            filename=error.filename,
        )
    return Sentence(
        "Unexpected {kind}: {problem} (see the log).",
        kind=type(error).__name__,
        problem=first_line(error),
    )


def _is_disk_full(error: BaseException | None) -> bool:
    """Return whether the error, or one of its causes, reports a full disk; closing a file after the first error may hide it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(error, StoreUnavailable) and "full" in error.sentence:
            return True
        error = error.__cause__ or error.__context__
    return False


DISK_FULL = Sentence("The disk is full. Delete runs on the Runs page or free space elsewhere, then press Resume.")
NO_STORE = Sentence(
    "The worker could not write to the database: the disk is full, or the database server is not "
    "running. Free space or start the server, then press Resume."
)
NO_STORE_CODE = 74
"""Exit code of a worker that could not write the result of its run."""
OUT_OF_MEMORY = Sentence(
    "Out of memory. Choose a smaller batch size, a smaller model or smaller images, or allow the "
    "worker more (TRAINYARD_WORKER_MEMORY_MB), then start again."
)


def open_log(run: Run) -> None:
    """Send everything this process prints from now on to the run's log."""
    path = artifacts_of(run.id).log
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logger.info("Run %s, attempt %s, process %s.", run.id, run.attempt, os.getpid())


def limit_memory() -> None:
    """Bound what the run may take beside what TensorFlow has mapped already."""
    bound_memory(settings().worker_memory_mb)


if __name__ == "__main__":
    sys.exit(main())
