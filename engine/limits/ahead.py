"""Portions of an allowance taken ahead: one write to the database stands for the next requests of a tenth of the period.

Limits hold as they are: what is taken ahead is charged. What is not used is lost, and comes back as fast as it could be taken, so
that nobody is refused for it. A refusal is remembered until there is more, so that whoever goes on asking costs nothing.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from engine.store import Store
from engine.store.rates import Charge

_SHARE = 10
_MOST_KEPT = 10_000


@dataclass(frozen=True)
class Wanted:
    """What a request takes of one key, in its own unit."""

    key: str
    cost: float
    most: int
    period_seconds: float
    ahead: bool

    @property
    def portion(self) -> float:
        """What is taken at once: a tenth, where that is more than the request itself."""
        return max(self.cost, self.most // _SHARE) if self.ahead else self.cost

    def charge(self, count: float) -> Charge:
        """Return what `count` of it takes."""
        return Charge(self.key, count * self.period_seconds / self.most, self.period_seconds)


class Ahead:
    """What this process has taken ahead of one database. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}
        """By key: how much, and until when it counts."""
        self._refused: dict[str, tuple[float, float]] = {}
        """By key: at which cost, and until when."""

    def take(self, store: Store, wanted: Sequence[Wanted]) -> dict[str, float]:
        """Take all or nothing; return of each refused key the seconds until there is enough."""
        now = time.monotonic()
        with self._lock:
            refused = {one.key: wait for one in wanted if (wait := self._wait(one, now)) > 0}
            lacking = [] if refused else [one for one in wanted if self.left(one.key) < one.cost]
            if not refused and not lacking:
                self._use(wanted, {}, now)
        if refused or not lacking:
            return refused
        taken = {one.key: one.portion for one in lacking}
        if store.rates.charge([one.charge(one.portion) for one in lacking]):
            taken = {one.key: one.cost for one in lacking}
            refused = store.rates.charge([one.charge(one.cost) for one in lacking])
        with self._lock:
            self._forget()
            if refused:
                self._refused |= {one.key: (one.cost, now + refused[one.key]) for one in wanted if one.key in refused}
            else:
                self._use(wanted, taken, now)
        return refused

    def left(self, key: str) -> float:
        """Return what is taken ahead and still counts."""
        count, until = self._left.get(key, (0.0, 0.0))
        return count if until > time.monotonic() else 0.0

    def _wait(self, one: Wanted, now: float) -> float:
        cost, until = self._refused.get(one.key, (0.0, 0.0))
        return until - now if one.cost >= cost else 0.0

    def _use(self, wanted: Sequence[Wanted], taken: dict[str, float], now: float) -> None:
        for one in wanted:
            _, until = self._left.get(one.key, (0.0, 0.0))
            if one.key in taken:
                until = now + one.period_seconds / _SHARE
            self._left[one.key] = self.left(one.key) + taken.get(one.key, 0.0) - one.cost, until

    def _forget(self) -> None:
        """Keep no more than some thousand keys: what is forgotten is only charged anew."""
        for known in (self._left, self._refused):
            if len(known) > _MOST_KEPT:
                known.clear()


_taken: "WeakKeyDictionary[Store, Ahead]" = WeakKeyDictionary()


def ahead_of(store: Store) -> Ahead:
    """Return what this process has taken ahead of a database."""
    return _taken.setdefault(store, Ahead())
