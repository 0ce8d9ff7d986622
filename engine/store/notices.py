"""The notice on every page, such as one of maintenance: there is one, or none."""

import time
from typing import NamedTuple

from sqlalchemy import delete, insert, or_, select

from engine.store.database import Database
from engine.store.schema import notices


class Notice(NamedTuple):
    """A text for everybody."""

    text: str
    until: float | None
    """When it goes by itself, in seconds since 1970; None: when an admin takes it down."""


class Notices:
    """The notice of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> Notice | None:
        """Return the notice that holds now."""
        holds = or_(notices.c.until.is_(None), notices.c.until > time.time())
        with self._database.reading() as db:
            row = db.execute(select(notices.c.text, notices.c.until).where(holds).limit(1)).one_or_none()
        return None if row is None else Notice(*row)

    def put(self, notice: Notice | None) -> None:
        """Replace the notice, or take it down."""
        with self._database.writing() as db:
            db.execute(delete(notices))
            if notice is not None:
                db.execute(insert(notices).values(id=1, **notice._asdict()))
