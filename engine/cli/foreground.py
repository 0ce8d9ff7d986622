"""Long work in a terminal: training, predicting and fetching, with a progress bar."""

import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from engine.artifacts import artifacts_of
from engine.cost import Cost, estimate
from engine.errors import TrainyardError
from engine.processes import describe_process
from engine.runs import Run, RunSpec, RunState
from engine.store import Store

if TYPE_CHECKING:
    from engine.serving.client import PredictResult

logger = logging.getLogger(__name__)

_ERRORS = Console(stderr=True)


def train_in_foreground(store: Store, run: Run, *, quiet: bool) -> None:
    """Train a run that this process owns. Ctrl-C asks it to stop, as the Stop button does; a second one cancels."""
    store.attempts.set_worker(run, describe_process())
    _log_to_file(run)
    pressed: list[RunState] = []

    def ask() -> None:
        # what somebody else asks for elsewhere does not count
        state = RunState.CANCELED if pressed else RunState.STOPPED
        try:
            store.runs.request_end(run.id, state)
            pressed.append(state)
        except TrainyardError as error:  # it has just ended, or the database is busy: Ctrl-C works again
            logger.warning("The run could not be asked to stop: %s", error)

    def interrupted(number: int, frame: FrameType | None) -> None:
        # in a thread of its own: the one that was interrupted may be writing to the store, and would wait for itself
        threading.Thread(target=ask, name="interrupt", daemon=True).start()

    before = signal.signal(signal.SIGINT, interrupted)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _ERRORS.status("Starting TensorFlow ...") if not quiet else _Nothing():
            from engine.cli.progress import EpochBar
            from engine.worker import work
        bar = [] if quiet else [EpochBar(run)]
        work(store, run, bar)
    finally:
        signal.signal(signal.SIGINT, before)


def predict_files(run_id: int, files: list[Path]) -> "list[PredictResult]":
    """Predict files in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from engine.serving.loaded import LoadedModels

    contents = []
    for path in files:
        try:
            contents.append((path.name, path.read_bytes()))
        except OSError as error:
            raise TrainyardError(
                "{path!r} cannot be read: {problem}.", path=str(path), problem=error.strerror
            ) from error
    return LoadedModels().predict(run_id, contents)


def estimate_cost(store: Store, values: dict[str, Any]) -> Cost:
    """Count in this process what the network of a run would take, with `values` as `RunSpec.build` takes them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from engine.serving.networks import describe_network

    return estimate(store, RunSpec.build(values), describe_network(values).facts)


def export_script(run: Run, folder: Path, *, notebook: bool) -> list[Path]:
    """Write the script of a run, or the same as a notebook, with its data; return the files."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from engine.scripting.files import write_files
    from engine.scripting.origin import Origin
    from engine.scripting.write import script_files

    spec = run.parsed()
    return write_files(folder, script_files(spec, Origin.of(run)), spec, notebook=notebook)


def fetch_dataset(store: Store, name: str, source: Path | None, *, quiet: bool) -> None:
    """Fetch, and report progress to the terminal and to the store."""
    from engine.preparation.fetch import fetch

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_ERRORS, disable=quiet) as bars:
        bar = bars.add_task(name, total=None)

        def progress(done: int, total: int) -> None:
            bars.update(bar, completed=done, total=total or None)
            store.fetches.report(name, "running", done, total)

        try:
            store.fetches.report(name, "running")
            fetch(name, source, progress)
        except TrainyardError as error:
            store.fetches.report(name, "failed", message=error.sentence)
            raise
    store.fetches.report(name, "completed")


def _log_to_file(run: Run) -> None:
    """The same log as a worker's, so that the run's page shows it."""
    path = artifacts_of(run.id).log
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("engine").setLevel(logging.INFO)
    for other in logging.getLogger().handlers:
        if other is not handler:
            other.setLevel(logging.WARNING)


class _Nothing:
    """A `with` that does nothing."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
