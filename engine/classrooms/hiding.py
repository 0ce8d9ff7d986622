"""Dividing an imported set: one part that the members of a classroom train on, and one that stays hidden from them.

Both are sets of their own, so that the hidden examples are in no file that a member's run reads. Equal examples, and those of one
group, stay on one side, and each side has its share of each class.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.datasets.base import Dataset, Examples, datasets
from engine.datasets.stored.base import OwnDataset
from engine.errors import TrainyardError
from engine.imports.collected import LEAST_EXAMPLES, read_stored
from engine.imports.own_kinds import own_kind
from engine.imports.sets import LONGEST_NAME, OwnSet, set_path
from engine.imports.versions import delete_set, next_version, owned_by, write_about
from engine.preparation.prepare import split_examples

LEAST_SHARE, MOST_SHARE = 0.05, 0.5
"""Shares of the examples that can be hidden."""
_SEEN, _HIDDEN = "class", "hidden"


@dataclass(frozen=True)
class Divided:
    """References of the two sets."""

    seen: str
    hidden: str


def hide_part(own: OwnSet, share: float, owner: str, seed: int = 0) -> Divided:
    """Make two private sets of one, which stays as it is. Raises `TrainyardError` where a class has too few examples."""
    if not LEAST_SHARE <= share <= MOST_SHARE:
        raise TrainyardError(
            "{share:.0%} cannot be hidden; choose from {least:.0%} to {most:.0%}.",
            share=share,
            least=LEAST_SHARE,
            most=MOST_SHARE,
        )
    if own_kind(own.kind).by_time:
        raise TrainyardError(
            "Examples of {reference!r} overlap in time, so none can be hidden. Make the assignment without a leaderboard.",
            reference=own.reference,
        )
    hidden = _positions(own, share, seed)
    seen = np.setdiff1d(np.arange(own.num_examples), hidden)
    _check_enough(own, seen, hidden)
    with owned_by(owner):
        first = _write(own, seen, _SEEN)
        try:
            return Divided(first, _write(own, hidden, _HIDDEN))
        except BaseException:
            delete_set(first)
            raise


def _dataset(own: OwnSet, **values: Any) -> Dataset:
    kind = own_kind(own.kind)
    return datasets[kind.dataset].parse({kind.field: own.reference, **values})


def _positions(own: OwnSet, share: float, seed: int) -> np.ndarray:
    """Return the positions of the hidden examples, ascending. A split column of the data itself makes no difference."""
    dataset = _dataset(own, split_seed=seed, test_fraction=share)
    if isinstance(dataset, OwnDataset) and not own_kind(own.kind).rows:
        stored = read_stored(own.reference, own.kind)
        examples = Examples(np.arange(len(stored)), **dataset.arranged(stored))  # nothing is decoded for it
    else:
        examples = dataset.load()
    return split_examples(dataset, replace(examples, test=None, validation=None))["test"]


def _targets(own: OwnSet) -> np.ndarray:
    """Return (examples,) the stored targets."""
    kind = own_kind(own.kind)
    with np.load(set_path(own.reference) / kind.file) as file:
        return np.asarray(file["target" if kind.rows else "targets"])


def _check_enough(own: OwnSet, seen: np.ndarray, hidden: np.ndarray) -> None:
    """Raise `TrainyardError` where one side lacks a class."""
    for label, left, taken in zip(own.labels, _counts(own, seen).values(), _counts(own, hidden).values(), strict=True):
        if left < LEAST_EXAMPLES or not taken:
            raise TrainyardError(
                "The class {label!r} of {reference!r} has too few examples to hide some: {left} would be left to train on, and "
                "{taken} hidden. Add examples, or hide another share.",
                label=label,
                reference=own.reference,
                left=left,
                taken=taken,
            )
    if not len(hidden):
        raise TrainyardError("{reference!r} has too few examples to hide some.", reference=own.reference)


def _counts(own: OwnSet, where: np.ndarray) -> dict[str, int]:
    """Return the examples of each class among those `where`; nothing where a number is predicted."""
    if not own.labels:
        return {}
    classes = np.unique(_targets(own), return_inverse=True)[1][where]
    return dict(zip(own.labels, np.bincount(classes, minlength=len(own.labels)).tolist(), strict=True))


def _write(own: OwnSet, where: np.ndarray, part: str) -> str:
    """Store the examples `where` as a set, and return its reference."""
    name = f"{own.name[: LONGEST_NAME - len(part) - 1].rstrip('-_')}-{part}"
    with next_version(name) as (reference, folder):
        path = folder / own_kind(own.kind).file
        _write_arrays(own, where, path)
        write_about(
            folder,
            reference,
            own.kind,
            f"{own.title} ({part})",
            own.tasks,
            _counts(own, where),
            (),
            data=path,
            num_examples=len(where),
            roles=own.roles,
        )
    return reference


def _write_arrays(own: OwnSet, where: np.ndarray, path: Path) -> None:
    """Write the arrays of a set for these examples alone: the bytes of the others are not in the file."""
    kind = own_kind(own.kind)
    with np.load(set_path(own.reference) / kind.file) as file:
        arrays = {name: file[name] for name in file.files}
    shared = ("words", "columns") if kind.rows else (kind.array, "starts")
    found = {name: array if name in shared else array[where] for name, array in arrays.items()}
    if not kind.rows:
        starts = arrays["starts"][where]
        data = arrays[kind.array]
        found[kind.array] = np.concatenate([data[start:stop] for start, stop in starts.tolist()])
        ends = np.cumsum(starts[:, 1] - starts[:, 0])
        found["starts"] = np.stack([ends - (starts[:, 1] - starts[:, 0]), ends], axis=1)
    np.savez(path, **found)
