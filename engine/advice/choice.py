"""Rule that says which epoch is kept, how sure its score is, and what the later epochs were beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.advice.curves import noise
from engine.advice.evidence import Evidence, figure
from engine.advice.findings import Finding
from engine.metrics import metric_named
from engine.sentences import Sentence, counted, word

_NOISES = 2.0
"""Epochs that differ by less than so many times the noise of an epoch are not told apart."""
_LEAST_BENDS = 3
"""Second differences from which the noise can be estimated."""


@dataclass(frozen=True)
class Later:
    """What the epochs after the best one were."""

    same: int
    """How many lie within the noise of the best."""
    worse: int
    last: float
    margin: float | None
    """How much worse an epoch may be before it is told apart; None where there are too few epochs to say."""


def after_best(values: Sequence[float], best: int, *, maximize: bool) -> Later:
    """Return what follows `best`, a position in `values`, one a epoch.

    The noise of an epoch is estimated from the last two thirds of the curve: at first it bends too much.
    """
    given = np.asarray(values, float) * (1.0 if maximize else -1.0)
    settled = given[min(len(given) // 3, best) :]
    margin = _NOISES * noise(settled) if len(settled) >= _LEAST_BENDS + 2 else None
    behind = given[best] - given[best + 1 :]
    same = int((behind <= (margin or 0.0)).sum())
    return Later(same, len(behind) - same, float(values[-1]), margin)


def kept_epoch(seen: Evidence) -> Iterator[Finding]:
    """The epoch whose weights are kept, its held-out score with its interval, and why none of the later ones."""
    values, best = seen.history.get(seen.objective, ()), int(seen.best.get("epoch", 0))
    position = best - seen.first_epoch
    if seen.state == "failed" or len(values) < 2 or not 0 <= position < len(values):
        return
    found = [value for value in values if value is not None]
    if len(found) != len(values):
        return  # a gap is a run that broke
    metric = metric_named(seen.objective)
    words: dict[str, Any] = {
        "best": best,
        "epochs": seen.last_epoch,
        "metric": word(metric.word),
        "value": _with_interval(seen, metric.name, seen.best.get(seen.objective, found[position])),
    }
    if position == len(found) - 1:
        sentence = Sentence("Epoch {best} is kept, the last: it has the best validation {metric}, {value}.", **words)
    else:
        later = after_best(found, position, maximize=metric.maximize)
        sentence = Sentence(
            "Of {epochs} epochs, epoch {best} is kept: it has the best validation {metric}, {value}. {later}",
            later=_why_not(later, metric.name),
            **words,
        )
    yield Finding("kept-epoch", "note", sentence, "which-epoch-is-kept")


def _with_interval(seen: Evidence, metric: str, value: float) -> Sentence | str:
    if metric not in seen.held:
        return figure(metric, value)
    low, high = (figure(metric, end) for end in seen.held[metric])
    return Sentence(
        "{value} (with {level} confidence between {low} and {high})",
        value=figure(metric, value),
        level=f"{100 * seen.level:g}%",
        low=low,
        high=high,
    )


def _why_not(later: Later, metric: str) -> Sentence:
    """Return what the later epochs were."""
    if not later.worse:
        return counted(
            "The later epoch is no better, within the noise of single epochs.",
            "None of the {count} later ones is better; they all lie within the noise of single epochs.",
            count=later.same,
        )
    if not later.same:
        return counted(
            "The later epoch is worse: {last}.",
            "The {count} later ones are worse; the last reached {last}.",
            count=later.worse,
            last=figure(metric, later.last),
        )
    return counted(
        "Of the later ones {same} lie within the noise of single epochs, and {count} is worse.",
        "Of the later ones {same} lie within the noise of single epochs, and {count} are worse.",
        count=later.worse,
        same=later.same,
    )
