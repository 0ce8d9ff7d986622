"""From the probabilities of units over time to the units that were said, and when: connectionist temporal classification.

Graves et al. 2006, https://www.cs.toronto.edu/~graves/icml_2006.pdf: a network says at each step a unit or nothing (blank); what
is said in several steps in a row counts once.
"""

import itertools
from typing import NamedTuple

import numpy as np

from engine.speech.units import BLANK

_LEAST = 1e-30
_LIKELY = 1e-3  # units below this probability are not tried at a step


class Said(NamedTuple):
    """One unit."""

    unit: int
    start: int
    """The first step in which it is said."""
    end: int
    """The step after the last."""
    probability: float
    """The highest one that it has in these steps."""


def greedy(probabilities: np.ndarray) -> list[Said]:
    """(steps, units) -> the likeliest unit at each step."""
    best = probabilities.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best)) + 1
    starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(best)]])
    return [
        Said(int(best[start]), int(start), int(end), float(probabilities[start:end, best[start]].max()))
        for start, end in zip(starts, ends, strict=True)
        if end > start and best[start] != BLANK
    ]


def beam(probabilities: np.ndarray, width: int) -> list[Said]:
    """(steps, units) -> the likeliest sequence of units, of the `width` that are followed at each step.

    Prefix search: Hannun et al. 2014, https://arxiv.org/abs/1408.2873, without a language model.
    """
    found: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}  # ended by a blank, by its last unit
    for now in probabilities:
        after: dict[tuple[int, ...], tuple[float, float]] = {}
        likely = [int(unit) for unit in np.flatnonzero(now >= _LIKELY) if unit != BLANK]
        for prefix, (blank, unit) in found.items():
            last = prefix[-1] if prefix else BLANK
            _add(after, prefix, (blank + unit) * float(now[BLANK]), unit * float(now[last]) if prefix else 0.0)
            for new in likely:  # the same unit twice needs a blank in between
                _add(after, (*prefix, new), 0.0, (blank if new == last else blank + unit) * float(now[new]))
        best = sorted(after.items(), key=lambda item: -sum(item[1]))[:width]
        total = max(sum(best[0][1]), _LEAST)
        found = {prefix: (blank / total, unit / total) for prefix, (blank, unit) in best}
    return align(probabilities, list(next(iter(found))))


def _add(found: dict[tuple[int, ...], tuple[float, float]], prefix: tuple[int, ...], blank: float, unit: float) -> None:
    before = found.get(prefix, (0.0, 0.0))
    found[prefix] = before[0] + blank, before[1] + unit


def align(probabilities: np.ndarray, ids: list[int]) -> list[Said]:
    """(steps, units) -> when each of `ids` is said, on the likeliest way through all of them; none where they do not fit."""
    if not ids or len(probabilities) < len(ids) + sum(a == b for a, b in itertools.pairwise(ids)):
        return []
    path = np.array([BLANK, *(number for unit in ids for number in (unit, BLANK))])
    logs = np.log(np.maximum(probabilities[:, path], _LEAST))
    skips = np.zeros(len(path), bool)
    skips[3::2] = path[3::2] != path[1:-2:2]
    score = np.full(len(path), -np.inf)
    score[:2] = logs[0, :2]
    moves = np.zeros(logs.shape, np.int8)
    for step in range(1, len(logs)):
        one = np.concatenate([[-np.inf], score[:-1]])
        two = np.where(skips, np.concatenate([[-np.inf, -np.inf], score[:-2]])[: len(path)], -np.inf)
        ways = np.stack([score, one, two])
        moves[step] = ways.argmax(axis=0)
        score = ways.max(axis=0) + logs[step]
    place = len(path) - 1 if score[-1] >= score[-2] else len(path) - 2
    places = np.empty(len(logs), int)
    for step in range(len(logs) - 1, -1, -1):
        places[step] = place
        place -= int(moves[step, place])
    found = []
    for number, unit in enumerate(ids):
        steps = np.flatnonzero(places == 2 * number + 1)
        found.append(Said(unit, int(steps[0]), int(steps[-1]) + 1, float(probabilities[steps, unit].max(initial=0.0))))
    return found
