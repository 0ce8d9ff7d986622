"""Labellings: pictures that somebody labels in a browser, with the labels of each so far. A dataset is made of them later."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from engine.access import Visibility
from engine.errors import TrainyardError
from engine.imports.labelled import Labelled, Said
from engine.store.database import Database
from engine.store.schema import labelled_pictures as pictures
from engine.store.schema import labellings


@dataclass(frozen=True)
class Labelling:
    """Pictures that somebody labels. It is always private."""

    id: int
    owner: str
    title: str
    kind: str
    """Name of the `OwnKind` of the dataset that becomes of it: with boxes, or with a class a picture."""
    classes: tuple[str, ...]
    reference: str
    """The dataset that its pictures came from; empty where they were uploaded."""
    created_at: float
    changed_at: float
    num_pictures: int = 0
    num_done: int = 0
    """Pictures that are labelled."""
    size_bytes: int = 0
    """Of all pictures."""

    @property
    def visibility(self) -> Visibility:
        """Nobody else sees it: what is to be shared is the dataset."""
        return Visibility.PRIVATE


_Labellings = list[Labelling]  # inside the class `list` is a method
_Numbers = list[int]
_Pictures = list[Labelled]


class Labellings:
    """The labellings of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, labelling_id: int) -> Labelling | None:
        """Return one of them; None where there is none."""
        with self._database.reading() as db:
            return next(iter(_read(db, labellings.c.id == labelling_id)), None)

    def list(self, owner: str) -> _Labellings:
        """Return those of a person, the last changed first."""
        with self._database.reading() as db:
            return _read(db, labellings.c.owner == owner)

    def create(self, owner: str, title: str, kind: str, classes: Sequence[str], reference: str, most: int) -> int:
        """Begin one; return its number. Raise `TrainyardError` where a person has `most` already."""
        now = time.time()
        values = {"title": title, "kind": kind, "classes": [*classes], "reference": reference}
        with self._database.writing() as db:
            mine = select(func.count()).select_from(labellings).where(labellings.c.owner == owner)
            if db.execute(mine).scalar_one() >= most:
                raise TrainyardError(
                    "You have {most} labellings already (TRAINYARD_MAX_LABELLINGS). Make datasets of them, or delete some.",
                    most=most,
                )
            made = insert(labellings).values(owner=owner, created_at=now, changed_at=now, **values)
            return int(db.execute(made.returning(labellings.c.id)).scalar_one())

    def add(self, labelling_id: int, found: Sequence[Labelled]) -> None:
        """Add pictures behind those that are there; their own numbers do not count."""
        with self._database.writing() as db:
            _lock(db, labelling_id)
            mine = pictures.c.labelling_id == labelling_id
            last = db.execute(select(func.max(pictures.c.number)).where(mine)).scalar() or 0
            for number, one in enumerate(found, last + 1):
                row = {
                    "name": one.name,
                    "content": one.content,
                    "size_bytes": len(one.content),
                    "split": one.split,
                    "grouped": one.group,
                } | _said(one.said)
                db.execute(insert(pictures).values(labelling_id=labelling_id, number=number, **row))
            _touch(db, labelling_id)

    def picture(self, labelling_id: int, number: int) -> Labelled | None:
        """Return one picture; None where there is none of this number."""
        return next(iter(self._pictures(labelling_id, pictures.c.number == number)), None)

    def done(self, labelling_id: int) -> _Pictures:
        """Return the pictures that are labelled."""
        return self._pictures(labelling_id, pictures.c.done.is_(True))

    def open_numbers(self, labelling_id: int) -> _Numbers:
        """Return the numbers of the pictures that are not labelled yet."""
        wanted = (pictures.c.labelling_id == labelling_id) & pictures.c.done.is_(False)
        with self._database.reading() as db:
            return [*db.execute(select(pictures.c.number).where(wanted).order_by(pictures.c.number)).scalars()]

    def say(self, labelling_id: int, number: int, decide: Callable[[Said], Said]) -> None:
        """Replace the labels of a picture by what `decide` makes of them; other writers wait meanwhile."""
        wanted = (pictures.c.labelling_id == labelling_id) & (pictures.c.number == number)
        with self._database.writing() as db:
            _lock(db, labelling_id)
            told = db.execute(select(pictures.c.said).where(wanted)).scalar_one_or_none()
            if told is None:
                raise unknown_picture(number)
            db.execute(update(pictures).where(wanted).values(**_said(decide(Said.from_dict(told)))))
            _touch(db, labelling_id)

    def name_classes(self, labelling_id: int, names: Sequence[str]) -> None:
        """Give the classes other names, or add some at the end."""
        with self._database.writing() as db:
            db.execute(update(labellings).where(labellings.c.id == labelling_id).values(classes=[*names]))
            _touch(db, labelling_id)

    def delete(self, labelling_id: int) -> None:
        """Forget one with its pictures."""
        with self._database.writing() as db:
            db.execute(delete(labellings).where(labellings.c.id == labelling_id))

    def forget(self, owner: str) -> None:
        """Forget all of a person."""
        with self._database.writing() as db:
            db.execute(delete(labellings).where(labellings.c.owner == owner))

    def _pictures(self, labelling_id: int, wanted: Any) -> _Pictures:
        columns = [pictures.c[name] for name in ("number", "name", "content", "said", "split", "grouped")]
        chosen = (pictures.c.labelling_id == labelling_id) & wanted
        with self._database.reading() as db:
            rows = db.execute(select(*columns).where(chosen).order_by(pictures.c.number)).all()
        return [
            Labelled(number, name, content, Said.from_dict(told), *more) for number, name, content, told, *more in rows
        ]


def unknown_labelling(labelling_id: int) -> TrainyardError:
    """Return the sentence about a labelling that is not there."""
    return TrainyardError("Labelling {number} does not exist. The page Label lists yours.", number=labelling_id)


def unknown_picture(number: int) -> TrainyardError:
    """Return the sentence about a picture that is not there."""
    return TrainyardError("There is no picture {number} in this labelling.", number=number)


def _said(said: Said) -> dict[str, Any]:
    return {"said": said.to_dict(), "done": said.done}


def _lock(db: Connection, labelling_id: int) -> None:
    found = db.execute(select(labellings.c.id).where(labellings.c.id == labelling_id).with_for_update())
    if found.one_or_none() is None:
        raise unknown_labelling(labelling_id)


def _touch(db: Connection, labelling_id: int) -> None:
    db.execute(update(labellings).where(labellings.c.id == labelling_id).values(changed_at=time.time()))


def _read(db: Connection, wanted: Any) -> list[Labelling]:
    counted = [
        func.count(pictures.c.number),
        func.count(pictures.c.number).filter(pictures.c.done.is_(True)),
        func.coalesce(func.sum(pictures.c.size_bytes), 0),
    ]
    query = (
        select(*labellings.c, *counted)
        .outerjoin(pictures, pictures.c.labelling_id == labellings.c.id)
        .where(wanted)
        .group_by(labellings.c.id)
        .order_by(labellings.c.changed_at.desc())
    )
    return [_labelling(row) for row in db.execute(query)]


def _labelling(row: Row[*tuple[Any, ...]]) -> Labelling:
    count, done, size = row[-3:]
    values = {column.name: row._mapping[column] for column in labellings.c}
    return Labelling(
        **values | {"classes": tuple(values["classes"])}, num_pictures=count, num_done=done, size_bytes=size
    )
