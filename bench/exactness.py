"""Whether a run interrupted at any step ends with the same weights after resuming: every model, optimizer and augmentation.

Each combination is trained on a few made-up examples without interruption, and once more with one at a step that a seed
chooses: it is stopped, paused, or its process dies there. A fresh network continues from the checkpoint.
"""

import itertools
import json
import logging
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

from bench.children import ROOT, empty_home
from engine.augmentations.base import augmentations
from engine.catalogue import ItemColumn
from engine.data_info import Column
from engine.datasets.base import Dataset, Examples, UnsplitDataset, datasets
from engine.datasets.sources.choices import Choices, ChoicesDataset
from engine.datasets.sources.windows import SeriesDataset
from engine.language.reader import Writes
from engine.language.rewriter import Rewrites
from engine.modalities.base import modalities
from engine.modalities.table.rows import make_rows
from engine.models.base import models
from engine.optimizers import optimizers
from engine.runs import Run, RunSpec, RunState, without_unused
from engine.schedules import schedules
from engine.speech.written import written
from engine.store import Store, open_store
from engine.tasks.base import tasks
from engine.timeline import Timeline

logger = logging.getLogger(__name__)

EPOCHS, BATCH, EXECUTION = 3, 4, 2
COUNT = 40
"""Examples: 24 or 28 of them are trained on, in six or seven steps of an epoch, two in an execution."""
VALUES: dict[str, Any] = {
    "units": 8, "filters": 8, "width": 8, "blocks": 1, "depth": 1, "stages": 1, "embedding": 16, "heads": 2, "expansion": 1, "latent": 4,
    "embedding_size": 8, "sequence_length": 12, "vocabulary_size": 1_000, "context_length": 8,
    "resolution": 96, "patches_per_side": 2, "steps_per_patch": 3,
    "dropout": 0.3, "recurrent_dropout": 0.3, "word_dropout": 0.2, "unfreeze_from": "block4",
    "learning_rate": 0.01, "plateau_patience": 1, "clip_norm": 1.0, "rounds": 2, "leaf_examples": 2, "columns_tried": 0.5,
    "flip": "horizontal", "rotation": 20.0, "shift": 0.1, "zoom": 0.1, "contrast": 0.3, "tint": 0.2,
    "versions": 2, "shift_ms": 20, "speed": 0.1, "noise": 0.5, "hide_time": 0.2, "hide_pitch": 0.2,
}  # fmt: skip
"""Small networks in which everything that draws random numbers is on; each uses the values that it has fields for."""


@dataclass(frozen=True)
class Case:
    """One combination."""

    modality: str
    model: str
    optimizer: str
    schedule: str
    augmented: bool
    patience: int

    def __str__(self) -> str:
        words = [self.modality, self.model, self.optimizer, self.schedule]
        return "-".join(words + (["augmented"] if self.augmented else []) + (["patient"] if self.patience else []))

    def spec(self) -> RunSpec:
        """Return the spec that is trained."""
        written = issubclass(models[self.model], Writes)
        kind = "pairs" if issubclass(models[self.model], Rewrites) else "lines" if written else self.modality
        parts = {"dataset": f"few-{kind}", "model": self.model}
        if kind == "pairs":
            parts["task"] = next(name for name in _Pairs.tasks if tasks[name].accepts(models[self.model]))
        parts |= {"optimizer": self.optimizer, "schedule": self.schedule}
        random_changes = set(augmentations[self.modality].model_fields) if self.modality in augmentations else set()
        known = {*RunSpec.build(parts).values()} - (set() if self.augmented else random_changes)
        if self.modality == "text" and not written:  # the name stands for the source of word vectors
            known.discard("embedding")
        values = {name: value for name, value in VALUES.items() if name in known}
        fixed = {"epochs": EPOCHS, "batch_size": BATCH, "patience": self.patience, "deterministic": True}
        return RunSpec.build(without_unused(models[self.model], parts | values | fixed))


def all_cases() -> list[Case]:
    """Return every model with every optimizer, with and without augmentation; schedules and patience alternate."""
    found = []
    for modality, model in ((m, name) for m in modalities.order for name in models if m in models[name].modalities):
        choices = (False, True) if modality in augmentations else (False,)
        steps = "optimizer" not in models[model].unused
        for optimizer, augmented in itertools.product(optimizers if steps else [next(iter(optimizers))], choices):
            turn = len(found) + len(found) // 4  # so that not each optimizer has a schedule of its own
            schedule = list(schedules)[turn % len(list(schedules))]
            found.append(Case(modality, model, optimizer, schedule, augmented, patience=turn % 3 % 2))
    return found


