"""One installation for all faults that leave it usable, and a separate one for each of the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runs import Run, RunState
from engine.settings import settings
from tests.faults.lab import LONG, Lab

IMPATIENT = {
    "TRAINYARD_HEARTBEAT_TIMEOUT_SECONDS": "6",
    "TRAINYARD_STOP_GRACE_SECONDS": "4",
    "TRAINYARD_CHECKPOINT_SECONDS": "0.5",
    "TRAINYARD_MIN_FREE_DISK_MB": "0",
    "TRAINYARD_SLOTS": "1",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """An installation with an executor, shared by the tests of a module: each leaves it idle."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("lab") / "home"))
        yield from _open(patch)


@pytest.fixture
def own_lab(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """An installation for one test, without an executor."""
    yield from _open(monkeypatch)


def _open(patch: pytest.MonkeyPatch) -> Iterator[Lab]:
    for name, value in IMPATIENT.items():
        patch.setenv(name, value)
    settings.cache_clear()
    lab = Lab()
    yield lab
    lab.close()
    settings.cache_clear()


@pytest.fixture(scope="module")
def whole(lab: Lab) -> Run:
    """A run that nothing has interrupted."""
    if not lab.executors:
        lab.start_executor()
    run = lab.until_ended(lab.submit(**LONG))
    assert run.state is RunState.COMPLETED, run.message
    return run
