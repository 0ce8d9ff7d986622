"""Dataset: a named source of labelled examples that can say where it comes from and what it cannot show."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from engine.advice.defaults import Facts
from engine.catalogue import Catalogue
from engine.data_info import Column
from engine.registry import Registry
from engine.sentences import Sentence
from engine.spec import ADVANCED, FIXED, HIDDEN, Range, Spec
from engine.timeline import Timeline

EMBEDDED = Path(__file__).resolve().parents[2] / "data"
"""Folder of the data that ships with the project, each file with its licence beside it."""


@dataclass(frozen=True)
class Examples:
    """All examples of a dataset, before they are split.

    `inputs`: images (examples, height, width, channels) uint8; texts (examples,) strings as objects; clips (examples,
    samples) int16, mono; tables (examples,) of up to three fields, see `engine.modalities.table.rows`. `targets` as the
    task's codec takes them (`engine.targets`): class indices into `labels` (examples,), values (examples,), arrays
    (examples, ...), one array an example, or None. `groups` (examples,) names examples
    that must stay in one split (two drawings of one emoji); `test` and `validation` (examples,) bool mark splits that the
    source fixes.
    """

    inputs: np.ndarray
    targets: Any
    labels: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    test: np.ndarray | None = None
    strata: np.ndarray | None = None
    """Strata of which each split gets its share, (examples,) int64, where that is not the class: kinds of voices."""
    columns: tuple[Column, ...] = ()
    """Of tables: the numbers, then the dates, then the categories."""
    target: str = ""
    """Target of a regression, with its unit."""
    validation: np.ndarray | None = None
    text_column: str = ""
    """Of texts that came from a table: the column that held them."""
    timeline: Timeline | None = None
    """Of series: the steps of one example."""
    catalogue: Catalogue | None = None
    """Of choices: the items that can be recommended."""
    times: np.ndarray | None = None
    """Times of the examples, (examples,) float64, NaN where unknown: the latest are the test, those before them the validation."""


class Dataset(Spec):
    """A named source of labelled examples. Its fields say how it is read and split."""

    tasks: ClassVar[tuple[str, ...]] = ("image-classification",)
    """Names of the tasks it serves."""
    embedded: ClassVar[bool] = True
    """Whether it works right after installation, with no network."""
    source: ClassVar[str] = ""
    """Source of the data, with a page to read."""
    licence: ClassVar[str] = ""
    """Licence of the data, as its publisher states it."""
    limits: ClassVar[str] = ""
    """Limits of the dataset: what a good result here does not mean."""
    num_examples: ClassVar[int] = 0
    """Number of examples in all splits; 0 when only reading tells."""
    num_classes: ClassVar[int] = 0
    """Number of classes; 0 when only reading tells."""
    class_words: ClassVar[dict[str, dict[str, str]]] = {}
    """What pages call its classes, by language and label. A label stays what it is everywhere else: files, API, exports."""
    suggested: ClassVar[dict[str, Any]] = {}
    """Values of other fields that suit this dataset (`epochs`, `batch_size` ...): its form defaults. `model` names the
    model to begin with, where it is not the first of the task."""
    extra_tests: ClassVar[dict[str, str]] = {}
    """Further tests from outside all splits, title by name: a run is evaluated on each once, after the test."""
    ink: ClassVar[str] = ""
    """For datasets whose images stand on an even ground, which is light or dark, as in the data: "white-on-black" or
    "black-on-white". Empty: photos."""
    drawings: ClassVar[bool] = False
    """Whether its images were drawn with a pen: then what people draw is like them, and drawing is offered first."""

    validation_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.1
    """Share of the examples outside the test split that is kept for validation, to choose epochs and hyperparameters."""
    split_seed: Annotated[int, ADVANCED] = 0
    """Seed of the random, stratified split. The same seed gives the same split."""
    folds: Annotated[int, Field(ge=0, le=20), ADVANCED] = 0
    """Cross-validation: split everything outside the test split into this many parts and start a run for each, which
    validates on its part and trains on the others. Mean and spread say more than one run. 0 or 1: off."""
    fold: Annotated[int, Field(ge=0, le=19), HIDDEN] = 0
    """Index of the fold used for validation, counted from 0."""

    @classmethod
    def usual_task(cls, values: Mapping[str, Any]) -> str:
        """Return the task where none is named; `values` are those of its fields that are known already."""
        return cls.tasks[0]

    def for_task(self, task: str) -> Self:
        """The same data as this task reads it: only where it serves several does that make a difference."""
        return self

    def facts(self, modality: str, task: str) -> Facts | None:
        """Return the facts known without reading the data, for defaults that follow it; None: `suggested` holds."""
        return None

    def task(self) -> str:
        """Return the name of the task that its targets are for: the first it serves, where the fields say no more."""
        return self.tasks[0]

    def available(self) -> bool:
        """Whether the files are on disk, so that `load` can work."""
        return True

    def missing(self) -> Sentence:
        """One sentence that says what to do when it is not `available`."""
        return Sentence("The files of dataset {name!r} are missing. Install Trainyard again.", name=self.name)

    @classmethod
    def ready(cls) -> bool:
        """Whether there is anything to train on: what lists of datasets show."""
        return cls().available()

    def fingerprint(self) -> str:
        """A short text that changes when the files do; cheap, it is asked before every launch."""
        raise NotImplementedError(f"{type(self).__name__} must define fingerprint.")

    def load(self) -> Examples:
        """Read everything into memory. Raises `TrainyardError` with what to do when files are missing or wrong."""
        raise NotImplementedError(f"{type(self).__name__} must define load.")

    def load_for_task(self) -> Examples:
        """All examples as its `task` takes them: by default as they are read."""
        return self.load()

    def extra_test(self, name: str) -> Examples:
        """The examples of one of `extra_tests`, with inputs and labels as those of `load`."""
        raise NotImplementedError(f"{type(self).__name__} must define extra_test for {name!r}.")


class UnsplitDataset(Dataset):
    """A dataset whose source fixes no test split: a random, stratified one is drawn."""

    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.15
    """Share of the examples that is kept for the test split: used once, at the end, never for decisions."""


datasets: Registry[Dataset] = Registry(
    "dataset",
    package="engine.datasets",
    order=(  # of each modality: what a beginner meets first, one's own, what is to be downloaded
        *(
            "mnist",
            "fashion",
            "digits",
            "emoji",
            "stamps",
            "emoji-styles",
            "folder",
            "fashion-mnist",
            "mnist-full",
            "cifar10",
        ),
        *("emoji-counts", "my-measured-images"),
        *("stamp-scenes", "my-scenes"),
        *("movie-snippets", "amazon-snippets", "tweets", "phrase-languages"),
        *("spoken-digits", "voice-commands", "spoken-languages", "my-clips", "speech-commands"),
        *("tang-poems", "english-prose", "my-texts", "imdb"),
        *("pronunciations", "number-words"),
        *("bible-verses", "fillets-dialogues", "docstrings", "my-pairs"),
        *("co2", "machine-sensors", "my-series"),
        *("bookshop", "my-choices"),
        *("digit-strings", "prompts", "my-recordings"),
        "digit-voices",
        *("penguins", "breast-cancer", "titanic", "wine", "iris", "diabetes", "my-table"),
    ),
)
