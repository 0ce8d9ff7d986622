"""Tokens for programs: a digest, whose they are, and what they are for. The token itself is kept nowhere."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from engine.access import Visibility
from engine.store.database import Database
from engine.store.schema import accounts, tokens


@dataclass(frozen=True)
class Token:
    """One token. Empty lists mean all that its person may do: where there are runs or demos, it is for nothing else."""

    id: int
    account_id: int
    name: str
    actions: tuple[str, ...]
    runs: tuple[int, ...]
    demos: tuple[str, ...]
    created_at: float
    expires_at: float
    used_at: float | None
    revoked_at: float | None
    owner: str

    @property
    def visibility(self) -> Visibility:
        """Nobody else sees it, beside admins."""
        return Visibility.PRIVATE

    @property
    def valid(self) -> bool:
        """Whether it works now."""
        return self.revoked_at is None and time.time() < self.expires_at


_COLUMNS = [column for column in tokens.c if column.name != "digest"]


class Tokens:
    """The tokens of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account_id: int, name: str, digest: str, expires_at: float, **scope: Sequence[str | int]) -> Token:
        """Write a token. `scope`: actions, runs and demos."""
        values = {"account_id": account_id, "name": name, "digest": digest, **{k: [*v] for k, v in scope.items()}}
        with self._database.writing() as db:
            db.execute(insert(tokens).values(**values, created_at=time.time(), expires_at=expires_at))
        found = self.by_digest(digest)
        assert found is not None
        return found

    def by_digest(self, digest: str) -> Token | None:
        """Return the token of a digest, which nobody can guess part by part: the index compares whole digests."""
        return next(iter(self._select(tokens.c.digest == digest)), None)

    def get(self, token_id: int) -> Token | None:
        """Return the token of a number."""
        return next(iter(self._select(tokens.c.id == token_id)), None)

    def of(self, account_id: int) -> list[Token]:
        """Return the tokens of an account that nobody has revoked, the newest first."""
        return self._select((tokens.c.account_id == account_id) & tokens.c.revoked_at.is_(None))

    def use(self, token_id: int) -> None:
        """Note that a token was used."""
        self._change(token_id, used_at=time.time())

    def revoke(self, token_id: int) -> None:
        """Make a token void."""
        self._change(token_id, revoked_at=time.time())

    def _change(self, token_id: int, **values: float) -> None:
        with self._database.writing() as db:
            db.execute(update(tokens).where(tokens.c.id == token_id).values(**values))

    def _select(self, wanted: Any) -> list[Token]:
        query = (
            select(*_COLUMNS, accounts.c.name.label("owner"))
            .join(accounts, accounts.c.id == tokens.c.account_id)
            .where(wanted)
            .order_by(tokens.c.id.desc())
        )
        with self._database.reading() as db:
            rows = [row._asdict() for row in db.execute(query)]
        return [Token(**(row | {part: tuple(row[part]) for part in ("actions", "runs", "demos")})) for row in rows]
