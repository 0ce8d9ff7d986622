"""The name of a class, of which something is to be made: a row of one column."""

from typing import Any, ClassVar

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import DataInfo
from engine.modalities.base import Face, modalities
from engine.modalities.own import OwnKind
from engine.modalities.seen import Seen
from engine.modalities.table import Table


@modalities.register("named-class", "Class")
class NamedClass(Table):
    """Structured arrays (examples,) of one field `categories` with one word."""

    group = "image"
    checks: ClassVar[tuple[str, ...]] = ()  # type: ignore[assignment]  # fewer than those of tables
    occludes = False
    own: ClassVar[OwnKind | None] = None  # type: ignore[assignment]  # tables have one, and this has none

    def learns(self) -> bool:
        """Return False: the classes are known."""
        return False

    def freezes(self) -> bool:
        """Return False: there is nothing to look up."""
        return False

    def face(self, one: Any, info: DataInfo) -> Face:
        """The name."""
        return Face(text=str(one["categories"][0]))

    def measures(self, inputs: Any, where: np.ndarray, info: DataInfo) -> dict[str, np.ndarray]:
        """Nothing: names have no size."""
        return {}

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Seen]:
        """Nothing: a number stands for the class."""
        return []

    def advise(self, facts: Facts) -> Advice | None:
        """Nothing was measured."""
        return None
