"""The files that a run leaves in its folder, and the disk space they may take."""

import json
import logging
import shutil
import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import TrainyardError
from engine.settings import settings
from engine.tasks.base import DataInfo

if TYPE_CHECKING:
    from engine.store import Store

logger = logging.getLogger(__name__)

_TOGETHER = 100  # runs that are forgotten in one transaction: others wait for it


@dataclass(frozen=True)
class Outcomes:
    """What the saved model made of each example of one split."""

    positions: np.ndarray
    """(examples,) where each stands in the prepared dataset."""
    outputs: np.ndarray
    """(examples, outputs) float32: probabilities, or values."""
    targets: np.ndarray
    """(examples,) class indices, or values."""


@dataclass(frozen=True)
class Artifacts:
    """Paths of one run's files; none of them need exist."""

    folder: Path

    @property
    def log(self) -> Path:
        """What the worker printed."""
        return self.folder / "log.txt"

    @property
    def checkpoint(self) -> Path:
        """State from which training goes on."""
        return self.folder / "checkpoint.npz"

    @property
    def model(self) -> Path:
        """The saved model, preprocessing included."""
        return self.folder / "model.keras"

    @property
    def evaluation(self) -> Path:
        """What evaluation found on validation and test, as JSON."""
        return self.folder / "evaluation.json"

    @property
    def outcomes(self) -> Path:
        """Outputs and targets of every validation and test example."""
        return self.folder / "outcomes.npz"

    @property
    def info(self) -> Path:
        """What the model takes and what its outputs mean, as JSON: it outlives the dataset."""
        return self.folder / "info.json"

    def read_info(self) -> DataInfo | None:
        """What the model takes, or None where nothing readable says so."""
        try:
            return DataInfo.from_dict(json.loads(self.info.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def read_evaluation(self) -> dict[str, Any]:
        """`{"validation": ..., "test": ...}` and the dataset's extra tests by name, or {} while there is none."""
        if not self.evaluation.is_file():
            return {}
        found: dict[str, Any] = json.loads(self.evaluation.read_text(encoding="utf-8"))
        return found

    def read_outcomes(self, split: str) -> Outcomes | None:
        """What became of each example of `split`, or None where none was kept. A damaged file raises `OSError`."""
        if not self.outcomes.is_file():
            return None
        try:
            with self.outcomes.open("rb") as stream, np.load(stream) as file:  # np.load leaves a damaged file open
                names = [f"{split}_{part.name}" for part in fields(Outcomes)]
                return Outcomes(*(file[name] for name in names)) if names[0] in file else None
        except (KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise OSError(f"{self.outcomes} is damaged: {error}") from error

    def read_log(self, max_bytes: int = 65_536) -> str:
        """The end of the log, from the start of a line."""
        if not self.log.is_file():
            return ""
        with self.log.open("rb") as file:
            file.seek(0, 2)
            size = file.tell()
            file.seek(max(0, size - max_bytes))
            text = file.read().decode("utf-8", "replace")
        return text if size <= max_bytes else text.split("\n", 1)[-1]

    def size_bytes(self) -> int:
        """Disk space of all files."""
        return sum(_size(file) for file in self.folder.rglob("*"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:  # a worker has just renamed it
        return 0


def artifacts_of(run_id: int) -> Artifacts:
    """The files of run `run_id`."""
    return Artifacts(settings().runs_path / str(int(run_id)))


def delete_run(store: "Store", run_id: int) -> None:
    """Forget an ended run and delete its files. A live run raises `TrainyardError`."""
    store.delete_run(run_id)
    shutil.rmtree(artifacts_of(run_id).folder, ignore_errors=True)


def delete_runs(store: "Store", run_ids: list[int]) -> None:
    """Delete the files of many ended runs and forget them. Files go first: what is still known can be deleted again."""
    for first in range(0, len(run_ids), _TOGETHER):
        some = run_ids[first : first + _TOGETHER]
        for run_id in some:
            shutil.rmtree(artifacts_of(run_id).folder, ignore_errors=True)
        store.delete_runs(some)


def discard_results(run_id: int) -> None:
    """Delete everything but the log: a canceled run keeps no result."""
    files = artifacts_of(run_id)
    for path in files.folder.glob("*"):  # what a killed worker was writing, too
        if path != files.log:
            path.unlink(missing_ok=True)


def check_free_disk() -> None:
    """Refuse to start when the disk is nearly full, before anything is half written."""
    root = settings().home_path
    free = shutil.disk_usage(next(folder for folder in (root, *root.parents) if folder.exists())).free
    limit = settings().min_free_disk_mb * 1_000_000
    if free < limit:
        raise TrainyardError(
            f"Only {free / 1e6:.0f} MB are free on the disk of {root}, and TRAINYARD_MIN_FREE_DISK_MB asks for "
            f"{limit / 1e6:.0f}. Delete runs on the Runs page, or free space elsewhere."
        )


def keep_disk_budget(store: "Store") -> int:
    """Delete checkpoints, then outcomes, then models, of the oldest ended runs until runs fit the budget. Returns bytes freed."""
    for run in store.list_runs(states=["canceled"]):  # one that was canceled in the queue had no worker to do it
        discard_results(run.id)
    used = sum(Artifacts(folder).size_bytes() for folder in settings().runs_path.glob("*"))
    excess = used - settings().disk_budget_mb * 1_000_000
    freed = 0
    if excess <= 0:
        return freed
    ended = [run for run in reversed(store.list_runs(limit=100_000)) if not run.live]
    for name in ("checkpoint", "outcomes", "model"):
        for run in ended:
            path: Path = getattr(artifacts_of(run.id), name)
            if freed >= excess:
                return freed
            if path.is_file():
                freed += _size(path)
                path.unlink(missing_ok=True)
                logger.warning("Deleted %s of run %s: runs are over the disk budget.", path.name, run.id)
    return freed
