"""Classrooms: what a lecturer has prepared for the people who join by its code, until it ends."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Subquery, delete, func, insert, or_, select, update

from engine.access import Visibility
from engine.budgets import Budget
from engine.errors import TrainyardError
from engine.store.database import Database
from engine.store.schema import accounts, assignments, budgets, classroom_members, classrooms


@dataclass(frozen=True)
class Assignment:
    """Something that the members of a classroom are to train."""

    id: int
    classroom_id: int
    title: str
    task: str
    dataset: str
    """Name of the dataset."""
    reference: str
    """The imported set that it reads; empty for a dataset of the program."""
    hidden: str
    """The imported set on which submitted runs are ranked, which members never see; empty: there is no leaderboard."""
    metric: str
    """The metric of the leaderboard."""
    models: tuple[str, ...]
    """Models that may be submitted; empty: all."""
    a_day: int
    """Submissions that one member may make a day."""


@dataclass(frozen=True)
class Member:
    """Somebody who has joined a classroom."""

    account_id: int
    name: str
    nickname: str
    """Their name on the leaderboard, as they have chosen it; empty where they have chosen none."""
    joined_at: float


@dataclass(frozen=True)
class Classroom:
    """One classroom. Times are seconds since 1970."""

    id: int
    title: str
    note: str
    owner: str
    code_expires_at: float
    """Until when people can join by the code; 0 where there is none."""
    ends_at: float
    """From then on nothing can be submitted, and neither budget nor data of the classroom count."""
    archived_at: float | None
    created_at: float
    device_minutes: float
    at_once: int
    queued: int
    assignments: tuple[Assignment, ...] = ()
    num_members: int = 0

    @property
    def visibility(self) -> Visibility:
        """Return who may look at it, beside admins: its members alone."""
        return Visibility.PRIVATE

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.archived_at is None and time.time() < self.ends_at

    @property
    def budget(self) -> Budget:
        """Return what each member may use, at most, while it goes on; 0 for no limit."""
        return Budget(self.device_minutes, self.at_once, self.queued, 0)


_Rooms = list[Classroom]  # inside the class `list` is a method
_Members = list[Member]


class Classrooms:
    """The classrooms of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading -----------------------------------------------------------------------------------------------------------

    def get(self, classroom_id: int) -> Classroom | None:
        """Return a classroom with its assignments."""
        return next(iter(self._read(classrooms.c.id == classroom_id)), None)

    def list(self) -> _Rooms:
        """Return all classrooms, the newest first."""
        return self._read(classrooms.c.id > 0)

    def assignment(self, assignment_id: int) -> Assignment | None:
        """Return one assignment."""
        with self._database.reading() as db:
            row = db.execute(select(assignments).where(assignments.c.id == assignment_id)).one_or_none()
        return None if row is None else _assignment(row._asdict())

    def members(self, classroom_id: int) -> _Members:
        """Return who has joined and was not removed, in the order in which they came."""
        query = (
            select(
                classroom_members.c.account_id,
                accounts.c.name,
                classroom_members.c.nickname,
                classroom_members.c.joined_at,
            )
            .join(accounts, accounts.c.id == classroom_members.c.account_id)
            .where(classroom_members.c.classroom_id == classroom_id, ~classroom_members.c.removed)
            .order_by(classroom_members.c.joined_at, classroom_members.c.account_id)
        )
        with self._database.reading() as db:
            return [Member(*row) for row in db.execute(query)]

    def lent(self, account_id: int) -> tuple[frozenset[int], frozenset[str]]:
        """Return the classrooms of an account, and the imported sets on which it may train there while they go on."""
        query = (
            select(classrooms.c.id, _going().label("going"), assignments.c.reference)
            .join(classroom_members, classroom_members.c.classroom_id == classrooms.c.id)
            .outerjoin(assignments, assignments.c.classroom_id == classrooms.c.id)
            .where(classroom_members.c.account_id == account_id, ~classroom_members.c.removed)
        )
        with self._database.reading() as db:
            rows = db.execute(query).all()
        lent = frozenset(row.reference for row in rows if row.going and row.reference)
        return frozenset(row.id for row in rows), lent

    def of(self, account_id: int) -> _Rooms:
        """Return the classrooms of an account that go on."""
        mine = select(classroom_members.c.classroom_id).where(
            classroom_members.c.account_id == account_id, ~classroom_members.c.removed
        )
        return self._read(classrooms.c.id.in_(mine) & _going())

    # -- changing ----------------------------------------------------------------------------------------------------------

    def create(self, **values: Any) -> Classroom:
        """Write a classroom without assignments."""
        with self._database.writing() as db:
            made = insert(classrooms).values(created_at=time.time(), **values).returning(classrooms.c.id)
            classroom_id = int(db.execute(made).scalar_one())
        return self._known(classroom_id)

    def change(self, classroom_id: int, **values: Any) -> Classroom:
        """Write columns of a classroom."""
        with self._database.writing() as db:
            db.execute(update(classrooms).where(classrooms.c.id == classroom_id).values(**values))
        return self._known(classroom_id)

    def delete(self, classroom_id: int) -> None:
        """Forget a classroom with its assignments, members and submissions."""
        with self._database.writing() as db:
            db.execute(delete(classrooms).where(classrooms.c.id == classroom_id))

    def add_assignment(self, classroom_id: int, most: int, **values: Any) -> int | None:
        """Write an assignment, and return its number; None where the classroom has `most` already."""
        mine = assignments.c.classroom_id == classroom_id
        with self._database.writing() as db:
            db.execute(select(classrooms.c.id).where(classrooms.c.id == classroom_id).with_for_update())
            if db.execute(select(func.count()).select_from(assignments).where(mine)).scalar_one() >= most:
                return None
            made = insert(assignments).values(classroom_id=classroom_id, **values).returning(assignments.c.id)
            return int(db.execute(made).scalar_one())

    def delete_assignment(self, assignment_id: int) -> None:
        """Forget an assignment with what was submitted."""
        with self._database.writing() as db:
            db.execute(delete(assignments).where(assignments.c.id == assignment_id))

    def join(self, digest: str, account_id: int, nickname: str, most: int) -> int | None:
        """Let an account into the classroom of a code; return it, or None where the code is not valid for them.

        Raises `TrainyardError` where the classroom has `most` members. Who was removed does not come back by the same code.
        """
        wanted = (classrooms.c.digest == digest, classrooms.c.code_expires_at > time.time(), _going())
        with self._database.writing() as db:
            found = db.execute(select(classrooms.c.id).where(*wanted).with_for_update()).scalar()
            if found is None or not digest:
                return None
            members = classroom_members.c.classroom_id == found
            mine = members & (classroom_members.c.account_id == account_id)
            removed = db.execute(select(classroom_members.c.removed).where(mine)).scalar()
            if removed is not None:
                return None if removed else int(found)
            there = select(func.count()).select_from(classroom_members).where(members, ~classroom_members.c.removed)
            if db.execute(there).scalar_one() >= most:
                raise TrainyardError("This classroom has {most} members, and no more can join it.", most=most)
            row = {"classroom_id": found, "account_id": account_id, "nickname": nickname, "joined_at": time.time()}
            db.execute(insert(classroom_members).values(**row))
        return int(found)

    def rename_member(self, classroom_id: int, account_id: int, nickname: str) -> None:
        """Write the name of a member on the leaderboard."""
        with self._database.writing() as db:
            db.execute(update(classroom_members).where(_member(classroom_id, account_id)).values(nickname=nickname))

    def remove(self, classroom_id: int, account_id: int, *, for_good: bool) -> None:
        """End somebody's membership. Unless `for_good` they can join again."""
        mine = _member(classroom_id, account_id)
        with self._database.writing() as db:
            db.execute(
                update(classroom_members).where(mine).values(removed=True)
                if for_good
                else delete(classroom_members).where(mine)
            )

    def readmit(self, classroom_id: int) -> None:
        """Forget who was removed: a new code is for everybody."""
        mine = (classroom_members.c.classroom_id == classroom_id) & classroom_members.c.removed
        with self._database.writing() as db:
            db.execute(delete(classroom_members).where(mine))

    def forget(self, owner: str) -> None:
        """Delete the classrooms of a person."""
        with self._database.writing() as db:
            db.execute(delete(classrooms).where(classrooms.c.owner == owner))

    def _known(self, classroom_id: int) -> Classroom:
        found = self.get(classroom_id)
        if found is None:
            raise unknown_classroom(classroom_id)
        return found

    def _read(self, wanted: ColumnElement[bool]) -> _Rooms:
        columns = [column for column in classrooms.c if column.name != "digest"]
        there = (
            select(classroom_members.c.classroom_id, func.count())
            .where(~classroom_members.c.removed)
            .group_by(classroom_members.c.classroom_id)
        )
        with self._database.reading() as db:
            rows = db.execute(select(*columns).where(wanted).order_by(classrooms.c.id.desc())).all()
            mine = assignments.c.classroom_id.in_([row.id for row in rows])
            given = db.execute(select(assignments).where(mine).order_by(assignments.c.id)).all() if rows else []
            numbers = {row[0]: row[1] for row in db.execute(there)} if rows else {}
        found = [_assignment(row._asdict()) for row in given]
        return [
            Classroom(
                **row._asdict(),
                assignments=tuple(one for one in found if one.classroom_id == row.id),
                num_members=numbers.get(row.id, 0),
            )
            for row in rows
        ]


