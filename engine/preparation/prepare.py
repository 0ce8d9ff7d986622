"""From a dataset's files to memory-mapped arrays and a recorded split, done once and cached by content."""

import contextlib
import hashlib
import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.datasets.base import Dataset, Examples
from engine.errors import TrainyardError
from engine.modalities.base import Face, Inputs, Modality, modalities
from engine.settings import settings
from engine.targets import CODECS, Arrays, Targets
from engine.tasks.base import Task, tasks

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
EVALUATED: tuple[Split, ...] = SPLITS[1:]
"""Splits on which networks and baselines are evaluated."""
_FORMAT = "4"  # raise it when the prepared form changes: old caches are then ignored
_LATER = (
    "modality",
    "target_shape",
)  # facts that are not hashed: they follow from the rest, and earlier versions did not note them
_TEMPORARY, _STALE_SECONDS = ".prepare-", 24 * 3600.0


@dataclass(frozen=True)
class PreparedDataset:
    """Arrays on disk, memory-mapped when read, with their split."""

    path: Path

    @cached_property
    def meta(self) -> dict[str, Any]:
        """`labels`, `shape`, `columns`, `target`, `modality`, `kind`, `counts`, `content_hash`, `dataset`.

        `counts`: for each split how many examples of each class there are; for a regression one number, the total.
        """
        meta: dict[str, Any] = json.loads((self.path / "meta.json").read_text(encoding="utf-8"))
        return meta

    @property
    def info(self) -> DataInfo:
        """Axes of one input, the class names, the columns of a table."""
        return DataInfo.from_dict(self.meta)

    @property
    def dataset(self) -> str:
        """Name of the dataset; empty for one that is not registered."""
        return str(self.meta["dataset"].get("name", ""))

    @cached_property
    def task(self) -> Task:
        """The task that the targets are for, with its default settings."""
        return tasks[self.meta["task"]]()

    def strata(self, where: np.ndarray) -> np.ndarray:
        """Return (examples,) what the examples `where` are balanced by: their class, where they have one."""
        return self.codec.strata(self.targets[where])

    def describe(self, position: int) -> str:
        """Return one line that says what the target of an example is."""
        return self.task.describe(self.targets[position], self.info)

    def face(self, position: int) -> Face:
        """Return how an example is recognised among others, small."""
        return self.modality.face(self.inputs[np.asarray([position])][0], self.info)

    @property
    def by_time(self) -> bool:
        """Whether its splits are periods, one after the other: then those of one are not like those of another."""
        return bool(self.meta.get("by_time"))

    @property
    def content_hash(self) -> str:
        """SHA-256 over all inputs, targets, labels and the split: the identity that a run records."""
        return str(self.meta["content_hash"])

    @property
    def modality(self) -> Modality:
        """Modality of the inputs."""
        return modalities[self.info.modality]

    @cached_property
    def inputs(self) -> Inputs:
        """(examples, ...) memory-mapped, read-only: an array, or what takes its place; positions pick from it."""
        return self.modality.open(self.path)

    @property
    def codec(self) -> Targets:
        """The form of the targets."""
        return CODECS[self.meta["targets"]]

    @cached_property
    def targets(self) -> Any:
        """The targets as the task's codec reads them (`engine.targets.Stored`): positions pick from them."""
        return self.codec.read(self.path)

    def indices(self, split: Split) -> np.ndarray:
        """Positions of one split's examples in `inputs` and `targets`, ascending."""
        with np.load(self.path / "splits.npz") as file:
            return np.asarray(file[split])

    def arrays(self, split: Split) -> tuple[np.ndarray, Any]:
        """Inputs and targets of one split, copied into memory; texts and rows as in `Examples`."""
        where = self.indices(split)
        return np.asarray(self.inputs[where]), self.targets[where]


