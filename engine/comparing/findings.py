"""Everything that a comparison of several runs shows: pairs on the same test examples, seeds, groups of seeds."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.comparing.correction import about_correction, corrected
from engine.comparing.seeds import Seeds, Welch, compare_seeds, group_seeds
from engine.comparing.verdicts import Verdict, compare_pairs
from engine.errors import TrainyardError
from engine.runs import Run
from engine.settings import settings

MOST_GROUPS = 4
"""With more groups of seeds than this, each is compared with the first only."""


@dataclass(frozen=True)
class Findings:
    """The verdicts on a selection of runs."""

    pairs: tuple[Verdict, ...]
    seeds: tuple[Seeds, ...]
    groups: tuple[Welch, ...]

    def sentences(self) -> list[str]:
        """Return all verdicts in words; what holds for several pairs is said once."""
        return list(
            dict.fromkeys([*(pair.sentences() for pair in self.pairs), *self.about_seeds(), *self.correction()])
        )

    def correction(self) -> list[str]:
        """Return how multiple tests were corrected; nothing where there is only one."""
        several = len(self.groups) > 1 or any(pair.pairs > 1 for pair in self.pairs)
        return [about_correction()] if several else []

    def about_seeds(self) -> list[str]:
        """Return the sentences on groups of seeds, each alone and compared with each other."""
        return [group.sentence() for group in self.seeds] + [pair.sentence() for pair in self.groups]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        found = {name: [found.to_dict() for found in getattr(self, name)] for name in ("pairs", "seeds", "groups")}
        words = self.correction()
        return found | {"correction": {"method": "holm", "sentence": words[0]} if words else None}


def compare_runs(runs: Sequence[Run]) -> Findings:
    """Compare runs with their environment, as `get_run` returns them; the others are compared with the first."""
    check_number(len(runs))
    seeds = group_seeds(runs)
    return Findings(tuple(compare_pairs(runs)), tuple(seeds), tuple(_compare_groups(seeds)))


def check_number(count: int) -> None:
    """Raise `TrainyardError` for too few or too many runs."""
    most = settings().max_compared_runs
    if not 2 <= count <= most:
        raise TrainyardError(
            "{count} runs cannot be compared: choose 2 to {most} different ones (TRAINYARD_MAX_COMPARED_RUNS).",
            count=count,
            most=most,
        )


def _compare_groups(seeds: Sequence[Seeds]) -> list[Welch]:
    pairs = list(itertools.combinations(seeds, 2))
    if len(seeds) > MOST_GROUPS:
        pairs = [(seeds[0], other) for other in seeds[1:]]
    found = [compare_seeds(other, first) for first, other in pairs if first.comparable(other)]
    ps = corrected([pair.p for pair in found])
    return [replace(pair, corrected_p=p, pairs=len(ps)) for pair, p in zip(found, ps, strict=True)]
