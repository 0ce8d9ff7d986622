"""Progress of dataset downloads."""

import time
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.store.database import Database
from engine.store.schema import fetches


@dataclass(frozen=True)
class Fetch:
    """Progress of one download: state is "running", "completed" or "failed"."""

    name: str
    state: str
    done_bytes: int
    total_bytes: int
    message: str
    silent_seconds: float


class Fetches:
    """The downloads of one database, by the name of the dataset."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, name: str, state: str, done_bytes: int = 0, total_bytes: int = 0, message: str = "") -> None:
        """Say how far a download is."""
        values = {
            "state": state, "done_bytes": done_bytes, "total_bytes": total_bytes, "message": message, "at": time.time(),
        }  # fmt: skip
        with suppress(IntegrityError), self._database.writing() as db:  # two that insert at once say the same
            if not db.execute(update(fetches).where(fetches.c.name == name).values(**values)).rowcount:
                db.execute(insert(fetches).values(name=name, **values))

    def get(self, name: str) -> Fetch | None:
        """Return the progress of the last download of a dataset, or None if there was none."""
        with self._database.reading() as db:
            row = db.execute(select(fetches).where(fetches.c.name == name)).one_or_none()
        if row is None:
            return None
        return Fetch(row.name, row.state, row.done_bytes, row.total_bytes, row.message, time.time() - row.at)
