"""Submissions to the assignments of a classroom: members hand in runs, which are scored on examples that they never see."""

from dataclasses import dataclass

from engine.access import Action, Actor, check, reach
from engine.classrooms.fitting import check_fits, misfit
from engine.classrooms.scorer import ensure_scorer
from engine.classrooms.standings import standings
from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.service import classrooms, runs
from engine.service.audited import audited
from engine.service.opened import store
from engine.store.classrooms import Assignment
from engine.store.submissions import Score, Submission

_MOST_RUNS = 100
_SUBMISSIONS = "submissions"


@dataclass(frozen=True)
class Row:
    """One row of a leaderboard, as somebody sees it."""

    place: int
    member: str
    """Their chosen name; empty where they have chosen none."""
    score: Score
    submissions: int
    examples: int
    mine: bool
    account: str | None = None
    """For admins, and of oneself."""
    run_id: int | None = None
    """Likewise."""


@dataclass(frozen=True)
class Left:
    """How often somebody may still hand something in today."""

    assignment: Assignment
    used: int

    @property
    def left(self) -> int:
        """Return what is left of the day."""
        return max(0, self.assignment.a_day - self.used)


def leaderboard(actor: Actor, assignment_id: int) -> list[Row]:
    """Return the best of each member, the best first. Runs and accounts of others are for admins alone."""
    one = classrooms.assignment(actor, assignment_id)
    everything = reach(actor, Action.LOOK).everything
    ensure_scorer(store())
    rows = []
    for standing in standings(store().submissions.of(assignment_id), one.metric) if one.hidden else []:
        best, mine = standing.best, standing.best.name == actor.name
        told = everything or mine
        rows.append(
            Row(
                standing.place,
                best.nickname,
                standing.score,
                standing.submissions,
                best.examples,
                mine,
                best.name if told else None,
                best.run_id if told else None,
            )
        )
    return rows


def mine(actor: Actor, assignment_id: int) -> list[Submission]:
    """Return what one has handed in oneself, the newest first."""
    classrooms.assignment(actor, assignment_id)
    return [one for one in store().submissions.of(assignment_id) if one.name == actor.name]


def left(actor: Actor, classroom_id: int) -> list[Left]:
    """Return how many runs one may still submit today, by assignment; those without a leaderboard are left out."""
    room = classrooms.get(actor, classroom_id)
    account = store().accounts.get(actor.name)
    used = store().submissions.today(account.id) if account is not None else {}
    return [Left(one, used.get(one.id, 0)) for one in room.assignments if one.hidden]


def candidates(actor: Actor, assignment_id: int) -> list[Run]:
    """Return the runs that one may submit now and has not yet, the newest first."""
    one = classrooms.assignment(actor, assignment_id)
    handed_in = {submission.run_id for submission in mine(actor, assignment_id)}
    ended = runs.list_all(
        actor,
        states=[RunState.COMPLETED, RunState.STOPPED],
        dataset=one.dataset,
        owner=actor.name,
        trials=False,
        limit=_MOST_RUNS,
    )
    return [run for run in ended if run.id not in handed_in and misfit(run, one) is None]


@audited("assignment {assignment_id}", detail="run {run_id}")
def submit(actor: Actor, assignment_id: int, run_id: int) -> Submission:
    """Hand in a run of one's own, to be scored in the background. Raises `TrainyardError` with the reason where it cannot be."""
    one = classrooms.assignment(actor, assignment_id)
    check(actor, Action.CREATE, _SUBMISSIONS)
    room = classrooms.get(actor, one.classroom_id)
    member = classrooms.me(actor, room.id)
    if member is None:
        raise TrainyardError("Join the classroom {title!r} first: only its members submit runs.", title=room.title)
    if not room.is_open:
        raise TrainyardError(
            "The classroom {title!r} has ended, and nothing can be submitted any more.", title=room.title
        )
    if not one.hidden:
        raise TrainyardError("The assignment {title!r} has no leaderboard, so nothing is submitted.", title=one.title)
    run = runs.get(actor, run_id)
    check(actor, Action.CHANGE, run)
    if run.owner != actor.name:
        raise TrainyardError("Run {run} is not yours. Submit a run that you have trained.", run=run_id)
    check_fits(run, one)
    made = store().submissions.add(assignment_id, member.account_id, run_id, one.a_day)
    ensure_scorer(store())
    return made
