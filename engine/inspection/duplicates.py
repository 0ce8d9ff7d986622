"""Duplicate examples: copies, copies across splits, near copies, and equal inputs with different targets."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from engine.inspection.sample import sample_of
from engine.preparation.prepare import PreparedDataset

MOST_SHOWN = 60
"""Number of groups kept with the result; the others are only counted."""


def find_duplicates(prepared: PreparedDataset, most: int) -> dict[str, Any]:
    """Return groups of positions: `copies`, `leaks` (copies in several splits), `near`, `contradictions`; each with its count.

    Copies are searched among all examples, near copies among `most` of them.
    """
    equal = _groups(prepared.modality.keys(prepared.inputs))
    split = split_of(prepared)
    targets = prepared.targets
    near = _near(prepared, sample_of(prepared, most), equal)
    return {
        "examined": len(targets),
        "compared": min(most, len(targets)),
        "copies": _told(equal),
        "leaks": _told([group for group in equal if len(set(split[group].tolist())) > 1]),
        "near": _told(near),
        "near_leaks": _told([group for group in near if len(set(split[group].tolist())) > 1]),
        "contradictions": _told([group for group in equal if len({_bytes(targets[one]) for one in group}) > 1]),
    }


def _bytes(target: Any) -> bytes:
    """Return what equal targets share, whatever their form."""
    return np.asarray(target).tobytes()


def split_of(prepared: PreparedDataset) -> np.ndarray:
    """Return (examples,) int8: 0 train, 1 validation, 2 test, -1 in none."""
    found = np.full(len(prepared.targets), -1, np.int8)
    for code, name in enumerate(("train", "validation", "test")):
        found[prepared.indices(name)] = code  # type: ignore[arg-type]
    return found


def _told(groups: list[list[int]]) -> dict[str, Any]:
    """Return how many groups there are, how many examples could be dropped, and the first groups."""
    return {
        "groups": len(groups),
        "extra": sum(len(group) - 1 for group in groups),
        "shown": [group[:8] for group in groups[:MOST_SHOWN]],
    }


def _groups(keys: Iterable[Hashable]) -> list[list[int]]:
    """Return positions that share a key, where there are several; the largest group first."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for position, key in enumerate(keys):
        found[key].append(position)
    return sorted((group for group in found.values() if len(group) > 1), key=len, reverse=True)


# -- near copies -------------------------------------------------------------------------------------------------------


def _near(prepared: PreparedDataset, where: np.ndarray, equal: list[list[int]]) -> list[list[int]]:
    """Return groups of near copies among the examples at `where`, without exact copies."""
    groups = prepared.modality.near_copies(prepared.inputs, where)
    found = [[int(where[at]) for at in group] for group in groups]
    copies = {position: number for number, group in enumerate(equal) for position in group}
    return [group for group in found if len({copies.get(position, -position - 1) for position in group}) > 1]
