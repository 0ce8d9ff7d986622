"""Sessions of people in browsers. A login has one, under a key that only the login's own cookie gives."""

import time
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.store.database import Database
from engine.store.schema import accounts, sessions


@dataclass(frozen=True)
class Session:
    """One login in one browser. Times are seconds since 1970."""

    key: str
    account_id: int
    client: str
    issued_at: float
    created_at: float
    seen_at: float
    ended_at: float | None


class Sessions:
    """The sessions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> Session | None:
        """Return the session of a key."""
        with self._database.reading() as db:
            row = db.execute(select(sessions).where(sessions.c.key == key)).one_or_none()
        return None if row is None else Session(*row)

    def of(self, account_id: int) -> list[Session]:
        """Return the sessions of an account that nobody has ended, the last seen first."""
        wanted = (sessions.c.account_id == account_id) & sessions.c.ended_at.is_(None)
        with self._database.reading() as db:
            return [
                Session(*row) for row in db.execute(select(sessions).where(wanted).order_by(sessions.c.seen_at.desc()))
            ]

    def begin(self, key: str, account_id: int, client: str, issued_at: float) -> bool:
        """Write a session, and return whether it is new; one that is there stays as it is."""
        now = time.time()
        values = {"key": key, "account_id": account_id, "client": client, "issued_at": issued_at}
        try:
            with self._database.writing() as db:
                db.execute(insert(sessions).values(**values, created_at=now, seen_at=now))
        except IntegrityError:  # two tabs at once
            return False
        return True

    def touch(self, key: str) -> None:
        """Note that the person has done something."""
        with self._database.writing() as db:
            db.execute(update(sessions).where(sessions.c.key == key).values(seen_at=time.time()))

    def end(self, key: str) -> None:
        """End one session."""
        with self._database.writing() as db:
            wanted = (sessions.c.key == key) & sessions.c.ended_at.is_(None)
            db.execute(update(sessions).where(wanted).values(ended_at=time.time()))

    def end_all(self, account_id: int) -> int:
        """End all sessions of an account, and all logins whose session has not begun; return how many sessions."""
        now = time.time()
        with self._database.writing() as db:
            db.execute(update(accounts).where(accounts.c.id == account_id).values(signed_out_at=now))
            wanted = (sessions.c.account_id == account_id) & sessions.c.ended_at.is_(None)
            return db.execute(update(sessions).where(wanted).values(ended_at=now)).rowcount

    def forget(self, before: float) -> None:
        """Delete sessions of logins that were issued before a time."""
        with self._database.writing() as db:
            db.execute(delete(sessions).where((sessions.c.issued_at < before) & (sessions.c.seen_at < before)))
