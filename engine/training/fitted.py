"""What training leaves behind, whatever was trained: as much as saving and evaluating it take."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.tasks.base import Call
from engine.training.calling import Watch


class SavedCall(Protocol):
    """The saved model as evaluation calls it."""

    def __call__(self, inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> Any:
        """Map raw inputs to outputs: see `engine.tasks.base.Call`."""

    def begin(self) -> None:
        """Forget earlier calls."""

    def representation(self, examples: int) -> np.ndarray | None:
        """Return what the first call since `begin` made of its inputs (examples, units); None where it had other ones."""


class Fitted(Protocol):
    """A network of a run, or its trees."""

    @property
    def file(self) -> str:
        """Return the name of the file that it is saved in."""

    @property
    def compared(self) -> str:
        """Return the name of the layer by whose output inputs are compared; empty where they are not."""

    def saved_call(self, watch: Watch | None = None) -> SavedCall:
        """Return it as evaluation calls it; `watch` is called after each batch."""

    def call_for(self, example: np.ndarray) -> Call:
        """Return the fastest call for inputs like this one, an example (1, ...), again and again."""

    def write(self, path: Path) -> None:
        """Write the file that it is saved in."""
