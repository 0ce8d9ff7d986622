"""Classrooms in the API: what a lecturer prepares, and what members join, look at and hand in."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from engine import service
from engine.access import Action, Actor, Forbidden, allowed
from engine.api import shapes
from engine.api.bodies import parse_body
from engine.api.problems import Problem
from engine.api.shapes import moment
from engine.classrooms.plans import LIMITED, Plan
from engine.errors import StoreUnavailable, TrainyardError

if TYPE_CHECKING:
    from engine.store.classrooms import Assignment, Classroom
    from engine.store.submissions import Score, Submission

T = TypeVar("T")


def list_all(actor: Actor) -> shapes.ClassroomList:
    """Return those that somebody has joined, or for admins all."""
    return shapes.ClassroomList(classrooms=[_told(actor, one) for one in service.classrooms.list_all(actor)])


def describe(actor: Actor, number: int) -> shapes.ClassroomFacts:
    """Return one classroom."""
    return _told(actor, _room(actor, number))


def create(actor: Actor, body: bytes) -> shapes.ClassroomFacts:
    """Make a classroom."""
    asked = parse_body(shapes.NewClassroom, body)
    limits = {name: getattr(asked, name) for name in LIMITED}
    return _told(actor, service.classrooms.create(actor, asked.title, asked.ends_at.timestamp(), asked.note, **limits))


def change(actor: Actor, number: int, body: bytes) -> shapes.ClassroomFacts:
    """Change what the body names."""
    asked, room = parse_body(shapes.ClassroomChanges, body), _room(actor, number)
    if asked.model_fields_set - {"archived"}:
        title, note = asked.title or room.title, room.note if asked.note is None else asked.note
        ends_at = room.ends_at if asked.ends_at is None else asked.ends_at.timestamp()
        given = {name: getattr(asked, name) for name in LIMITED}
        limits = {name: getattr(room, name) if value is None else value for name, value in given.items()}
        room = service.classrooms.edit(actor, number, title, ends_at, note, **limits)
    return _told(actor, service.classrooms.archive(actor, number) if asked.archived else room)


def delete(actor: Actor, number: int) -> None:
    """Delete a classroom. The runs of its members stay."""
    service.classrooms.delete(actor, _room(actor, number).id)


def members(actor: Actor, number: int) -> shapes.ClassroomMembers:
    """Return who has joined."""
    found = service.classrooms.members(actor, _room(actor, number).id)
    told = [
        shapes.ClassroomMember(name=one.name, nickname=one.nickname, joined_at=moment(one.joined_at)) for one in found
    ]
    return shapes.ClassroomMembers(members=told)


def remove(actor: Actor, number: int, name: str) -> None:
    """End the membership of somebody, who does not come back by the same code."""
    service.classrooms.remove(actor, _room(actor, number).id, name)


def rename(actor: Actor, number: int, body: bytes) -> shapes.Membership:
    """Change one's own name on the leaderboards."""
    asked, room = parse_body(shapes.Membership, body), _room(actor, number)
    service.classrooms.call_me(actor, room.id, asked.nickname)
    mine = service.classrooms.me(actor, room.id)
    if mine is None:  # an admin, who sees all classrooms
        raise Problem(HTTPStatus.NOT_FOUND, "You have not joined classroom {number}.", number=number)
    return shapes.Membership(nickname=mine.nickname)


def leave(actor: Actor, number: int) -> None:
    """End one's own membership. Runs stay one's own, and what was handed in stays on the leaderboards."""
    service.classrooms.leave(actor, _room(actor, number).id)


def make_code(actor: Actor, number: int) -> shapes.ClassroomCode:
    """Return a new code to join by; the one before is void."""
    room, text = service.classrooms.make_code(actor, _room(actor, number).id)
    return shapes.ClassroomCode(code=text, expires_at=moment(room.code_expires_at))


def revoke_code(actor: Actor, number: int) -> None:
    """Let nobody join any more, until there is a new code."""
    service.classrooms.revoke_code(actor, _room(actor, number).id)


