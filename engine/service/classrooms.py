"""Classrooms: an admin makes one with assignments, members join by its code, and it is archived or deleted at the end.

What members may look at and train on there is a part of who asks (`engine.access.Actor`), read at each request. What is submitted
and how it ranks is in `engine.service.submissions`.
"""

import time

from engine import access
from engine.access import TEACHING, Action, Actor, Role, check, visible
from engine.artifacts import delete_runs
from engine.classrooms.codes import digest_of, new_code
from engine.classrooms.hiding import hide_part
from engine.classrooms.plans import Plan, end_of, limits_of, nickname_of, planned, texts
from engine.errors import TrainyardError
from engine.evaluation import deciding_metric
from engine.imports.sets import set_path
from engine.imports.titles import own_reference
from engine.imports.versions import delete_set
from engine.naming import clean_name
from engine.own_data import Uses, set_of, uses_of
from engine.service.audited import audited
from engine.service.callers import attempt
from engine.service.data import check_data
from engine.service.opened import store
from engine.service.terms import check_disk
from engine.settings import settings
from engine.store.accounts import Account
from engine.store.classrooms import Assignment, Classroom, Member, unknown_classroom
from engine.store.demos import Demo

_DAY = 86_400.0
_MEMBERSHIP = "memberships of classrooms"
_MOST_A_DAY = 1_000


# -- reading ---------------------------------------------------------------------------------------------------------------


def list_all(actor: Actor) -> list[Classroom]:
    """Return the classrooms that somebody has joined, or for admins all, the newest first."""
    return visible(actor, store().classrooms.list())


def get(actor: Actor, classroom_id: int) -> Classroom:
    """Return a classroom. For whoever is no member it does not exist."""
    found = store().classrooms.get(classroom_id)
    if found is None or not access.allowed(actor, Action.LOOK, found):
        raise unknown_classroom(classroom_id)
    return found


def members(actor: Actor, classroom_id: int) -> list[Member]:
    """Return who has joined: for admins alone, since names of accounts are personal."""
    check(actor, Action.CHANGE, get(actor, classroom_id))
    return store().classrooms.members(classroom_id)


def me(actor: Actor, classroom_id: int) -> Member | None:
    """Return one's own membership; None for an admin who has not joined."""
    get(actor, classroom_id)
    return next((one for one in store().classrooms.members(classroom_id) if one.name == actor.name), None)


def gallery(actor: Actor, classroom_id: int) -> list[Demo]:
    """Return the demos that members have published of what they have trained for the assignments, by name."""
    room = get(actor, classroom_id)
    names = {one.name for one in store().classrooms.members(classroom_id)}
    wanted = {(one.task, one.dataset, one.reference) for one in room.assignments}
    found = store().demos.list(access.reach(actor, Action.LOOK))
    return visible(actor, [demo for demo in found if demo.owner in names and _shown(demo) in wanted])


def _shown(demo: Demo) -> tuple[str, str, str]:
    """Return task, dataset and imported set of the current version of a demo."""
    spec = demo.versions[demo.current].spec
    part = spec["dataset"]
    return spec["task"]["name"], part["name"], own_reference(part["name"], part)


# -- making ----------------------------------------------------------------------------------------------------------------


@audited("classroom {made}")
def create(actor: Actor, title: str, ends_at: float, note: str = "", **limits: float) -> Classroom:
    """Make a classroom that ends at a time, in seconds since 1970. `limits` are parts of a budget, 0 for none."""
    check(actor, Action.CREATE, TEACHING)
    values = texts(title, note) | limits_of(limits) | {"ends_at": end_of(ends_at)}
    return store().classrooms.create(owner=actor.name, **values)


@audited("classroom {classroom_id}")
def edit(actor: Actor, classroom_id: int, title: str, ends_at: float, note: str = "", **limits: float) -> Classroom:
    """Change title, end, note and limits of a classroom that goes on."""
    _teaching(actor, classroom_id)
    values = texts(title, note) | limits_of(limits) | {"ends_at": end_of(ends_at)}
    return store().classrooms.change(classroom_id, **values)


