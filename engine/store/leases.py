"""Leases: the one executor of a machine, and the one process that drives studies, hold theirs by a heartbeat."""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from engine.processes import is_alive
from engine.settings import settings
from engine.store.database import Database
from engine.store.schema import executors

SEARCH_LEASE = "search"
"""Name of the lease of the process that drives studies."""


@dataclass(frozen=True)
class Lease:
    """The lease on running things: who holds it, since when it was silent, what it reports."""

    holder: str
    silent_seconds: float
    info: dict[str, Any]

    @property
    def alive(self) -> bool:
        """Whether its heartbeat is recent."""
        return self.silent_seconds < settings().heartbeat_timeout_seconds


class Leases:
    """The leases of one database, by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, holder: str, info: dict[str, Any], name: str = "local") -> bool:
        """Take or renew the lease. False while somebody else holds it and is not silent.

        The lease of a process that has died on this machine is taken at once: nobody has to wait until it is silent.
        """
        now, known = time.time(), self.get(name)
        dead = known.holder if known and is_alive(known.info) is False else holder
        with suppress(IntegrityError), self._database.writing() as db:  # two that insert at once: one of them has it
            mine = db.execute(
                update(executors)
                .where(
                    executors.c.name == name,
                    or_(
                        executors.c.holder.in_([holder, dead]),
                        executors.c.heartbeat_at < now - settings().heartbeat_timeout_seconds,
                    ),
                )
                .values(holder=holder, heartbeat_at=now, info=info)
            ).rowcount
            if mine:
                return True
            if db.execute(select(executors.c.name).where(executors.c.name == name)).one_or_none() is None:
                db.execute(insert(executors).values(name=name, holder=holder, heartbeat_at=now, info=info))
                return True
        return False

    def release(self, holder: str, name: str = "local") -> None:
        """Give the lease back, if it is the holder's."""
        with self._database.writing() as db:
            db.execute(delete(executors).where(executors.c.name == name, executors.c.holder == holder))

    def get(self, name: str = "local") -> Lease | None:
        """Return the holder of the lease, or None."""
        with self._database.reading() as db:
            row = db.execute(select(executors).where(executors.c.name == name)).one_or_none()
        return Lease(row.holder, max(0.0, time.time() - row.heartbeat_at), dict(row.info)) if row else None
