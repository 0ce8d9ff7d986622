"""A text and the voice that is to say it: a row of two columns."""

from typing import Any, ClassVar

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import DataInfo
from engine.modalities.base import modalities
from engine.modalities.own import OwnKind
from engine.modalities.seen import Seen
from engine.modalities.table import Table

TEXT, VOICE = "text", "voice"
"""The columns, in this order."""


@modalities.register("voiced-text", "Text and voice")
class VoicedText(Table):
    """Structured arrays (examples,) of one field `categories` with two words: text and voice."""

    group = "audio"
    checks: ClassVar[tuple[str, ...]] = ("duplicates",)  # type: ignore[assignment]  # fewer than those of tables
    occludes = False
    own: ClassVar[OwnKind | None] = None  # type: ignore[assignment]  # tables have one, and this has none

    def learns(self) -> bool:
        """Return False: the task learns characters and voices."""
        return False

    def freezes(self) -> bool:
        """Return False: there is nothing to look up."""
        return False

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Seen]:
        """Nothing: the task makes ids of text and voice, and nobody could read them."""
        return []

    def measures(self, inputs: Any, where: np.ndarray, info: DataInfo) -> dict[str, np.ndarray]:
        """Characters of the text."""
        return {"characters": np.array([len(text) for text, _voice in inputs[where]["categories"].tolist()])}

    def advise(self, facts: Facts) -> Advice | None:
        """Nothing was measured."""
        return None
