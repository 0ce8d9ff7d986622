"""The order of a leaderboard: each member with the best of what they have submitted."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.metrics import metric_named
from engine.store.submissions import Score, Scoring, Submission


@dataclass(frozen=True)
class Standing:
    """One row of a leaderboard."""

    place: int
    """From 1; equal scores share a place."""
    best: Submission
    score: Score
    submissions: int
    """How many of theirs have a score."""


def standings(submissions: Iterable[Submission], metric: str) -> list[Standing]:
    """Return the rows, the best first; of one member's equal scores the first that was submitted counts."""
    theirs: dict[int, list[Submission]] = {}
    for one in submissions:
        if one.state is Scoring.SCORED and metric in one.scores and not one.removed:
            theirs.setdefault(one.account_id, []).append(one)
    sign = -1.0 if metric_named(metric).maximize else 1.0

    def rank(one: Submission) -> tuple[float, float, int]:
        return sign * one.scores[metric].value, one.at, one.id

    best = sorted((min(all_of, key=rank) for all_of in theirs.values()), key=rank)
    found: list[Standing] = []
    for number, one in enumerate(best, 1):
        score = one.scores[metric]
        place = found[-1].place if found and found[-1].score.value == score.value else number
        found.append(Standing(place, one, score, len(theirs[one.account_id])))
    return found
