"""Rates: for each key one time, at which its allowance is whole again. A key without a row, or with a time that has passed, is whole.

The generic cell rate algorithm (ITU-T I.371, A.1): a request moves the time ahead by its share of the period, and is refused
where the time would lie further ahead than the period. One number a key knows what is left, and when there is more.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import TextClause, delete, select, text

from engine.store.database import Database
from engine.store.schema import rates

_SWEEP_SECONDS = 600.0
_CHARGED = """
INSERT INTO rates (key, whole_at) VALUES {rows}
ON CONFLICT (key) DO UPDATE
SET whole_at = CASE WHEN rates.whole_at > :now THEN rates.whole_at ELSE :now END + (excluded.whole_at - :now)
RETURNING key, whole_at
"""


@dataclass(frozen=True)
class Charge:
    """What one request takes of one key."""

    key: str
    seconds: float
    """By which the time moves."""
    period_seconds: float
    """How far ahead it may lie."""


class _Refused(Exception):  # noqa: N818  # it undoes a transaction
    pass


class Rates:
    """The rates of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._swept = time.monotonic()

    def charge(self, charges: Sequence[Charge]) -> dict[str, float]:
        """Take all charges, or none where one is refused; return of each refused key the seconds until it would be taken.

        Safe to call from many processes at once: together they never take more than there is.
        """
        now = time.time()
        refused: dict[str, float] = {}
        try:
            with self._database.writing() as db:
                whole_at = {row.key: row.whole_at for row in db.execute(_charged(len(charges)), _values(charges, now))}
                late = {one.key: whole_at[one.key] - now - one.period_seconds for one in charges}
                refused = {key: seconds for key, seconds in late.items() if seconds > 0}
                if refused:
                    raise _Refused
        except _Refused:
            return refused
        self._sweep(now)
        return {}

    def whole_at(self, keys: Iterable[str]) -> dict[str, float]:
        """Return when the allowance of each key is whole again, of those that are not whole now."""
        wanted = rates.c.key.in_(list(keys)) & (rates.c.whole_at > time.time())
        with self._database.reading() as db:
            return {row.key: row.whole_at for row in db.execute(select(rates).where(wanted))}

    def _sweep(self, now: float) -> None:
        """Delete, now and then, what says nothing any more."""
        if time.monotonic() - self._swept > _SWEEP_SECONDS:
            self._swept = time.monotonic()
            with self._database.writing() as db:
                db.execute(delete(rates).where(rates.c.whole_at < now))


@lru_cache(maxsize=16)
def _charged(count: int) -> TextClause:
    """Return one statement for so many keys, the same on SQLite and PostgreSQL.

    Written out, since an insert of several rows is compiled anew each time, which takes longer than the database does.
    """
    rows = ", ".join(f"(:key_{i}, :whole_at_{i})" for i in range(count))
    return text(_CHARGED.format(rows=rows))


def _values(charges: Sequence[Charge], now: float) -> dict[str, float | str]:
    """In the same order everywhere: two that take the same rows then cannot wait for each other."""
    ordered = sorted(charges, key=lambda one: one.key)
    keys = {f"key_{i}": one.key for i, one in enumerate(ordered)}
    return {"now": now} | keys | {f"whole_at_{i}": now + one.seconds for i, one in enumerate(ordered)}