def prepare(dataset: Dataset) -> PreparedDataset:
    """Read, check, split and cache `dataset`; the second call with the same files and fields reads nothing.

    Safe to call from several processes: each writes a folder of its own and the first rename wins. Raises
    `TrainyardError` with what to do when files are missing or nothing can be learned from them.
    """
    if not dataset.available():
        raise TrainyardError(dataset.missing())
    path = _path(dataset)
    if not (path / "meta.json").is_file():
        try:
            _write(dataset, path)
        except OSError as error:
            raise TrainyardError(
                "Dataset {dataset!r} cannot be prepared in {cache_path}: {problem}. Check free space and "
                "permissions, or set TRAINYARD_HOME.",
                dataset=dataset.name,
                cache_path=settings().cache_path,
                problem=error.strerror or error,
            ) from error
        trim_cache(keep=path)
    with contextlib.suppress(OSError):  # only the order of trimming depends on it
        os.utime(path)
    return PreparedDataset(path)


def is_prepared(dataset: Dataset) -> bool:
    """Return whether `prepare` has nothing to read: the files are here and their examples are cached."""
    return dataset.available() and (_path(dataset) / "meta.json").is_file()


def _path(dataset: Dataset) -> Path:
    """Return the folder in the cache for these files and fields."""
    content = json.dumps([_FORMAT, dataset.to_dict(), dataset.fingerprint()], sort_keys=True)
    return settings().cache_path / hashlib.sha256(content.encode()).hexdigest()[:24]


def trim_cache(keep: Path | None = None) -> None:
    """Delete the least recently used prepared datasets over `cache_budget_mb`, except `keep`, and old leftovers."""
    root = settings().cache_path
    for leftover in root.glob(f"{_TEMPORARY}*"):
        with contextlib.suppress(FileNotFoundError):  # another process has just finished it
            if time.time() - leftover.stat().st_mtime > _STALE_SECONDS:  # its writer was killed
                shutil.rmtree(leftover, ignore_errors=True)
    sizes: dict[Path, int] = {}
    used: dict[Path, float] = {}
    for meta in root.glob("[!.]*/meta.json"):
        with contextlib.suppress(FileNotFoundError):  # another process has just trimmed it
            sizes[meta.parent] = sum(f.stat().st_size for f in meta.parent.glob("*"))
            used[meta.parent] = meta.parent.stat().st_mtime
    excess = sum(sizes.values()) - settings().cache_budget_mb * 1_000_000
    for folder in sorted(used, key=lambda folder: used[folder]):
        if excess <= 0:
            break
        if folder != keep:
            shutil.rmtree(folder, ignore_errors=True)
            excess -= sizes[folder]


def split_examples(dataset: Dataset, examples: Examples) -> dict[Split, np.ndarray]:
    """Disjoint, seeded, stratified positions of the three splits; examples of one group stay together."""
    rng = np.random.default_rng(dataset.split_seed)
    units, members = _units(examples)
    if examples.times is not None:
        return split_by_time(dataset, examples, members)
    classes = _strata(dataset, examples)[[first[0] for first in members]]
    first = [positions[0] for positions in members]
    everything = np.arange(len(units))
    held = examples.validation[first] if examples.validation is not None else np.zeros(len(units), bool)
    if examples.test is not None:
        test = everything[examples.test[first]]
    else:
        test, _ = _draw(everything[~held], classes, float(getattr(dataset, "test_fraction", 0.0)), rng)
    rest = np.setdiff1d(everything, test)
    if dataset.folds > 1:
        validation, train = _fold(dataset, rest, classes, rng)
    elif held.any():
        validation, train = rest[held[rest]], rest[~held[rest]]
    else:
        validation, train = _draw(rest, classes, dataset.validation_fraction, rng)
    chosen: dict[Split, np.ndarray] = {"train": train, "validation": validation, "test": test}
    return {
        name: np.sort(np.concatenate([members[i] for i in part])) if len(part) else np.empty(0, np.int64)
        for name, part in chosen.items()
    }


