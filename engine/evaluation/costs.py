"""A threshold between two classes, by what the two kinds of mistakes cost: Elkan 2001, The foundations of cost-sensitive learning."""

from dataclasses import dataclass

import numpy as np

CURVE_POINTS = 101
"""Thresholds from 0 to 1 at which costs are drawn."""


@dataclass(frozen=True)
class Costs:
    """Costs of the two mistakes, in any unit that both share."""

    missed: float
    """Of an example of the class that is looked for and not taken for it."""
    false_alarm: float
    """Of another example that is taken for it."""

    @property
    def calibrated_threshold(self) -> float:
        """Return the probability from which on an alarm is cheaper, where probabilities mean what they say."""
        return self.false_alarm / (self.false_alarm + self.missed)


@dataclass(frozen=True)
class Decided:
    """Decisions at one threshold."""

    threshold: float
    missed: int
    false_alarms: int
    mean_cost: float
    """Cost of an example on average."""


def decide_at(threshold: float, probabilities: np.ndarray, positive: np.ndarray, costs: Costs) -> Decided:
    """Return what it costs to take for the class all examples whose `probabilities` (examples,) reach `threshold`.

    `positive` (examples,) bool: those that belong to it.
    """
    taken = probabilities >= threshold
    missed, alarms = int((positive & ~taken).sum()), int((taken & ~positive).sum())
    total = missed * costs.missed + alarms * costs.false_alarm
    return Decided(float(threshold), missed, alarms, total / max(len(positive), 1))


def best_threshold(probabilities: np.ndarray, positive: np.ndarray, costs: Costs) -> float:
    """Return the threshold of least cost on these examples: between two probabilities that occur, or 0, or above all of them.

    Of several that cost the same, the one nearest to `Costs.calibrated_threshold`.
    """
    order = np.argsort(probabilities, kind="stable")
    ranked, belongs = np.asarray(probabilities, np.float64)[order], positive[order]
    first = np.flatnonzero(np.diff(ranked, prepend=-np.inf) > 0)  # at each a threshold may be, with all before it below
    missed = np.concatenate([[0], np.cumsum(belongs)])[[*first, len(ranked)]]
    alarms = (~belongs).sum() - np.concatenate([[0], np.cumsum(~belongs)])[[*first, len(ranked)]]
    cost = missed * costs.missed + alarms * costs.false_alarm
    different = ranked[first]
    highest = (float(different[-1]) + 1.0) / 2 if different[-1] < 1 else 1.0 + 1e-6
    candidates = np.concatenate([[0.0], (different[1:] + different[:-1]) / 2, [highest]])
    least = np.flatnonzero(cost <= cost.min() * (1 + 1e-12))
    return float(candidates[least[np.abs(candidates[least] - costs.calibrated_threshold).argmin()]])


def cost_curve(probabilities: np.ndarray, positive: np.ndarray, costs: Costs) -> tuple[np.ndarray, np.ndarray]:
    """Return thresholds (points,) from 0 to 1, and the mean cost of an example at each."""
    thresholds = np.linspace(0.0, 1.0, CURVE_POINTS)
    ranked_in, ranked_out = np.sort(probabilities[positive]), np.sort(probabilities[~positive])
    missed = np.searchsorted(ranked_in, thresholds, side="left")
    alarms = len(ranked_out) - np.searchsorted(ranked_out, thresholds, side="left")
    return thresholds, (missed * costs.missed + alarms * costs.false_alarm) / max(len(positive), 1)
