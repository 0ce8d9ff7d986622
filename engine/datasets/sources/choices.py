"""Examples of choices: what somebody chose so far, with what they chose next; divided among the splits by time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from engine.catalogue import Catalogue, ItemColumn
from engine.datasets.base import Dataset, Examples
from engine.errors import TrainyardError
from engine.spec import ADVANCED, FIXED, HIDDEN, Range
from engine.targets import Ragged

_LEAST = 20  # choices, and people in whose choices something can be held out
Best = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""People (examples,) and times (examples,) -> the ten items (examples, 10) that the best possible recommender would name."""


@dataclass(frozen=True)
class Choices:
    """What people chose, in order of time, nothing twice: three arrays of one length."""

    people: np.ndarray
    items: np.ndarray
    """Numbers of items, from 1."""
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.people)

    @classmethod
    def of(cls, people: np.ndarray, items: np.ndarray, times: np.ndarray) -> "Choices":
        """Put choices (choices,) in order; of one that comes again only the first counts."""
        order = np.lexsort((items, times))
        people, items, times = people[order], items[order], times[order]
        pairs = people.astype(np.int64) * (int(items.max(initial=0)) + 1) + items
        first = np.sort(np.unique(pairs, return_index=True)[1])
        return cls(people[first], items[first], times[first])


class ChoicesDataset(Dataset):
    """What people chose. What was earlier is for training, what came last is for the test."""

    tasks: ClassVar[tuple[str, ...]] = ("recommendation",)

    history: Annotated[int, Range(4, 256, log=True), FIXED] = 64
    """Choices of a person that the network sees, the latest ones. Older ones are forgotten, and may be recommended again."""
    most_examples: Annotated[int, Field(ge=100, le=2_000_000), ADVANCED] = 200_000
    """Most choices of the training split that are learned from; of more, as many are drawn. Memory grows with this times `history`."""
    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.1
    """Share of the choices that is kept for the test split: the last ones, of all people."""
    split_seed: Annotated[int, HIDDEN] = 0
    """Without effect: choices are split by time."""
    folds: Annotated[int, Field(ge=0, le=20), HIDDEN] = 0
    """Folds would mix past and future: 0."""

    def examples_of(
        self, found: Choices, items: Sequence[str], columns: Sequence[ItemColumn], best: Best | None = None
    ) -> Examples:
        """Make examples. Raise `TrainyardError` where nothing can be held out, or there are folds."""
        if self.folds > 1:
            raise TrainyardError("Folds would mix past and future of what people chose. Switch cross-validation off.")
        if len(found) < _LEAST:
            raise TrainyardError(
                "There are {count:,} different choices; at least {least} are needed, of several people.",
                count=len(found),
                least=_LEAST,
            )
        validation, test = self._starts(found.times)
        past = found.times < validation
        parts = [
            self._train(found, past),
            self._held_out(found, validation, test, best),
            self._held_out(found, test, np.inf, best),
        ]
        chosen = np.bincount(found.items[past], minlength=len(items) + 1)[1:]
        split = np.repeat(np.arange(3), [len(inputs) for inputs, _targets in parts])
        return Examples(
            np.concatenate([inputs for inputs, _targets in parts]),
            Ragged.of([row for _inputs, targets in parts for row in targets], np.int32),
            validation=split == 1,
            test=split == 2,
            catalogue=Catalogue(tuple(items), tuple(chosen.tolist()), tuple(columns)),
        )

    def _starts(self, times: np.ndarray) -> tuple[float, float]:
        """Return the times from which on choices are for validation and for the test."""
        held = self.test_fraction + (1 - self.test_fraction) * self.validation_fraction
        validation, test = np.quantile(times, [1 - held, 1 - self.test_fraction], method="nearest").tolist()
        if not times[0] < validation < test <= times[-1]:
            raise TrainyardError(
                "The times of the choices do not tell what was earlier: too many are the same. Splits are periods, so at least three "
                "different times are needed, and not most choices at one of them."
            )
        return validation, test

    def _train(self, found: Choices, past: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Each choice of the past with those of the same person before it."""
        before = _Before(found, self.history)
        where = np.flatnonzero(past)
        if len(where) > self.most_examples:
            where = np.sort(np.random.default_rng(0).permutation(where)[: self.most_examples])
        return before(where), list(found.items[where][:, None])

    def _held_out(
        self, found: Choices, start: float, end: float, best: Best | None
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """One example for each person who chose something in a period: what came before it, and what they chose in it."""
        before = _Before(found, self.history)
        within = np.flatnonzero((found.times >= start) & (found.times < end))
        order = within[np.argsort(found.people[within], kind="stable")]
        people, first = np.unique(found.people[order], return_index=True)
        targets = np.split(found.items[order], first[1:])
        if best is not None:
            told = best(people, np.full(len(people), start))
            targets = [np.concatenate([taken, -row]) for taken, row in zip(targets, told, strict=True)]
        return before(order[first]), targets


class _Before:
    """Looks up what somebody chose before."""

    def __init__(self, found: Choices, history: int) -> None:
        self._order = np.argsort(found.people, kind="stable")
        people, starts = np.unique(found.people[self._order], return_index=True)
        self._place = np.empty(len(found), np.int64)
        self._place[self._order] = np.arange(len(found))
        self._start = starts[np.searchsorted(people, found.people)]
        self._items, self._history = found.items[self._order], history

    def __call__(self, where: np.ndarray) -> np.ndarray:
        """Choices (examples,) -> (examples, history) int32: the latest before each, the last one last, then zeros."""
        ends, first = self._place[where], np.maximum(self._start[where], self._place[where] - self._history)
        places = first[:, None] + np.arange(self._history)
        there = places < ends[:, None]
        found: Any = np.where(there, self._items[np.minimum(places, len(self._items) - 1)], 0)
        return np.asarray(found, np.int32)
