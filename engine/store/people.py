"""What each person has in the database, and forgetting a person."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Text, delete, func, select, type_coerce, update

from engine.runs import RunState
from engine.store.database import Database
from engine.store.schema import accounts, events, runs, sessions, studies, tokens

_LIVE = [RunState.QUEUED.value, RunState.RUNNING.value, RunState.PAUSED.value]


@dataclass(frozen=True)
class Held:
    """How much one person has."""

    runs: int = 0
    live: int = 0
    """Runs that wait, train or are paused."""
    studies: int = 0
    tokens: int = 0
    """Those that are not revoked."""
    seen_at: float | None = None
    """Last action in a browser or use of a token, in seconds since 1970."""


class People:
    """The people of one database, by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def held(self) -> dict[str, Held]:
        """Return what everybody has who has anything, by name."""
        mine = accounts.c.id
        queries: dict[str, Any] = {
            "runs": select(runs.c.owner, func.count()).group_by(runs.c.owner),
            "live": select(runs.c.owner, func.count()).where(runs.c.state.in_(_LIVE)).group_by(runs.c.owner),
            "studies": select(studies.c.owner, func.count()).group_by(studies.c.owner),
            "tokens": select(accounts.c.name, func.count())
            .join(tokens, tokens.c.account_id == mine)
            .where(tokens.c.revoked_at.is_(None))
            .group_by(accounts.c.name),
        }
        seen = [
            select(accounts.c.name, func.max(table.c[column])).join(table, table.c.account_id == mine).group_by(accounts.c.name)
            for table, column in ((sessions, "seen_at"), (tokens, "used_at"))
        ]  # fmt: skip
        found: dict[str, dict[str, Any]] = {}
        with self._database.reading() as db:
            for part, query in queries.items():
                for name, count in db.execute(query):
                    found.setdefault(name, {})[part] = count
            for query in seen:
                for name, at in db.execute(query):
                    known = found.setdefault(name, {})
                    known["seen_at"] = max(filter(None, (known.get("seen_at"), at)), default=None)
        return {name: Held(**parts) for name, parts in found.items()}

    def live_runs(self, name: str) -> list[int]:
        """Return the ids of the runs of a person that wait, train or are paused."""
        with self._database.reading() as db:
            mine = (runs.c.owner == name) & runs.c.state.in_(_LIVE)
            return [*db.execute(select(runs.c.id).where(mine)).scalars()]

    def all_runs(self, name: str) -> list[int]:
        """Return the ids of all runs of a person."""
        with self._database.reading() as db:
            return [*db.execute(select(runs.c.id).where(runs.c.owner == name)).scalars()]

    def all_studies(self, name: str) -> list[int]:
        """Return the ids of all studies of a person."""
        with self._database.reading() as db:
            return [*db.execute(select(studies.c.id).where(studies.c.owner == name)).scalars()]

    def block(self, account_id: int) -> None:
        """Take everything from a person with which they could begin something: role and tokens. Sessions are ended apart."""
        with self._database.writing() as db:
            db.execute(update(accounts).where(accounts.c.id == account_id).values(chosen="visitor"))
            db.execute(delete(tokens).where(tokens.c.account_id == account_id))

    def forget(self, name: str, pseudonym: str) -> None:
        """Delete an account with its sessions and tokens, and put a pseudonym where sentences about things of others name the
        person."""
        with self._database.writing() as db:
            for column in (events.c.text, runs.c.message, studies.c.message):
                _rename(db, column, name, pseudonym)
            db.execute(delete(accounts).where(accounts.c.name == name))


def _rename(db: Connection, column: Column[Any], name: str, pseudonym: str) -> None:
    """Replace a value of stored sentences: see `engine.sentences.to_json`."""
    before, after = (f": {json.dumps(text)}" for text in (name, pseudonym))
    text = type_coerce(column, Text)
    held = text.contains(before, autoescape=True)
    db.execute(update(column.table).where(held).values({column.name: func.replace(text, before, after)}))
