"""Accounts: a name, who logs in under it, and the role that an admin or the provider has given."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.access import Visibility
from engine.store.database import Database
from engine.store.schema import accounts


@dataclass(frozen=True)
class Account:
    """A person who has logged in, or for whom an admin has chosen a role."""

    id: int
    name: str
    issuer: str
    """Who vouches for the person; empty until somebody logs in under the name."""
    subject: str
    chosen: str
    """The role that an admin has chosen; empty: lists and groups decide."""
    claimed: str
    """The role that the groups of the last login give."""
    created_at: float
    signed_out_at: float
    """Logins that were issued before are over."""

    @property
    def owner(self) -> str:
        """Whose account it is."""
        return self.name

    @property
    def visibility(self) -> Visibility:
        """Nobody else sees it, beside admins."""
        return Visibility.PRIVATE


class Accounts:
    """The accounts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> Account | None:
        """Return the account of a name."""
        with self._database.reading() as db:
            return _read(db.execute(select(accounts).where(accounts.c.name == name)).one_or_none())

    def by_id(self, account_id: int) -> Account | None:
        """Return the account of a number."""
        with self._database.reading() as db:
            return _read(db.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none())

    def of(self, issuer: str, subject: str) -> Account | None:
        """Return the account under which this person logs in."""
        wanted = (accounts.c.issuer == issuer) & (accounts.c.subject == subject)
        with self._database.reading() as db:
            return _read(db.execute(select(accounts).where(wanted).limit(1)).one_or_none())

    def list(self) -> "list[Account]":
        """Return all accounts, by name."""
        with self._database.reading() as db:
            return [Account(*row) for row in db.execute(select(accounts).order_by(accounts.c.name))]

    def add(self, name: str, issuer: str = "", subject: str = "") -> Account:
        """Return the account of a name; it is made where there is none, and bound where nobody logs in under it yet."""
        try:
            with self._database.writing() as db:
                values = {"name": name, "issuer": issuer, "subject": subject, "created_at": time.time()}
                db.execute(insert(accounts).values(**values))
        except IntegrityError:  # it is there
            with self._database.writing() as db:
                free = (accounts.c.name == name) & (accounts.c.issuer == "")
                db.execute(update(accounts).where(free).values(issuer=issuer, subject=subject))
        found = self.get(name)
        assert found is not None
        return found

    def change(self, account_id: int, **values: object) -> None:
        """Write columns of an account."""
        with self._database.writing() as db:
            db.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


def _read(row: Any) -> Account | None:
    return None if row is None else Account(*row)
