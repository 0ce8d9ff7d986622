"""Interface of modalities for pages, and their registry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.modalities.seen import Seen
from engine.preparation.prepare import PreparedDataset
from engine.serving.answers import Mattered, PredictResult
from engine.serving.opened import Opened
from ui.language import N_
from ui.registry import Shown

if TYPE_CHECKING:
    from engine.galleries import Enrolled
    from engine.serving.client import Stream

File = tuple[str, bytes]
"""A name and the bytes, as the predictor takes them."""
BY_PATH: dict[str | type[Any], Callable[[Any], Any]] = {PreparedDataset: lambda prepared: str(prepared.path)}
"""How `st.cache_data` tells prepared datasets apart (`hash_funcs`)."""
Cells = tuple[dict[str, list[Any]], dict[str, Any]]
"""Columns of a table by name, and how `st.dataframe` shows them (`column_config`)."""

COLOURS = N_("Orange: without this part the answer loses. Blue: it gains.")
"""What the colours of hidden parts mean."""


@dataclass(frozen=True)
class Effect:
    """What the answer loses without a part of the input."""

    part: Mapping[str, Any]
    """In the form of the engine's modality: see its `occlude`."""
    share: float
    """Of the largest effect, from -1 to 1; below zero the answer gains."""
    words: str
    """Change of the answer."""


class Gallery(Protocol):
    """Pictures of those that a network is to recognise, under their names."""

    def place(self) -> Path:
        """Return the folder in which they are kept."""

    def enrolled(self) -> "list[Enrolled]":
        """Return all, by name."""

    def enrol(self, name: str, picture: bytes) -> None:
        """Keep a picture, a PNG of our own making. Raises `TrainyardError` where that cannot be."""

    def forget(self, name: str) -> None:
        """Delete all pictures of a name."""


class Tried(Protocol):
    """What a demo page tries: the network of a run, or of a version of a published demo. It asks the service in its way."""

    @property
    def key(self) -> str:
        """What tells its widgets apart from those of another."""

    @property
    def dataset(self) -> str:
        """Name of the dataset on which it was trained."""

    @property
    def place(self) -> str:
        """Which answer of its page it gives, where there are several: empty for the first."""

    @property
    def trains(self) -> bool:
        """Whether it is still training."""

    @property
    def keeps(self) -> bool:
        """Whether answers to examples are kept for everybody."""

    def info(self) -> DataInfo | None:
        """Return what the network takes and answers with, where that is known."""

    def shows_examples(self) -> bool:
        """Return whether examples of its data may be shown. Raises `TrainyardError` where the data is not known."""

    def predict(self, files: list[File], parameters: dict[str, Any], *, examples: bool = False) -> list[PredictResult]:
        """Return an answer to each file. `examples`: they are of the data, and no person's, so that answers may be kept."""

    def stream(self, file: File, parameters: dict[str, Any]) -> "Stream[list[PredictResult]]":
        """Return the answer to one file as it comes."""

    def occlude(self, file: File, parameters: dict[str, Any]) -> Mattered:
        """Return what mattered for the answer to one file."""

    def seen(self, file: File) -> list[Seen]:
        """Return what the network gets of a file."""

    def gallery(self) -> Gallery | None:
        """Return the gallery of its network; None where whoever looks may not keep one."""

    def opened(self, files: Sequence[File], pixels: int) -> list[Opened]:
        """Return what is seen or heard of each file, opened in the predictor: nothing that people give is decoded here."""


Ask = Callable[[Tried, Dataset], list[File]]
"""Draws the widgets that take inputs for a network; returns what was given, nothing while nothing is."""
Place = Literal["beside", "after", "before"]
"""Place of the answer: beside an input that is narrow at every width; or in a second column, which on a phone follows the
input, or comes before it where the input is long."""


@dataclass(frozen=True)
class Way:
    """One of several ways to give an input."""

    word: str
    icon: str
    ask: Ask
    answer: Place = "after"
    """Place of the answer."""
    shown: bool = False
    """Whether the widget shows the input, so that nothing need show it again."""
    made: bool = False
    """Whether people make the input on the spot: draw, write, say, photograph or fill in."""
    examples: bool = False
    """Whether it gives examples of the data as they are, and nothing that a person has."""
    contents: Callable[[Dataset], list[bytes]] | None = None
    """Returns the examples that it gives, as files."""


class Modality(Protocol):
    """One kind of input, as people see it: the twin of the engine's `Modality` of the same name."""

    @property
    def measures(self) -> Mapping[str, str]:
        """Names of the measures of the engine's modality; one that is missing keeps its name."""

    def size(self, info: DataInfo) -> str:
        """Return the size of one input, in words such as "28 × 28 pixels"; empty where that says nothing."""

    def look(self, prepared: PreparedDataset) -> None:
        """Draw what a dataset holds: examples of each class, and how many there are."""

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """Return the ways to give inputs to a network that was trained on a dataset, the most natural first."""

    def show(self, tried: Tried, file: File) -> None:
        """Draw one input that was given in a way that does not show it. The file is a stranger's: see `Tried.opened`."""

    def mattered(self, given: np.ndarray | None, name: str, effects: Sequence[Effect]) -> str:
        """Draw an input with what its hidden parts did; return what its colours mean, if it has any.

        `given`: the input as the network got it, None where it is not an array of numbers.
        """

    def cells(self, tried: Tried, files: Sequence[File]) -> Cells:
        """Columns that tell the inputs of a table of predictions apart, beside their names."""

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Draw the examples of a dataset at `positions`, each with its caption."""


modalities: Shown[Modality] = Shown("ui.modalities")
"""By the name of the engine's twin."""
register = modalities.register


def modality(name: str) -> Modality:
    """Return the one of this name. Raises `TrainyardError` for one that has no file here."""
    if (found := modalities.find(name)) is None:
        raise TrainyardError("There is no way yet to give an input of modality {name!r} in the browser.", name=name)
    return found


def modality_of(prepared: PreparedDataset) -> Modality:
    """Return the modality of the inputs of a prepared dataset."""
    return modality(prepared.modality.name)