@audited("classroom {classroom_id}", detail="for {days} days")
def make_code(actor: Actor, classroom_id: int, days: float | None = None) -> tuple[Classroom, str]:
    """Return the text of a new code to join by, which nobody can read again; the one before is void.

    Who was removed can join by it again.
    """
    room = _teaching(actor, classroom_id)
    days = settings().classroom_code_days if days is None else days
    if days <= 0:
        raise TrainyardError("A code counts for more than 0 days; {days:g} were given.", days=days)
    text, until = new_code(), min(time.time() + days * _DAY, room.ends_at)
    store().classrooms.readmit(classroom_id)
    return store().classrooms.change(classroom_id, digest=digest_of(text), code_expires_at=until), text


@audited("classroom {classroom_id}")
def revoke_code(actor: Actor, classroom_id: int) -> Classroom:
    """Make the code void. Who has joined stays."""
    check(actor, Action.CHANGE, get(actor, classroom_id))
    return store().classrooms.change(classroom_id, digest="", code_expires_at=0.0)


@audited("classroom {classroom_id}", detail="assignment {made}")
def add_assignment(actor: Actor, classroom_id: int, plan: Plan) -> Assignment:
    """Add an assignment. Where a share is hidden, the imported set is divided into two new ones, which are the actor's."""
    _teaching(actor, classroom_id)
    title = clean_name(plan.title)
    if not title:
        raise TrainyardError("An assignment needs a title.")
    a_day = settings().classroom_submissions if plan.a_day is None else plan.a_day
    if not 1 <= a_day <= _MOST_A_DAY:
        raise TrainyardError(
            "{count} submissions a day cannot be; choose a number from 1 to {most:,}.", count=a_day, most=_MOST_A_DAY
        )
    spec = planned(plan)
    check_data(actor, spec.dataset)
    reference, hidden = plan.reference, ""
    if plan.hidden_share:
        own = set_of(spec.dataset)
        if own is None:
            raise TrainyardError(
                "The examples of {dataset!r} are known to everybody, so none can be hidden. Import data of your own, or make an "
                "assignment without a leaderboard.",
                dataset=plan.dataset,
            )
        check_disk(actor)
        divided = hide_part(own, plan.hidden_share, actor.name)
        reference, hidden = divided.seen, divided.hidden
    metric = deciding_metric(spec.task.objective, spec.task.metric_names()) if hidden else ""
    made = store().classrooms.add_assignment(
        classroom_id,
        settings().max_assignments,
        title=title,
        task=spec.task.name,
        dataset=plan.dataset,
        reference=reference,
        hidden=hidden,
        metric=metric,
        models=list(plan.models),
        a_day=a_day,
    )
    found = None if made is None else store().classrooms.assignment(made)
    if found is None:
        for name in (reference, hidden) if hidden else ():
            delete_set(name)
        raise TrainyardError(
            "The classroom has {most} assignments, and TRAINYARD_MAX_ASSIGNMENTS allows no more.",
            most=settings().max_assignments,
        )
    return found


@audited("assignment {assignment_id}")
def delete_assignment(actor: Actor, assignment_id: int) -> None:
    """Delete an assignment with what was submitted, and the two sets that were made for it. Runs stay."""
    one = assignment(actor, assignment_id)
    check(actor, Action.CHANGE, get(actor, one.classroom_id))
    _check_idle([one])
    store().classrooms.delete_assignment(assignment_id)
    _delete_sets([one])


def assignment(actor: Actor, assignment_id: int) -> Assignment:
    """Return one assignment of a classroom that somebody may look at."""
    found = store().classrooms.assignment(assignment_id)
    if found is None:
        check(actor, Action.LOOK, _MEMBERSHIP)
        raise TrainyardError("Assignment {number} does not exist. It was deleted.", number=assignment_id)
    get(actor, found.classroom_id)
    return found


# -- joining ---------------------------------------------------------------------------------------------------------------


@audited("classroom {made}")
def join(actor: Actor, code: str, nickname: str = "") -> Classroom:
    """Join the classroom of a code; return it. `nickname` is one's name on its leaderboards."""
    check(actor, Action.CREATE, _MEMBERSHIP)
    attempt(actor.origin)
    account = _account(actor)
    most = settings().max_classroom_members
    found = store().classrooms.join(digest_of(code), account.id, nickname_of(nickname), most)
    room = None if found is None else store().classrooms.get(found)
    if room is None:
        raise TrainyardError(
            "This code is not valid. It has expired or was replaced, or a letter is wrong. Ask for a new one."
        )
    return room


