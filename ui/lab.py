"""State that this dashboard process keeps: the actor, the handle of the predictor, a running executor, its downloads."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.access import Actor, local_owner
from engine.errors import StoreUnavailable, TrainyardError
from engine.naming import Naming
from engine.runs import Run, RunSpec
from engine.settings import settings
from engine.studies import Study, StudySpec
from ui import people
from ui.sentences import said

if TYPE_CHECKING:
    from engine.imports.apart import Importer
    from engine.serving.client import Predictor

ROOT = Path(__file__).resolve().parents[1]
logger = logging.getLogger(__name__)
FETCH_COMMAND = (sys.executable, "-m", "engine", "fetch")
fetches: dict[str, subprocess.Popen[bytes]] = {}
"""Downloads that this process started, by dataset. Polled, so that no zombie is left."""


def actor() -> Actor:
    """Return who asks: the one person of this installation, or in shared mode whoever is logged in, else a visitor."""
    return people.actor() if settings().mode == "shared" else local_owner()


@st.cache_resource(show_spinner=False)
def predictor() -> "Predictor":
    """The handle of the warm process that knows Keras; making it starts nothing."""
    from engine.serving.client import Predictor

    return Predictor()


@st.cache_resource(show_spinner=False)
def importer() -> "Importer":
    """The handle of the processes that read uploads; making it starts nothing."""
    from engine.imports.apart import Importer

    return Importer()


def close() -> None:
    """End what ends with the dashboard: the predictor, and what reads uploads. Runs and downloads go on."""
    predictor().close()
    importer().close()


def start_executor() -> None:
    """Start an executor if none is alive: one leaves when it was idle for long."""
    service.executors.start(actor())


def launch(spec: RunSpec) -> Run:
    """Queue a run, or one for each fold, and have somebody take it. Returns the first."""
    run = service.runs.launch(actor(), spec.folded())[0]
    start_executor()
    return run


def launch_study(spec: StudySpec, naming: Naming | None = None) -> Study:
    """Begin a study, and have somebody drive it."""
    study = service.studies.create(actor(), spec, naming)
    start_executor()
    return study


def fork(parent_id: int, epoch: int, spec: RunSpec) -> Run:
    """Queue a run that goes on from the end of an epoch of another, and have somebody take it."""
    run = service.runs.fork(actor(), parent_id, epoch, spec)
    start_executor()
    return run


def repeat(run: Run) -> Run:
    """Queue one run like another, and have somebody take it."""
    made = service.runs.repeat(actor(), run.id)
    start_executor()
    return made


def reseed(run: Run, count: int) -> list[Run]:
    """Queue `count` runs like this one with other seeds, and have somebody take them."""
    made = service.runs.reseed(actor(), run.id, count)
    start_executor()
    return made


def start_fetch(name: str) -> None:
    """Download a dataset in a process of its own, which outlives the page and reports to the store."""
    running = fetches.get(name)
    if running is not None and running.poll() is None:
        return
    service.datasets.begin_fetch(actor(), name)
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
        if not isinstance(error, TrainyardError) or isinstance(error, StoreUnavailable):
            return False  # without the database nothing goes on: see `ui.outage`
        st.error(said(error), icon=":material/error:")
        return True


def guarded() -> Guard:
    """Show a `TrainyardError` as its sentence, and let the page go on."""
    return Guard()
