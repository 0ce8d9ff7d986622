"""Long work in a terminal, with a progress bar: training, predicting and downloading."""

import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from engine import service
from engine.access import Actor
from engine.artifacts import artifacts_of
from engine.cost import NetworkFacts
from engine.errors import TrainyardError
from engine.runs import EVALUATING, Run, RunState
from engine.store import open_store

if TYPE_CHECKING:
    from engine.scripting.files import ScriptFiles
    from engine.serving.loaded import LoadedModels

logger = logging.getLogger(__name__)

_ERRORS = Console(stderr=True)


def train_in_foreground(run: Run, *, quiet: bool) -> Run:
    """Train a run that this process owns, and return it once it has ended.

    Ctrl-C stops it, as the Stop button does; a second one cancels it, except during the evaluation, which it ends.
    """
    store = open_store()
    _log_to_file(run)
    pressed: list[RunState] = []

    def ask() -> None:
        # a request from elsewhere does not count
        try:
            evaluating = store.runs.get(run.id).phase == EVALUATING
            state = RunState.CANCELED if pressed and not evaluating else RunState.STOPPED
            store.runs.request_end(run.id, state)
            pressed.append(state)
        except TrainyardError as error:  # it has just ended, or the database is busy: Ctrl-C works again
            logger.warning("The run could not be asked to stop: %s", error)

    def interrupted(number: int, frame: FrameType | None) -> None:
        # in its own thread: the interrupted one may be writing to the store, and would wait for itself
        threading.Thread(target=ask, name="interrupt", daemon=True).start()

    before = signal.signal(signal.SIGINT, interrupted)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _ERRORS.status("Starting TensorFlow ...") if not quiet else _Nothing():
            from engine.cli.progress import EpochBar
            from engine.worker import work
        bar = [] if quiet else [EpochBar(run)]
        work(store, run, bar)
        return store.runs.get(run.id)
    finally:
        signal.signal(signal.SIGINT, before)
        store.close()


def load_models() -> "LoadedModels":
    """Return the models that predict in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from engine.serving.loaded import LoadedModels

    return LoadedModels()


def read_files(paths: list[Path]) -> list[tuple[str, bytes]]:
    """Return name and content of each file."""
    contents = []
    for path in paths:
        try:
            contents.append((path.name, path.read_bytes()))
        except OSError as error:
            raise TrainyardError(
                "{path!r} cannot be read: {problem}.", path=str(path), problem=error.strerror
            ) from error
    return contents


def count_network(values: dict[str, Any]) -> NetworkFacts:
    """Return the facts of the network of a run, counted in this process; `values` as `RunSpec.build` takes them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from engine.serving.networks import describe_network

    return describe_network(values).facts


def compose_script(run: Run) -> "ScriptFiles":
    """Write the script of a run in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from engine.scripting.origin import Origin
    from engine.scripting.write import script_files

    return script_files(run.parsed(), Origin.of(run))


def fetch_dataset(actor: Actor, name: str, source: Path | None, *, quiet: bool) -> None:
    """Fetch a dataset, with a progress bar in the terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_ERRORS, disable=quiet) as bars:
        bar = bars.add_task(name, total=None)
        service.datasets.fetch(
            actor, name, source, lambda done, total: bars.update(bar, completed=done, total=total or None)
        )


def _log_to_file(run: Run) -> None:
    """Write the same log as a worker, so that the run's page shows it."""
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
