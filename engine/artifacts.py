"""The files that a run leaves in its folder, and the disk space they may take."""

import json
import logging
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data_info import DataInfo
from engine.depot import Depot, depot_of, forget
from engine.errors import TrainyardError
from engine.galleries import delete_gallery
from engine.settings import settings
from engine.targets import Ragged, Stored
from engine.tasks.base import tasks

if TYPE_CHECKING:
    from engine.store import Store

logger = logging.getLogger(__name__)

CHECKPOINT, MODEL, TREES = "checkpoint.npz", "model.keras", "model.npz"
_TOGETHER = 100  # runs that are deleted in one transaction: others wait for it


@dataclass(frozen=True)
class Outcomes:
    """Per-example predictions of the saved model on one split."""

    positions: np.ndarray
    """(examples,) positions in the prepared dataset."""
    outputs: Any
    """(examples, ...): probabilities, values, or whatever the task answers with; of no length if they were too large."""
    targets: Any
    """The targets of these predictions: class indices (examples,), values, or whatever the task's targets are."""
    scores: Mapping[str, np.ndarray] = field(default_factory=dict)
    """By metric (examples,): see `Task.example_scores`. Empty in files of earlier versions."""


@dataclass(frozen=True)
class Artifacts:
    """Paths of one run's files; none of them need exist. Asking for one fetches it where another machine has written it."""

    folder: Path
    depot: Depot | None = None
    """Where all machines find the files; None where they stay on this one."""

    def path(self, name: str) -> Path:
        """Return the path of a file, or of a folder of files."""
        if self.depot is not None:
            self.depot.fetch(name)
        return self.folder / name

    def has(self, name: str) -> bool:
        """Return whether there is such a file; it is not fetched."""
        return (self.folder / name).is_file() or (self.depot is not None and name in self.depot.names())

    @property
    def has_model(self) -> bool:
        """Whether there is a saved model."""
        return self.has(MODEL) or self.has(TREES)

    @property
    def has_checkpoint(self) -> bool:
        """Whether training can continue."""
        return self.has(CHECKPOINT)

    def take(self) -> None:
        """This process trains the run from now on: get all files of earlier attempts."""
        if self.depot is not None:
            self.depot.take()

    def publish(self, attempt: int) -> None:
        """Let other machines have the files as they are now; called by the worker of this attempt."""
        if self.depot is not None:
            self.depot.push(attempt)

    @property
    def log(self) -> Path:
        """Output of the worker."""
        return self.path("log.txt")

    @property
    def checkpoint(self) -> Path:
        """State from which training continues."""
        return self.path(CHECKPOINT)

    @property
    def epochs(self) -> Path:
        """Folder of the kept epochs: the checkpoint at the end of epoch N (from 1) is `N.npz`."""
        return self.folder / "epochs"

    @property
    def start(self) -> Path:
        """The kept epoch of its parent from which a forked run continues."""
        return self.path("start.npz")

    @property
    def model(self) -> Path:
        """The saved model, preprocessing included: a network, or trees."""
        return self.path(TREES if self.has(TREES) else MODEL)

    @property
    def evaluation(self) -> Path:
        """Results of the evaluation on validation and test, as JSON."""
        return self.path("evaluation.json")

    @property
    def outcomes(self) -> Path:
        """Outputs and targets of every validation and test example."""
        return self.path("outcomes.npz")

    @property
    def probes(self) -> Path:
        """Fixed examples with their answers at epoch ends, as JSON lines."""
        return self.path("probes.jsonl")

    @property
    def reliability(self) -> Path:
        """Learned from the validation split: how unlike an input is, and the interval of a number."""
        return self.path("reliability.npz")

    @property
    def info(self) -> Path:
        """The signature of the model, as JSON: it outlives the dataset."""
        return self.path("info.json")

    def read_info(self) -> DataInfo | None:
        """Return the signature of the model, or None where none is readable."""
        try:
            described = json.loads(self.info.read_text(encoding="utf-8"))
            modality = tasks[described["task"]["name"]].modality  # older files do not contain it
            return replace(DataInfo.from_dict(described), modality=modality)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def read_evaluation(self) -> dict[str, Any]:
        """Return `{"validation": ..., "test": ...}` and the dataset's extra tests by name, or {} while there is none."""
        if not self.evaluation.is_file():
            return {}
        found: dict[str, Any] = json.loads(self.evaluation.read_text(encoding="utf-8"))
        return found

    def read_outcomes(self, split: str) -> Outcomes | None:
        """Return the per-example predictions on `split`, or None where none were kept. A damaged file raises `OSError`."""
        if not self.outcomes.is_file():
            return None
        try:
            with self.outcomes.open("rb") as stream, np.load(stream) as file:  # np.load leaves a damaged file open
                return _outcomes(file, split) if f"{split}_positions" in file else None
        except (KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise OSError(f"{self.outcomes} is damaged: {error}") from error

    def read_log(self, max_bytes: int = 65_536) -> str:
        """Return the end of the log, from the start of a line."""
        if not self.log.is_file():
            return ""
        with self.log.open("rb") as file:
            file.seek(0, 2)
            size = file.tell()
            file.seek(max(0, size - max_bytes))
            text = file.read().decode("utf-8", "replace")
        return text if size <= max_bytes else text.split("\n", 1)[-1]

    def size_bytes(self) -> int:
        """Return the disk space of all files; a file with several names counts once."""
        return used_bytes(self.folder)


def _outcomes(file: Any, split: str) -> Outcomes:
    """Read the arrays of one split from an open npz file."""

    begin = f"{split}_score_"
    scores = {name.removeprefix(begin): file[name] for name in file.files if name.startswith(begin)}

    def stored(name: str) -> Stored:
        if name not in file and scores:  # too large to be kept
            return np.empty(0, np.float32)
        return Ragged(file[name], file[f"{name}_ends"]) if f"{name}_ends" in file else file[name]

    return Outcomes(file[f"{split}_positions"], stored(f"{split}_outputs"), stored(f"{split}_targets"), scores)


def artifacts_of(run_id: int) -> Artifacts:
    """Return the files of run `run_id`."""
    folder = settings().runs_path / str(int(run_id))
    return Artifacts(folder, depot_of(folder))


def delete_files(run_id: int) -> None:
    """Delete all files of a run, and the gallery of its network."""
    delete_gallery(run_id)
    files = artifacts_of(run_id)
    if files.depot is not None:
        files.depot.delete()
    shutil.rmtree(files.folder, ignore_errors=True)


def delete_run(store: "Store", run_id: int) -> None:
    """Delete an ended run and its files. A live run, and one that answers for a demo, raises `TrainyardError`."""
    check_unpublished(store, [run_id])
    store.runs.delete(run_id)
    delete_files(run_id)


def delete_runs(store: "Store", run_ids: list[int]) -> None:
    """Delete many ended runs and their files. Files go first: a run that is still stored can be deleted again."""
    check_unpublished(store, run_ids)
    for first in range(0, len(run_ids), _TOGETHER):
        some = run_ids[first : first + _TOGETHER]
        for run_id in some:
            delete_files(run_id)
        store.runs.delete_many(some)


def check_unpublished(store: "Store", run_ids: list[int]) -> None:
    """Raise `TrainyardError` where one of these runs answers for a published demo."""
    for run_id, demo, version in store.demos.uses(run_ids)[:1]:
        raise TrainyardError(
            "Run {run} is version {version} of the demo {demo!r}. Withdraw the version or delete the demo first.",
            run=run_id,
            version=version,
            demo=demo,
        )


def discard_results(run_id: int) -> None:
    """Delete everything but the log: a canceled run keeps no result."""
    files = artifacts_of(run_id)
    log = files.log
    for path in files.folder.glob("*"):  # including what a killed worker was writing
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path != log:
            path.unlink(missing_ok=True)
    if files.depot is not None:
        files.depot.delete(keep=(log.name,))


def discard_evaluation(files: Artifacts) -> None:
    """Delete the evaluation of an earlier model of this run."""
    for path in (files.evaluation, files.outcomes, files.reliability):
        path.unlink(missing_ok=True)


def share_file(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, without using disk space if the file system can; otherwise copy it.

    Replacing one name later does not affect the other. At any moment `target` is complete.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    try:
        try:
            os.link(source, temporary)
        except FileNotFoundError:
            raise
        except OSError:  # another file system, or one without links
            shutil.copyfile(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def check_free_disk() -> None:
    """Refuse to start when the disk is nearly full, before anything is half written."""
    root = settings().home_path
    free = shutil.disk_usage(next(folder for folder in (root, *root.parents) if folder.exists())).free
    limit = settings().min_free_disk_mb * 1_000_000
    if free < limit:
        raise TrainyardError(
            "Only {free:.0f} MB are free on the disk of {root}, and TRAINYARD_MIN_FREE_DISK_MB "
            "requires {limit:.0f}. Delete runs on the Runs page, or free space elsewhere.",
            free=free / 1e6,
            root=root,
            limit=limit / 1e6,
        )


def keep_disk_budget(store: "Store") -> int:
    """Delete files of the oldest ended runs until runs fit the budget: see `_ORDER`. Return the bytes freed.

    The models of published demos stay.
    """
    for run in store.runs.list(states=["canceled"]):  # a run canceled in the queue had no worker to do it
        if artifacts_of(run.id).folder.is_dir():
            discard_results(run.id)
    excess = used_bytes(settings().runs_path) - settings().disk_budget_mb * 1_000_000
    freed = 0
    if excess <= 0:
        return freed
    ended = [run for run in reversed(store.runs.list(limit=100_000)) if run.state.final]
    answering = store.demos.run_ids()
    for name in _ORDER:
        for run in ended:
            if name == "model" and run.id in answering:
                continue
            path: Path = getattr(Artifacts(settings().runs_path / str(run.id)), name)  # the copies on this machine
            for file in sorted(path.glob("*.npz"), key=_written) if path.is_dir() else [path]:
                if freed >= excess:
                    return freed
                freed += _delete(file, run.id)
    return freed


_ORDER = ("epochs", "checkpoint", "start", "outcomes", "model")
"""The order of deletion: what is missed least, from all runs, before what is missed more."""


def _delete(file: Path, run_id: int) -> int:
    """Delete a file if it exists. Return the bytes freed: none while another name refers to it."""
    try:
        known = file.stat()
    except FileNotFoundError:
        return 0
    file.unlink(missing_ok=True)
    forget(file, settings().runs_path / str(run_id))
    logger.warning("Deleted %s of run %s: runs are over the disk budget.", file.name, run_id)
    return known.st_size if known.st_nlink == 1 else 0


def used_bytes(folder: Path) -> int:
    """Return the disk space of all files in a folder; a file with several names counts once."""
    sizes: dict[tuple[int, int], int] = {}
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a worker has just renamed it
            known = file.stat()
            if stat.S_ISREG(known.st_mode):
                sizes[known.st_dev, known.st_ino] = known.st_size
    return sum(sizes.values())


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0
