"""Allowances: the rows of the view "What limits me". Limits of requests and budgets of members give them alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.sentences import Sentence


@dataclass(frozen=True)
class Allowance:
    """What somebody may still use of one thing, and when there is more of it."""

    name: Sentence
    """In words: Sentence("Predictions of one visitor in a minute")."""
    used: float
    held: float
    """Set aside for what runs or waits; it is charged or released later. 0 where nothing is held."""
    left: float
    """What may still be used now; never below 0."""
    unit: Sentence
    """Plural: Sentence("predictions"). Rows of one unit limit the same thing, and the strictest of them counts."""
    resets_at: float | None
    """Seconds since 1970 at which there is more again; None where only deleting or waiting for one's own runs helps."""

    @property
    def total(self) -> float:
        """All of it: used, held and left."""
        return self.used + self.held + self.left


def strictest(allowances: Sequence[Allowance]) -> frozenset[int]:
    """Return the positions of those that refuse first: of each unit the one with the least left, and of several the one that
    resets last."""
    first: dict[str, int] = {}
    for position, allowance in enumerate(allowances):
        known = first.get(allowance.unit)
        if known is None or _severity(allowance) < _severity(allowances[known]):
            first[allowance.unit] = position
    return frozenset(first.values())


def _severity(allowance: Allowance) -> tuple[float, float]:
    return allowance.left, -(allowance.resets_at if allowance.resets_at is not None else float("inf"))