def split_by_time(dataset: Dataset, examples: Examples, members: list[np.ndarray]) -> dict[Split, np.ndarray]:
    """Split units of examples by their times: the earliest are for training, then the validation, the latest for the test.

    A unit counts where its latest example does; one without a time is for training. Examples of one time stay together. With
    folds the times before the test are cut into one part more than there are folds: each fold validates on a part, and trains
    on all that come before it.
    """
    assert examples.times is not None
    known = np.nan_to_num(examples.times, nan=-np.inf)
    times = np.array([known[positions].max() for positions in members])
    sizes = np.array([len(positions) for positions in members])
    start = _cut(times, sizes, float(getattr(dataset, "test_fraction", 0.0)))
    before = times < start
    if dataset.folds > 1:
        if dataset.fold >= dataset.folds:
            raise TrainyardError(
                "Fold {fold} does not exist: there are {folds} folds, counted from 0.",
                fold=dataset.fold,
                folds=dataset.folds,
            )
        parts = dataset.folds + 1
        ends = [_cut(times[before], sizes[before], 1 - part / parts) for part in (dataset.fold + 1, dataset.fold + 2)]
        first, last = ends if dataset.fold + 2 < parts else (ends[0], start)
    else:
        first, last = _cut(times[before], sizes[before], dataset.validation_fraction), start
    masks: dict[Split, np.ndarray] = {
        "train": times < first,
        "validation": (times >= first) & (times < last),
        "test": times >= start,
    }
    found = {
        name: np.sort(np.concatenate([members[i] for i in np.flatnonzero(mask)]))
        if mask.any()
        else np.empty(0, np.int64)
        for name, mask in masks.items()
    }
    _check_classes(dataset, examples, found["train"])
    return found


def _cut(times: np.ndarray, sizes: np.ndarray, fraction: float) -> float:
    """Return the time from which on there is `fraction` of all examples, nearly: at least one time, and never the first."""
    found, inverse = np.unique(times, return_inverse=True)
    if len(found) < 2:
        return math.inf
    counts = np.bincount(inverse, weights=sizes)
    later = counts[::-1].cumsum()[::-1] / counts.sum()  # share of the examples at each time or after it
    return float(found[1 + int(np.abs(later[1:] - fraction).argmin())])


def _check_classes(dataset: Dataset, examples: Examples, train: np.ndarray) -> None:
    """Raise `TrainyardError` where a class has no example to learn from."""
    codec = codec_of(dataset)
    if codec.classes and (absent := sorted(set(range(len(examples.labels))) - set(examples.targets[train].tolist()))):
        raise TrainyardError(
            "Split by time, {dataset!r} has no example of {label!r} early enough to train on. Draw the splits at random.",
            dataset=dataset.name,
            label=examples.labels[absent[0]],
        )


def _units(examples: Examples) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the units to split: groups where there are any, else single examples, each with its member positions."""
    groups = examples.groups if examples.groups is not None else np.arange(len(examples.inputs))
    names, inverse = np.unique(groups, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    return names, np.split(order, np.cumsum(np.bincount(inverse))[:-1])


def _strata(dataset: Dataset, examples: Examples) -> np.ndarray:
    """Return what each split has its share of, (examples,): what the source says, else what the targets suggest."""
    if examples.strata is not None:
        return examples.strata
    codec = codec_of(dataset)
    return codec.strata(codec.store(examples.targets, len(examples.inputs)))


def _draw(
    where: np.ndarray, classes: np.ndarray, fraction: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Take `fraction` of each class out of `where`, at least one and never the last: (taken, rest).

    Where that takes nothing, since each is the only one of its class, the fraction is taken of all of them.
    """
    taken: list[np.ndarray] = []
    for label in np.unique(classes[where]):
        members = rng.permutation(where[classes[where] == label])
        count = round(len(members) * fraction)
        taken.append(members[: min(max(count, 1 if fraction > 0 else 0), len(members) - 1)])
    chosen = np.concatenate(taken) if taken else np.empty(0, np.int64)
    if fraction > 0 and not len(chosen) and len(taken) > 1:
        return _draw(where, np.zeros_like(classes), fraction, rng)
    return chosen, np.setdiff1d(where, chosen)


