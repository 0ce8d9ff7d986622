"""Codes with which people may look at one private run: a digest, until when, and who has used it. The code is kept nowhere."""

import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.store.database import Database
from engine.store.schema import accounts, share_uses, shares


@dataclass(frozen=True)
class Share:
    """One code. Times are seconds since 1970."""

    id: int
    run_id: int
    created_at: float
    expires_at: float
    """From then on neither the code nor what it has opened counts."""
    users: tuple[tuple[str, float], ...] = ()
    """Who looks at the run with it, and since when."""


_COLUMNS = (shares.c.id, shares.c.run_id, shares.c.created_at, shares.c.expires_at)


class Shares:
    """The share codes of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run_id: int, digest: str, expires_at: float) -> Share:
        """Write a code."""
        values = {"run_id": run_id, "digest": digest, "created_at": time.time(), "expires_at": expires_at}
        with self._database.writing() as db:
            return Share(*db.execute(insert(shares).values(**values).returning(*_COLUMNS)).one())

    def get(self, share_id: int) -> Share | None:
        """Return the code of a number, also one that has expired."""
        with self._database.reading() as db:
            row = db.execute(select(*_COLUMNS).where(shares.c.id == share_id)).one_or_none()
        return None if row is None else Share(*row)

    def of(self, run_id: int) -> list[Share]:
        """Return the codes of a run that have not expired, the newest first, with who uses them."""
        query = select(*_COLUMNS).where(shares.c.run_id == run_id, _valid()).order_by(shares.c.id.desc())
        users = (
            select(share_uses.c.share_id, accounts.c.name, share_uses.c.at)
            .join(accounts, accounts.c.id == share_uses.c.account_id)
            .join(shares, shares.c.id == share_uses.c.share_id)
            .where(shares.c.run_id == run_id, ~share_uses.c.refused)
            .order_by(share_uses.c.at)
        )
        with self._database.reading() as db:
            found: dict[int, list[tuple[str, float]]] = {}
            for share_id, name, at in db.execute(users):
                found.setdefault(share_id, []).append((name, at))
            return [Share(*row, tuple(found.get(row.id, ()))) for row in db.execute(query)]

    def redeem(self, digest: str, account_id: int) -> int | None:
        """Let an account look at the run of a code; return the run, or None where the code is not valid for them."""
        with self._database.reading() as db:
            share = db.execute(select(*_COLUMNS).where(shares.c.digest == digest, _valid())).one_or_none()
        if share is None:
            return None
        values = {"share_id": share.id, "account_id": account_id, "at": time.time()}
        try:
            with self._database.writing() as db:
                db.execute(insert(share_uses).values(**values))
        except IntegrityError:  # used before, or the code was revoked this moment
            return int(share.run_id) if share.run_id in self.runs_for(account_id) else None
        return int(share.run_id)

    def runs_for(self, account_id: int) -> dict[int, float]:
        """Return the runs that an account may look at by a code, and until when."""
        query = (
            select(shares.c.run_id, shares.c.expires_at)
            .join(share_uses, share_uses.c.share_id == shares.c.id)
            .where(share_uses.c.account_id == account_id, ~share_uses.c.refused, _valid())
            .order_by(shares.c.expires_at)
        )
        with self._database.reading() as db:
            return {row.run_id: row.expires_at for row in db.execute(query)}

    def revoke(self, share_id: int) -> None:
        """Delete a code, and what it has opened."""
        with self._database.writing() as db:
            db.execute(delete(shares).where(shares.c.id == share_id))

    def refuse(self, share_id: int, account_id: int) -> None:
        """Take a code from one of its users, for whom it never counts again."""
        with self._database.writing() as db:
            mine = (share_uses.c.share_id == share_id) & (share_uses.c.account_id == account_id)
            db.execute(update(share_uses).where(mine).values(refused=True))

    def leave(self, run_id: int, account_id: int) -> None:
        """Forget that an account has used codes of a run; the same code can be entered again."""
        codes = select(shares.c.id).where(shares.c.run_id == run_id)
        mine = (share_uses.c.account_id == account_id) & share_uses.c.share_id.in_(codes) & ~share_uses.c.refused
        with self._database.writing() as db:
            db.execute(delete(share_uses).where(mine))


def _valid() -> ColumnElement[bool]:
    return shares.c.expires_at > time.time()
