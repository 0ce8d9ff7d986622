"""What this dashboard process keeps: the store, the handle of the predictor, a running executor, its downloads."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import Run, RunSpec
from engine.settings import settings
from engine.store import Store
from engine.studies import Study, StudySpec
from ui.sentences import said

if TYPE_CHECKING:
    from engine.serving.client import Predictor

ROOT = Path(__file__).resolve().parents[1]
logger = logging.getLogger(__name__)
FETCH_COMMAND = (sys.executable, "-m", "engine", "fetch")
fetches: dict[str, subprocess.Popen[bytes]] = {}
"""Downloads that this process started, by dataset. Polled, so that no zombie is left."""


def store() -> Store:
    """The store that the settings name, opened once."""
    return open_once(settings().url)


@st.cache_resource(show_spinner=False, max_entries=4)
def open_once(url: str) -> Store:
    """The store at `url`, shared by all sessions."""
    return Store(url)


@st.cache_resource(show_spinner=False)
def predictor() -> "Predictor":
    """The handle of the warm process that knows Keras; making it starts nothing."""
    from engine.serving.client import Predictor

    return Predictor()


def close() -> None:
    """End what ends with the dashboard: the predictor. Runs and downloads go on."""
    predictor().close()


def start_executor() -> None:
    """Start an executor if none is alive: one leaves when it was idle for long."""
    from engine.executor.launch import ensure_executor

    ensure_executor()


def launch(spec: RunSpec, owner: str = "") -> Run:
    """Queue a run, or one for each fold, and have somebody take it. Returns the first."""
    run = store().runs.create_group(spec.folded(), owner)[0]
    start_executor()
    return run


def launch_study(spec: StudySpec, name: str = "") -> Study:
    """Begin a study, and have somebody drive it."""
    study = store().studies.create(spec, name)
    start_executor()
    return study


def fork(parent_id: int, epoch: int, spec: RunSpec, owner: str = "", *, steering: Sequence[dict[str, Any]] = ()) -> Run:
    """Queue a run that goes on from the end of an epoch of another, and have somebody take it."""
    from engine.forks import fork_run

    run = fork_run(store(), parent_id, epoch, spec, owner, steering=steering)
    start_executor()
    return run


def repeat(run: Run) -> Run:
    """Queue one run like another: a fork from the same epoch, with the changes of the learning rate that were made."""
    steering = run.taken_steering
    if run.parent_id is not None and run.parent_epoch is not None:
        return fork(run.parent_id, run.parent_epoch, run.parsed(), steering=steering)
    made = store().runs.create(run.parsed(), steering=steering)
    start_executor()
    return made


def reseed(run: Run, count: int, owner: str = "") -> list[Run]:
    """Queue `count` runs like this one with other seeds, as one group with it, and have somebody take them."""
    known = store().runs.group(run.group_id) if run.group_id is not None else [run]
    made = store().runs.repeat(run.id, run.parsed().reseeded(count, [_seed(member) for member in known]), owner)
    start_executor()
    return made


def _seed(run: Run) -> int:
    return int(run.spec["training"]["seed"])


def start_fetch(name: str) -> None:
    """Download a dataset in a process of its own, which outlives the page and reports to the store."""
    running = fetches.get(name)
    if running is not None and running.poll() is None:
        return
    store().fetches.report(name, "running")
    fetches[name] = subprocess.Popen(
        [*FETCH_COMMAND, name],
        cwd=ROOT,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def fetch_ended(name: str) -> bool:
    """Whether a download that this process started is over, one way or the other."""
    process = fetches.get(name)
    return process is not None and process.poll() is not None


class Guard:
    """A `with` block whose `TrainyardError` becomes a sentence on the page; what follows the block goes on."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
        """Show the sentence in the place where it happened. Everything else goes its way."""
        if not isinstance(error, TrainyardError):
            return False
        st.error(said(error), icon=":material/error:")
        return True


def guarded() -> Guard:
    """Show a `TrainyardError` as its sentence, and let the page go on."""
    return Guard()
