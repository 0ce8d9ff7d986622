"""Keys of this installation that sign what is handed out, made once, the same for all replicas."""

import secrets

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from engine.store.database import Database
from engine.store.schema import signing_keys


class SigningKeys:
    """The keys of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str:
        """Return the key of a name, which is made where there is none."""
        known = self._read(name)
        if known is None:
            try:
                with self._database.writing() as db:
                    db.execute(insert(signing_keys).values(name=name, key=secrets.token_urlsafe(32)))
            except IntegrityError:  # another process was first
                pass
            known = self._read(name)
        assert known is not None
        return known

    def _read(self, name: str) -> str | None:
        with self._database.reading() as db:
            found = db.execute(select(signing_keys.c.key).where(signing_keys.c.name == name)).scalar_one_or_none()
        return None if found is None else str(found)