def unknown_classroom(classroom_id: int) -> TrainyardError:
    """Return the sentence about a classroom that is not there."""
    return TrainyardError(
        "Classroom {number} does not exist. It was deleted, or you have left it.", number=classroom_id
    )


def limits_by_owner() -> Subquery:
    """Return, for each account in a classroom that goes on, the strictest of its limits; none for whoever has no limits."""

    def least(name: str) -> ColumnElement[Any]:
        return func.min(func.nullif(classrooms.c[name], 0)).label(name)

    return (
        select(accounts.c.name.label("owner"), *map(least, ("device_minutes", "at_once", "queued")))
        .select_from(classroom_members)
        .join(classrooms, classrooms.c.id == classroom_members.c.classroom_id)
        .join(accounts, accounts.c.id == classroom_members.c.account_id)
        .outerjoin(budgets, budgets.c.owner == accounts.c.name)
        .where(~classroom_members.c.removed, _going(), _limiting(), ~func.coalesce(budgets.c.exempt, False))
        .group_by(accounts.c.name)
        .subquery("taught")
    )


def _assignment(row: Mapping[str, Any]) -> Assignment:
    return Assignment(**{**row, "models": tuple(row["models"])})


def _going() -> ColumnElement[bool]:
    return classrooms.c.archived_at.is_(None) & (classrooms.c.ends_at > time.time())


def _limiting() -> ColumnElement[bool]:
    return or_(classrooms.c.device_minutes > 0, classrooms.c.at_once > 0, classrooms.c.queued > 0)


def _member(classroom_id: int, account_id: int) -> ColumnElement[bool]:
    return (classroom_members.c.classroom_id == classroom_id) & (classroom_members.c.account_id == account_id)
