"""Interface of modalities for pages, and their registry."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.plugins import import_plugins
from engine.preparation.prepare import PreparedDataset
from engine.runs import Run
from ui.widgets.tiles import Look

File = tuple[str, bytes]
"""A name and the bytes, as the predictor takes them."""
Cells = tuple[dict[str, list[Any]], dict[str, Any]]
"""Columns of a table by name, and how `st.dataframe` shows them (`column_config`)."""


class Modality(Protocol):
    """One kind of input, as people see it: the twin of the engine's `Modality` of the same name."""

    @property
    def measures(self) -> Mapping[str, str]:
        """Names of the measures of the engine's modality; one that is missing keeps its name."""

    def size(self, info: DataInfo) -> str:
        """Return the size of one input, in words such as "28 × 28 pixels"; empty where that says nothing."""

    def look(self, prepared: PreparedDataset) -> None:
        """Draw what a dataset holds: examples of each class, and how many there are."""

    def ask(self, run: Run, dataset: Dataset) -> list[File]:
        """Draw the widgets that take inputs for a run's network; what was given, nothing while nothing is."""

    def show(self, file: File) -> None:
        """Draw one input that was given, beside its prediction."""

    def cells(self, files: Sequence[File]) -> Cells:
        """Columns that tell the inputs of a table of predictions apart, beside their names."""

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Draw the examples of a dataset at `positions`, each with its caption."""

    def tile(self, prepared: PreparedDataset, position: int) -> Look:
        """Return how the example of a dataset at `position` is recognised among others, small."""


_MODALITIES: dict[str, Modality] = {}


def register(name: str, how: Modality) -> None:
    """Say how inputs of a modality are shown and given."""
    _MODALITIES[name] = how


def modality(name: str) -> Modality:
    """The one of this name. Raises `TrainyardError` for one that has no file here."""
    if name not in _MODALITIES:
        package = importlib.import_module("ui.modalities")
        for found in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"ui.modalities.{found.name}")
        import_plugins("ui")
    if name not in _MODALITIES:
        raise TrainyardError(f"There is no way yet to give an input of modality {name!r} in the browser.")
    return _MODALITIES[name]


def modality_of(prepared: PreparedDataset) -> Modality:
    """Return the modality of the inputs of a prepared dataset."""
    return modality(prepared.modality.name)