@audited("classroom {classroom_id}")
def call_me(actor: Actor, classroom_id: int, nickname: str) -> None:
    """Change one's name on the leaderboards of a classroom."""
    get(actor, classroom_id)
    check(actor, Action.CREATE, _MEMBERSHIP)
    store().classrooms.rename_member(classroom_id, _account(actor).id, nickname_of(nickname))


@audited("classroom {classroom_id}")
def leave(actor: Actor, classroom_id: int) -> None:
    """Leave a classroom. Runs stay one's own, and what was submitted stays on the leaderboards."""
    get(actor, classroom_id)
    check(actor, Action.CREATE, _MEMBERSHIP)
    store().classrooms.remove(classroom_id, _account(actor).id, for_good=False)


@audited("classroom {classroom_id}", about="{name}")
def remove(actor: Actor, classroom_id: int, name: str) -> None:
    """End the membership of somebody, who does not come back by the same code."""
    check(actor, Action.CHANGE, get(actor, classroom_id))
    account = store().accounts.get(name)
    if account is not None:
        store().classrooms.remove(classroom_id, account.id, for_good=True)


# -- the end ---------------------------------------------------------------------------------------------------------------


@audited("classroom {classroom_id}")
def archive(actor: Actor, classroom_id: int) -> Classroom:
    """End a classroom: it can be read, and nothing else. Code, limits and the right to its data end now."""
    check(actor, Action.CHANGE, get(actor, classroom_id))
    return store().classrooms.change(classroom_id, archived_at=time.time(), digest="", code_expires_at=0.0)


@audited("classroom {classroom_id}", detail="with runs {with_runs}")
def delete(actor: Actor, classroom_id: int, *, with_runs: bool = False) -> int:
    """Delete a classroom with what was submitted and the sets that were made for it; return the number of runs deleted.

    Members' runs stay theirs. `with_runs`: those that were trained on sets of the classroom go too, but for published ones.
    """
    room = get(actor, classroom_id)
    check(actor, Action.DELETE, room)
    used = _check_idle(room.assignments)
    ended = [run_id for uses in used for run_id in uses.ended] if with_runs else []
    published = {run_id for run_id, _name, _number in store().demos.uses(ended)}
    gone = [run_id for run_id in ended if run_id not in published]
    delete_runs(store(), gone)
    store().classrooms.delete(classroom_id)
    _delete_sets(room.assignments)
    return len(gone)


def _made(assignments: "tuple[Assignment, ...] | list[Assignment]") -> list[str]:
    """Return the sets that were made for assignments and are still there: those that members train on come first."""
    ranked = [one for one in assignments if one.hidden]
    return [
        name
        for name in (*(one.reference for one in ranked), *(one.hidden for one in ranked))
        if name and set_path(name).is_dir()
    ]


def _check_idle(assignments: "tuple[Assignment, ...] | list[Assignment]") -> list[Uses]:
    """Return the uses of the sets that were made for assignments. Raise `TrainyardError` while a run still needs one."""
    found = [uses_of(store(), name) for name in _made(assignments)]
    for uses in found:
        if uses.in_use:
            raise TrainyardError(uses.refusal())
    return found


def _delete_sets(assignments: "tuple[Assignment, ...] | list[Assignment]") -> None:
    for name in _made(assignments):
        delete_set(name)


# -- rules -----------------------------------------------------------------------------------------------------------------


def _teaching(actor: Actor, classroom_id: int) -> Classroom:
    """Return a classroom that somebody may change and that goes on."""
    room = get(actor, classroom_id)
    check(actor, Action.CHANGE, room)
    if room.archived_at is not None:
        raise TrainyardError("Classroom {number} is archived: it can only be read.", number=classroom_id)
    return room


def _account(actor: Actor) -> Account:
    account = store().accounts.get(actor.name)
    if account is None or actor.role is Role.VISITOR:
        raise TrainyardError("{name!r} has no account: classrooms are for people who log in.", name=actor.name)
    return account