def _fold(
    dataset: Dataset, where: np.ndarray, classes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One of `folds` disjoint shares of each class in `where`, and the rest: the shares do not depend on `fold`."""
    if dataset.fold >= dataset.folds:
        raise TrainyardError(
            "Fold {fold} does not exist: there are {folds} folds, counted from 0.",
            fold=dataset.fold,
            folds=dataset.folds,
        )
    folds = np.empty(len(classes), np.int64)
    for label in np.unique(classes[where]):
        members = rng.permutation(where[classes[where] == label])
        if len(members) < dataset.folds:
            raise TrainyardError(
                "Dataset {dataset!r} has a class with {members} examples outside the test split, too few for "
                "{folds} folds. Choose fewer folds, or add examples.",
                dataset=dataset.name,
                members=len(members),
                folds=dataset.folds,
            )
        folds[members] = np.arange(len(members)) % dataset.folds
    chosen = where[folds[where] == dataset.fold]
    return chosen, np.setdiff1d(where, chosen)


def check_examples(dataset: Dataset, examples: Examples) -> None:
    """Refuse what nothing can be learned from, with a sentence."""
    if len(examples.inputs) == 0:
        raise TrainyardError(
            "Dataset {name!r} has no examples. Add files, or choose another dataset.", name=dataset.name
        )
    codec = codec_of(dataset)
    stored = codec.store(examples.targets, len(examples.inputs))
    codec.check(dataset.name, stored, examples.labels, examples.groups)


def _check_splits(dataset: Dataset, splits: Mapping[Split, np.ndarray]) -> None:
    """Raise `TrainyardError` if nothing is left to train on, or to choose epochs on."""
    if not (len(splits["train"]) and len(splits["validation"])):
        raise TrainyardError(
            "Dataset {name!r} has too few different examples: equal and related ones stay in one split, and none are "
            "left for training or validation. Add examples, or columns that distinguish them.",
            name=dataset.name,
        )


def codec_of(dataset: Dataset) -> Targets:
    """Return the form of the targets of a dataset: its task says so."""
    return tasks[dataset.task()].targets


def _write(dataset: Dataset, path: Path) -> None:
    examples = dataset.load_for_task()
    check_examples(dataset, examples)
    splits = split_examples(dataset, examples)
    _check_splits(dataset, splits)
    modality = tasks[dataset.task()].modality
    stored = modalities[modality].store(examples.inputs)
    codec = codec_of(dataset)
    targets = codec.store(examples.targets, len(examples.inputs))
    info = DataInfo(
        stored.shape,
        examples.labels,
        examples.columns,
        examples.target,
        modality=modality,
        timeline=examples.timeline,
        catalogue=examples.catalogue,
        target_shape=tuple(targets.shape[1:]) if codec.name == Arrays.name and isinstance(targets, np.ndarray) else (),
    ).to_dict()
    hashed = {name: value for name, value in info.items() if name not in _LATER}
    identity = [hashed, len(examples.inputs), stored.kind, stored.texts]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode())
    for array in (*stored.files.values(), *codec.files(targets).values(), *(splits[name] for name in SPLITS)):
        digest.update(np.ascontiguousarray(array).data)
    meta = {
        **info,
        "text_column": examples.text_column,  # not of the content: equal texts are equal data
        "dataset": dataset.to_dict(),
        "kind": stored.kind,
        "task": dataset.task(),
        "targets": codec.name,
        "counts": {name: codec.counts(targets[where], examples.labels) for name, where in splits.items()},
        "content_hash": digest.hexdigest(),
        "by_time": examples.times is not None or modalities[modality].by_time,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=path.parent))
    try:
        for name, array in stored.files.items():
            np.save(temporary / name, array)
        for name, text in stored.texts.items():
            (temporary / name).write_text(text, encoding="utf-8")
        for name, array in codec.files(targets).items():
            np.save(temporary / name, array)
        np.savez(
            temporary / "splits.npz",
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
        )
        (temporary / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
        temporary.rename(path)
    except OSError:
        if not (path / "meta.json").is_file():  # somebody else was first: theirs is as good
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