def few_cases() -> list[Case]:
    """Return each model once, and among them each optimizer, schedule and augmentation."""
    found: dict[str, Case] = {}
    for case in all_cases():
        turn = len(found)
        wanted = list(optimizers)[turn % len(list(optimizers))]
        if (
            case.model not in found
            and (case.optimizer == wanted or "optimizer" in models[case.model].unused)
            and case.augmented == (case.modality in augmentations and turn % 2 == 0)
        ):
            schedule = list(schedules)[(turn + turn // 4) % len(list(schedules))]
            found[case.model] = Case(case.modality, case.model, wanted, schedule, case.augmented, turn % 2)
    return list(found.values())


def difference(store: Store, case: Case) -> str:
    """Return what differs between a run with and without an interruption; empty where nothing does."""
    from engine.training import fit

    whole = _train(store, case)
    fit.forget()
    chances = (whole.epoch * _chances(whole)) or 1
    rng = random.Random(str(case))  # nosec B311
    chance, way = rng.randrange(1, chances + 1), rng.choice(["stop", "pause", "kill"])
    broken = _train_with_break(store, case, chance, way)
    fit.forget()
    where = f"{case}: {way} at chance {chance} of {chances}"
    if (broken.state, broken.attempt) != (RunState.COMPLETED, 2):
        return f"{where}: {broken.state} after {broken.attempt} attempts: {broken.message}"
    if broken.result["weights_sha256"] != whole.result["weights_sha256"]:
        return f"{where}: other weights"
    if (store.metrics.history(whole.id), whole.best) != (store.metrics.history(broken.id), broken.best):
        return f"{where}: another history"
    return ""


@contextmanager
def few_examples() -> Iterator[None]:
    """Register the made-up datasets, shorten executions, and skip evaluation after training."""
    from engine.training import fit, pipeline, session, stopped

    own = {
        "few-lines": _Lines,
        "few-pairs": _Pairs,
        "few-speech": _Speech,
        "few-voiced-text": _Voices,
        "few-scene": _Scenes,
        "few-image-pair": _ImagePairs,
        "few-named-class": _Pictures,
        "few-choices": _Choices,
    }
    made = own | {name: _dataset(modality) for modality in modalities.order if (name := f"few-{modality}") not in own}
    for name, dataset in made.items():
        datasets.register(name)(dataset)
    changed: list[tuple[Any, str, Any]] = [
        (session, "FIRST_EXECUTION_STEPS", EXECUTION),
        (session, "execution_steps", lambda *_: EXECUTION),
        (fit, "evaluate_run", lambda *_: {}),
        (fit, "compare_run", lambda *_: {}),
        (stopped, "estimate_evaluation", lambda *_: math.inf),
        (pipeline, "_BUCKET_BATCHES", 2),
    ]
    patches = [patch.object(*change) for change in changed]
    try:
        for each in patches:
            each.start()
        yield
    finally:
        for each in patches:
            each.stop()
        for name in made:
            datasets.unregister(name)


class _Killed(BaseException):
    """Stands for the death of a process: nothing after it is executed."""


def _chances(run: Run) -> int:
    """Return how often a run is asked in an epoch whether it should end: after each execution and each validation batch; where
    trees are grown, before an epoch."""
    if "optimizer" in run.parsed().model.unused:
        return 1
    steps = run.total_steps // run.total_epochs
    return -(-steps // EXECUTION) + 1


def _train(store: Store, case: Case) -> Run:
    from engine.training import fit

    run = store.runs.create(case.spec(), slot="terminal")
    fit.train_run(store, run)
    return store.runs.get(run.id)


def _train_with_break(store: Store, case: Case, chance: int, way: str) -> Run:
    from engine.training import fit
    from engine.training.reporter import Ended, Reporter

    class Breaking(Reporter):
        asked = 0

        def obey(self) -> None:
            super().obey()
            self.asked += self._position is not None  # once it trains
            if self.asked == chance:
                self.asked += 1
                raise _Killed if way == "kill" else Ended(RunState.STOPPED if way == "stop" else RunState.PAUSED)

    run = store.runs.create(case.spec(), slot="terminal")
    with patch.object(fit, "Reporter", Breaking):
        try:
            fit.train_run(store, run)
        except _Killed:
            store.attempts.end(run, RunState.FAILED, "Killed.")
    fit.forget()
    if store.runs.get(run.id).state is not RunState.COMPLETED:
        fit.train_run(store, store.runs.resume(run.id, slot="terminal"))
    return store.runs.get(run.id)


def _dataset(modality: str) -> type[Dataset]:
    """Return forty examples of two classes."""
    if modality == "time-series":
        return _Series
    task = next(name for name in tasks if tasks[name].modality == modality and "classification" in name)

    class Few(UnsplitDataset):
        __doc__ = f"Made-up examples: {modality}."
        tasks = (task,)

        def fingerprint(self) -> str:
            return modality

        def load(self) -> Examples:
            rng, targets = np.random.default_rng(0), np.arange(COUNT) % 2
            made = _MAKERS[modality](rng, targets)
            columns = (Column("a", "number"), Column("b", "number")) if modality == "table" else ()
            return Examples(made, targets.astype(np.int64), ("low", "high"), columns=columns)

    return Few


class _Lines(UnsplitDataset):
    """Made-up lines, to be written."""

    tasks = ("text-generation",)

    def fingerprint(self) -> str:
        """They never change."""
        return "lines"

    def load(self) -> Examples:
        """As many as of all others."""
        return Examples(_texts(np.random.default_rng(0), np.arange(COUNT) % 2), None)


class _Pairs(_Lines):
    """The same lines, to be written backwards."""

    tasks = ("text2text-generation", "summarization")

    def load(self) -> Examples:
        """As many as of all others."""
        texts = super().load().inputs
        return Examples(texts, [text[::-1] for text in texts])


class _Choices(ChoicesDataset):
    """Made-up choices of two kinds of people among six things."""

    history: int = 4
    """Short."""

    def fingerprint(self) -> str:
        """They never change."""
        return "choices"

    def load(self) -> Examples:
        """About as many as of all others."""
        rng = np.random.default_rng(0)
        people = np.repeat(np.arange(12), 3)
        items = np.concatenate([1 + 2 * rng.permutation(3) + person % 2 for person in range(12)])
        kinds = ItemColumn("kind", "category", ("odd", "even") * 3)
        found = Choices.of(people, items, rng.permutation(len(people)).astype(float))
        return self.examples_of(found, [f"thing {number}" for number in range(1, 7)], [kinds])


class _Series(SeriesDataset):
    """A made-up series with a season, one channel that is measured and one that is known beforehand."""

    window: int = 8
    """Short."""
    horizon: int = 4
    """Shorter."""

    def fingerprint(self) -> str:
        """They never change."""
        return "series"

    def load(self) -> Examples:
        """As many windows as of all others."""
        steps = np.arange(COUNT + 18)
        rng = np.random.default_rng(0)
        values = np.stack([np.sin(steps / 2), np.cos(steps / 3), steps % 7 == 0], axis=1)
        line = Timeline(self.window, self.horizon, 12, "day", ("value", "measured", "known"), hidden=2)
        return self.cut([values + rng.normal(0, 0.1, values.shape)], line, "value")


class _Speech(UnsplitDataset):
    """Made-up sounds of different length, each with a word or two."""

    tasks = ("automatic-speech-recognition",)

    def fingerprint(self) -> str:
        """They never change."""
        return "speech"

    def load(self) -> Examples:
        """As many as of all others."""
        rng, words = np.random.default_rng(0), 1 + np.arange(COUNT) % 2
        clips = np.empty(COUNT, object)
        clips[:] = [
            rng.integers(-9_000, 9_000, 4_000 * count + rng.integers(3_000)).astype(np.int16) for count in words
        ]
        return Examples(clips, written(" ".join(["low", "high"][:count]) for count in words))


class _Scenes(UnsplitDataset):
    """Made-up noise with a box or two in each picture, or none."""

    tasks = ("object-detection",)

    def fingerprint(self) -> str:
        """They never change."""
        return "scenes"

    def load(self) -> Examples:
        """As many as of all others."""
        rng = np.random.default_rng(0)
        low = rng.integers(0, 16, (COUNT, 2, 2))
        boxes = np.concatenate([low, low + 12, rng.integers(0, 2, (COUNT, 2, 1))], axis=2)
        pictures = rng.integers(0, 256, (COUNT, 32, 32, 3)).astype(np.uint8)
        return Examples(pictures, [some[: i % 3] for i, some in enumerate(boxes)], ("low", "high"))


class _ImagePairs(UnsplitDataset):
    """Made-up noise, the same twice."""

    tasks = ("image-similarity",)

    def fingerprint(self) -> str:
        """They never change."""
        return "image pairs"

    def load(self) -> Examples:
        """As many as of all others."""
        rng, numbers = np.random.default_rng(0), np.arange(COUNT)
        pictures = rng.integers(0, 256, (COUNT, 1, 8, 8, 1)).astype(np.uint8)
        targets = np.stack([numbers, numbers, numbers + COUNT], axis=1)
        return Examples(np.repeat(pictures, 2, axis=1), targets, tuple(map(str, numbers)))


class _Voices(UnsplitDataset):
    """Made-up sounds of two words in three voices."""

    tasks = ("text-to-speech",)

    def fingerprint(self) -> str:
        """They never change."""
        return "voices"

    def load(self) -> Examples:
        """As many as of all others."""
        rng, numbers = np.random.default_rng(0), np.arange(COUNT)
        rows = make_rows(None, np.array([(("low", "high")[i % 2], f"v{i % 3}") for i in numbers.tolist()], object))
        columns = (Column("text", "category", ("low", "high")), Column("voice", "category", ("v0", "v1", "v2")))
        return Examples(rows, rng.integers(-9_000, 9_000, (COUNT, 3_200)).astype(np.int16), columns=columns)


class _Pictures(_Voices):
    """Made-up pictures of two classes, to be made."""

    tasks = ("image-generation",)

    def load(self) -> Examples:
        """As many as of all others."""
        rng, numbers = np.random.default_rng(0), np.arange(COUNT) % 2
        rows = make_rows(None, np.array([[("low", "high")[i]] for i in numbers.tolist()], object))
        pictures = (rng.integers(0, 120, (COUNT, 8, 8, 1)) + 100 * numbers[:, None, None, None]).astype(np.uint8)
        columns = (Column("class", "category", ("low", "high")),)
        return Examples(rows, pictures, ("low", "high"), strata=numbers, columns=columns)


def _texts(rng: np.random.Generator, targets: np.ndarray) -> np.ndarray:
    words = [" ".join(rng.choice(["the", "film", "is"], rng.integers(0, 9))) for _ in targets]
    return np.array([f"{text} {('bad', 'good')[t]}" for text, t in zip(words, targets, strict=True)], object)


_MAKERS: dict[str, Any] = {
    "image": lambda rng, targets: (rng.integers(0, 120, (COUNT, 8, 8, 1)) + 100 * targets[:, None, None, None]).astype(
        np.uint8
    ),
    "text": _texts,
    "audio": lambda rng, targets: (rng.normal(0, 3_000, (COUNT, 4_000)) * (1 + targets[:, None])).astype(np.int16),
    "table": lambda rng, targets: make_rows(rng.normal(targets[:, None], 1, (COUNT, 2)), None),
}


def measure() -> dict[str, Any]:
    """Run the whole matrix, in a process and a home folder of its own."""
    with empty_home() as environment:
        done = subprocess.run(
            [sys.executable, "-m", "bench.exactness"],
            cwd=ROOT, env=environment | {"TRAINYARD_CHECKPOINT_SECONDS": "0"}, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Try all combinations, one after the other, and list those that differ."""
    cases, differences = all_cases(), []
    with few_examples():
        store = open_store()
        for number, case in enumerate(cases, 1):
            try:
                found = difference(store, case)
            except Exception as error:
                logger.exception("%s cannot be trained.", case)
                found = f"{case}: {type(error).__name__}: {error}"
            differences += [found] if found else []
            print(f"{number} of {len(cases)} {case}: {found or 'identical'}", file=sys.stderr, flush=True)
    print(
        json.dumps({"combinations": len(cases), "identical": len(cases) - len(differences), "differences": differences})
    )


if __name__ == "__main__":
    main()
