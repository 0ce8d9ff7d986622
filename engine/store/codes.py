"""One-time codes: one for each purpose, as a digest."""

from sqlalchemy import delete, insert, select

from engine.store.database import Database
from engine.store.schema import codes


class Codes:
    """The codes of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, purpose: str, digest: str, expires_at: float) -> None:
        """Replace the code of a purpose."""
        with self._database.writing() as db:
            db.execute(delete(codes).where(codes.c.purpose == purpose))
            db.execute(insert(codes).values(purpose=purpose, digest=digest, expires_at=expires_at))

    def get(self, purpose: str) -> tuple[str, float] | None:
        """Return the digest and the end of the code of a purpose."""
        with self._database.reading() as db:
            row = db.execute(select(codes.c.digest, codes.c.expires_at).where(codes.c.purpose == purpose)).one_or_none()
        return None if row is None else (row.digest, row.expires_at)

    def take(self, purpose: str, digest: str) -> bool:
        """Delete a code and return True; False for whoever comes second."""
        with self._database.writing() as db:
            wanted = (codes.c.purpose == purpose) & (codes.c.digest == digest)
            return db.execute(delete(codes).where(wanted)).rowcount == 1
