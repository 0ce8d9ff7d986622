"""Submissions: runs that members of a classroom have handed in, and what each scored on the hidden examples.

The table is the queue, too: whoever scores takes the oldest one that waits, and gives it back by dying.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, or_, select, update

from engine.budgets.budget import HOUR_SECONDS, first_hour
from engine.errors import TrainyardError
from engine.sentences import Sentence
from engine.store.database import Database
from engine.store.schema import accounts, assignments, classroom_members, submissions

_MOST_ATTEMPTS = 2


class Scoring(StrEnum):
    """How far a submission is."""

    WAITING = "waiting"
    SCORING = "scoring"
    SCORED = "scored"
    FAILED = "failed"
    """It has no score, and does not count."""


@dataclass(frozen=True)
class Score:
    """One metric with its interval."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Submission:
    """One run that was handed in."""

    id: int
    assignment_id: int
    account_id: int
    name: str
    """Account of who handed it in."""
    nickname: str
    """Their name on the leaderboard."""
    removed: bool
    """Whether they were removed from the classroom: then they are on no leaderboard."""
    run_id: int
    at: float
    state: Scoring
    scores: Mapping[str, Score]
    """By metric; empty until it is scored."""
    examples: int
    """Number of hidden examples."""
    message: Sentence
    """Why it has no score."""

    @property
    def live(self) -> bool:
        """Whether its score is still to come."""
        return self.state in (Scoring.WAITING, Scoring.SCORING)


_List = list[Submission]


class Submissions:
    """The submissions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, assignment_id: int, account_id: int, run_id: int, most: int) -> Submission:
        """Hand in a run. Raises `TrainyardError` where it was handed in before, or `most` were today.

        Safe to call from many processes at once: together they never hand in more.
        """
        mine = (submissions.c.assignment_id == assignment_id) & (submissions.c.account_id == account_id)
        counted = mine & (submissions.c.state != Scoring.FAILED)
        with self._database.writing() as db:
            db.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
            known = counted & (submissions.c.run_id == run_id)
            if db.execute(select(submissions.c.id).where(known)).first() is not None:
                raise TrainyardError("Run {run} was submitted before, and would score the same.", run=run_id)
            today = counted & (submissions.c.at >= _today())
            if db.execute(select(func.count()).select_from(submissions).where(today)).scalar_one() >= most:
                raise TrainyardError(
                    "You have submitted {most} runs today, and no more can be. The count begins anew at midnight UTC.",
                    most=most,
                )
            row = {"assignment_id": assignment_id, "account_id": account_id, "run_id": run_id, "at": time.time()}
            made = insert(submissions).values(**row, state=Scoring.WAITING, scores={}).returning(submissions.c.id)
            submission_id = db.execute(made).scalar_one()
            return _submission(db.execute(_query(submissions.c.id == submission_id)).one())

    def of(self, assignment_id: int) -> _List:
        """Return all of an assignment, the newest first."""
        with self._database.reading() as db:
            return [_submission(row) for row in db.execute(_query(submissions.c.assignment_id == assignment_id))]

    def today(self, account_id: int) -> dict[int, int]:
        """Return how many runs an account has handed in today, by assignment."""
        wanted = (
            (submissions.c.account_id == account_id)
            & (submissions.c.at >= _today())
            & (submissions.c.state != Scoring.FAILED)
        )
        query = select(submissions.c.assignment_id, func.count()).where(wanted).group_by(submissions.c.assignment_id)
        with self._database.reading() as db:
            return {row[0]: row[1] for row in db.execute(query)}

    def waiting(self, patience_seconds: float) -> bool:
        """Return whether one waits to be scored that nobody scores, or has scored for longer than this."""
        with self._database.reading() as db:
            return db.execute(select(submissions.c.id).where(_due(patience_seconds)).limit(1)).first() is not None

    def claim(self, patience_seconds: float) -> Submission | None:
        """Take the oldest one that is due, or return None. No two callers get the same one."""
        now = time.time()
        with self._database.writing() as db:
            oldest = (
                select(submissions.c.id, submissions.c.attempts)
                .where(_due(patience_seconds))
                .order_by(submissions.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = db.execute(oldest).one_or_none()
            if row is None:
                return None
            mine = submissions.c.id == row.id
            values: dict[str, Any] = {"state": Scoring.SCORING, "claimed_at": now, "attempts": row.attempts + 1}
            if row.attempts >= _MOST_ATTEMPTS:
                words = Sentence("It could not be scored in time. Ask your lecturer; it does not count.")
                values = {"state": Scoring.FAILED, "message": words}
            db.execute(update(submissions).where(mine).values(**values))
            return _submission(db.execute(_query(mine)).one())

    def end(self, submission_id: int, scores: Mapping[str, Score], examples: int) -> None:
        """Write what it has scored."""
        stored = {name: [one.value, one.low, one.high] for name, one in scores.items()}
        self._write(submission_id, state=Scoring.SCORED, scores=stored, examples=examples)

    def fail(self, submission_id: int, message: Sentence) -> None:
        """Say why it has no score."""
        self._write(submission_id, state=Scoring.FAILED, message=message)

    def _write(self, submission_id: int, **values: Any) -> None:
        with self._database.writing() as db:
            db.execute(update(submissions).where(submissions.c.id == submission_id).values(**values))


def _query(wanted: ColumnElement[bool]) -> Select[Any]:
    columns = [submissions.c[name] for name in ("id", "assignment_id", "account_id")]
    more = [submissions.c[name] for name in ("run_id", "at", "state", "scores", "examples", "message")]
    member = (classroom_members.c.classroom_id == assignments.c.classroom_id) & (
        classroom_members.c.account_id == submissions.c.account_id
    )
    nickname = func.coalesce(classroom_members.c.nickname, "").label("nickname")
    removed = func.coalesce(classroom_members.c.removed, False).label("removed")
    return (
        select(*columns, accounts.c.name, nickname, removed, *more)
        .join(accounts, accounts.c.id == submissions.c.account_id)
        .join(assignments, assignments.c.id == submissions.c.assignment_id)
        .outerjoin(classroom_members, member)
        .where(wanted)
        .order_by(submissions.c.id.desc())
    )


def _submission(row: Any) -> Submission:
    values = row._asdict()
    scores = {name: Score(*one) for name, one in values.pop("scores").items()}
    return Submission(**values | {"state": Scoring(values["state"]), "scores": scores})


def _due(patience_seconds: float) -> ColumnElement[bool]:
    stale = (submissions.c.state == Scoring.SCORING) & (submissions.c.claimed_at < time.time() - patience_seconds)
    return or_(submissions.c.state == Scoring.WAITING, stale)


def _today() -> float:
    return float(first_hour(time.time()) * HOUR_SECONDS)
