"""The audit log: who did what, when and by which way. Entries are added and, with time, dropped; they are never edited, except
that the name of a person who was deleted becomes a pseudonym."""

import time
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from engine.audit.entries import MOST, Entry, Wanted
from engine.settings import settings
from engine.store.database import Database
from engine.store.schema import audit

_TRIMMED = 50  # entries between two looks at the limits
_LONGEST = {"thing": 300, "about": 120, "detail": 300}
_DAY = 86_400.0


_Names = list[str]  # inside the class `list` is a method


class Audit:
    """The audit log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, who: str, role: str, way: str, action: str, **words: str) -> None:
        """Write an entry: `thing`, `about` and `detail` are cut where they are too long."""
        values = {name: text[: _LONGEST[name]] for name, text in words.items()}
        with self._database.writing() as db:
            made = db.execute(
                insert(audit)
                .values(at=time.time(), who=who, role=role, way=way, action=action, **values)
                .returning(audit.c.id)
            ).scalar_one()
            if made % _TRIMMED == 0:
                old = audit.c.at < time.time() - settings().audit_days * _DAY
                db.execute(delete(audit).where(or_(audit.c.id <= made - settings().max_audit_entries, old)))

    def list(self, wanted: Wanted, limit: int = MOST) -> "list[Entry]":
        """Return the newest entries that are wanted, the newest first."""
        query = select(audit).where(*_conditions(wanted)).order_by(audit.c.id.desc()).limit(limit)
        with self._database.reading() as db:
            return [Entry(*row) for row in db.execute(query)]

    def count(self, wanted: Wanted) -> int:
        """Return how many entries are wanted."""
        with self._database.reading() as db:
            return db.execute(select(func.count()).select_from(audit).where(*_conditions(wanted))).scalar_one()

    def actions(self) -> "_Names":
        """Return the actions of which there are entries."""
        with self._database.reading() as db:
            return [*db.execute(select(audit.c.action).distinct().order_by(audit.c.action)).scalars()]

    def rename(self, name: str, pseudonym: str, mark: str) -> None:
        """Put a pseudonym in the place of a name; what the person has called things goes, and so do datasets with their mark."""
        mine, data = audit.c.who == name, audit.c.thing.startswith("dataset ")
        with self._database.writing() as db:
            db.execute(update(audit).where(mine).values(detail=""))
            db.execute(
                update(audit).where(data, mine | audit.c.thing.contains(mark, autoescape=True)).values(thing="dataset")
            )
            for column in (audit.c.who, audit.c.about):
                db.execute(update(audit).where(column == name).values({column: pseudonym}))


def _conditions(wanted: Wanted) -> list[Any]:
    found = []
    if wanted.who:
        found.append(or_(audit.c.who == wanted.who, audit.c.about == wanted.who))
    if wanted.action:
        found.append(audit.c.action.startswith(wanted.action, autoescape=True))
    if wanted.since:
        found.append(audit.c.at >= wanted.since)
    if wanted.until:
        found.append(audit.c.at < wanted.until)
    return found