def join(actor: Actor, body: bytes) -> shapes.ClassroomFacts:
    """Join the classroom of a code."""
    asked = parse_body(shapes.JoinRequest, body)
    room = service.classrooms.join(actor, asked.code, asked.nickname)
    return _classroom(room, {}, manages=False)


def assign(actor: Actor, number: int, body: bytes) -> shapes.AssignmentFacts:
    """Add an assignment."""
    asked = parse_body(shapes.NewAssignment, body)
    plan = Plan(**asked.model_dump(exclude={"models"}), models=tuple(asked.models))
    return _assignment(service.classrooms.add_assignment(actor, _room(actor, number).id, plan))


def unassign(actor: Actor, number: int) -> None:
    """Delete an assignment with what was handed in."""
    service.classrooms.delete_assignment(actor, _assigned(actor, number).id)


def leaderboard(actor: Actor, number: int) -> shapes.Leaderboard:
    """Return the best of each member, the best first."""
    one = _assigned(actor, number)
    rows = [
        shapes.Standing(
            place=row.place,
            member=row.member,
            score=_score(row.score),
            submissions=row.submissions,
            examples=row.examples,
            mine=row.mine,
            account=row.account,
            run=row.run_id,
        )
        for row in service.submissions.leaderboard(actor, number)
    ]
    return shapes.Leaderboard(metric=one.metric, rows=rows)


def submissions(actor: Actor, number: int) -> shapes.SubmissionList:
    """Return what one has handed in oneself, the newest first."""
    _assigned(actor, number)
    return shapes.SubmissionList(submissions=[_submission(one) for one in service.submissions.mine(actor, number)])


def submit(actor: Actor, number: int, body: bytes) -> shapes.SubmissionFacts:
    """Hand in a run of one's own."""
    asked = parse_body(shapes.NewSubmission, body)
    return _submission(service.submissions.submit(actor, _assigned(actor, number).id, asked.run))


def _room(actor: Actor, number: int) -> "Classroom":
    return _found(lambda: service.classrooms.get(actor, number))


def _assigned(actor: Actor, number: int) -> "Assignment":
    return _found(lambda: service.classrooms.assignment(actor, number))


def _found(look: Callable[[], T]) -> T:
    """Return what is looked up; what is not there, for whoever asks, has status 404."""
    try:
        return look()
    except (Forbidden, StoreUnavailable):
        raise
    except TrainyardError as error:
        raise Problem(HTTPStatus.NOT_FOUND, error.sentence) from error


def _told(actor: Actor, room: "Classroom") -> shapes.ClassroomFacts:
    left = {one.assignment.id: one.left for one in service.submissions.left(actor, room.id)}
    return _classroom(room, left, manages=allowed(actor, Action.CHANGE, room))


def _classroom(room: "Classroom", left: dict[int, int], *, manages: bool) -> shapes.ClassroomFacts:
    """`left`: submissions that one may still make today, by assignment. When the code ends is told to who manages it."""
    return shapes.ClassroomFacts(
        number=room.id,
        title=room.title,
        note=room.note,
        open=room.is_open,
        archived=room.archived_at is not None,
        ends_at=moment(room.ends_at),
        code_expires_at=moment(room.code_expires_at) if manages and room.code_expires_at else None,
        members=room.num_members,
        assignments=[_assignment(one, left.get(one.id)) for one in room.assignments],
        **{name: getattr(room, name) for name in LIMITED},
    )


def _assignment(one: "Assignment", left: int | None = None) -> shapes.AssignmentFacts:
    return shapes.AssignmentFacts(
        number=one.id,
        title=one.title,
        task=one.task,
        dataset=one.dataset,
        reference=one.reference,
        metric=one.metric or None,
        models=list(one.models),
        a_day=one.a_day,
        left_today=left,
    )


def _submission(one: "Submission") -> shapes.SubmissionFacts:
    return shapes.SubmissionFacts(
        number=one.id,
        run=one.run_id,
        at=moment(one.at),
        state=one.state.value,
        scores={name: _score(score) for name, score in one.scores.items()},
    )


def _score(score: "Score") -> shapes.MeasuredScore:
    return shapes.MeasuredScore(value=score.value, low=score.low, high=score.high)
