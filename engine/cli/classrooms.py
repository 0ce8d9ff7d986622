"""Classrooms on the command line: `classroom`."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from engine import service
from engine.access import local_owner
from engine.classrooms.plans import LIMITED, Plan
from engine.cli.words import numbered, print_facts, word_of
from engine.errors import TrainyardError

if TYPE_CHECKING:
    from engine.store.classrooms import Assignment, Classroom

_WHAT = (
    "list", "show", "create", "edit", "code", "revoke", "assign", "unassign", "members", "remove", "leaderboard", "archive",
    "delete",
)  # fmt: skip


def add_classrooms(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add("classroom", classroom, "Classrooms: assignments, a code to join by, members, leaderboards, the end.")
    made.add_argument(
        "what",
        choices=_WHAT,
        help="create TITLE; show, edit, code, revoke, members, archive or delete NUMBER; assign NUMBER TITLE; remove NUMBER NAME; "
        "unassign or leaderboard ASSIGNMENT; list",
    )
    made.add_argument("words", nargs="*", metavar="WORD", help="what it is about, as above")
    made.add_argument("--title", metavar="TEXT", help="edit: another title")
    made.add_argument("--note", metavar="TEXT", help="create, edit: what members read")
    made.add_argument("--ends", metavar="DATE", help="create, edit: its last day, such as 2027-02-28")
    for part, words in {
        "device_minutes": "minutes on devices a day for each member; 0: no limit",
        "at_once": "runs of a member that train at once; 0: no limit",
        "queued": "runs of a member that wait; 0: no limit",
    }.items():
        flag = f"--{part.replace('_', '-')}"
        made.add_argument(flag, metavar="NUMBER", type=_amount, help=f"create, edit: {words}")
    made.add_argument("--days", metavar="NUMBER", type=_amount, help="code: how long people can join by it")
    made.add_argument("--dataset", metavar="NAME", help="assign: the dataset")
    made.add_argument("--reference", metavar="NAME", default="", help="assign: the imported set that it reads")
    made.add_argument(
        "--task", metavar="NAME", default="", help="assign: the task; by default the usual one of the data"
    )
    made.add_argument(
        "--hidden-share", metavar="SHARE", type=_amount, default=0.0,
        help="assign: share of the examples that members never see, for the leaderboard",
    )  # fmt: skip
    made.add_argument(
        "--model",
        metavar="NAME",
        action="append",
        default=[],
        help="assign: a model that may be submitted; can be repeated",
    )
    made.add_argument("--a-day", metavar="NUMBER", help="assign: submissions a day")
    made.add_argument("--with-runs", action="store_true", help="delete: and the runs on its data")


def classroom(arguments: argparse.Namespace) -> int:
    """`classroom`: what a lecturer does."""
    actor, words, rooms = local_owner(), list(arguments.words), service.classrooms
    if arguments.what == "list":
        return print_facts(arguments, [_facts(one) for one in rooms.list_all(actor)])
    if arguments.what == "create":
        title = _word(words, "title")
        made = rooms.create(actor, title, _ends(arguments.ends), arguments.note or "", **_limits(arguments))
        return print_facts(arguments, _facts(made))
    number = numbered(_word(words, "number"))
    match arguments.what:
        case "members":
            return print_facts(arguments, [asdict(one) for one in rooms.members(actor, number)])
        case "leaderboard":
            rows = service.submissions.leaderboard(actor, number)
            return print_facts(arguments, [asdict(one) for one in rows])
        case "code":
            room, text = rooms.make_code(actor, number, arguments.days)
            return print_facts(arguments, {"code": text, "until": _day(room.code_expires_at)})
        case "assign":
            return print_facts(arguments, _assigned(rooms.add_assignment(actor, number, _plan(arguments, words))))
        case "unassign":
            rooms.delete_assignment(actor, number)
            return print_facts(arguments, {"deleted": number})
        case "delete":
            gone = rooms.delete(actor, number, with_runs=arguments.with_runs)
            return print_facts(arguments, {"deleted": number, "runs": gone})
        case "remove":
            rooms.remove(actor, number, _word(words, "name"))
        case "edit":
            _edit(arguments, number)
        case "revoke":
            rooms.revoke_code(actor, number)
        case "archive":
            rooms.archive(actor, number)
    return print_facts(arguments, _facts(rooms.get(actor, number)))


def _edit(arguments: argparse.Namespace, number: int) -> None:
    """Change what the flags name; the rest stays."""
    actor = local_owner()
    room = service.classrooms.get(actor, number)
    note = room.note if arguments.note is None else arguments.note
    limits = {part: getattr(room, part) for part in LIMITED} | _limits(arguments)
    ends_at = _ends(arguments.ends) if arguments.ends else room.ends_at
    service.classrooms.edit(actor, number, arguments.title or room.title, ends_at, note, **limits)


def _plan(arguments: argparse.Namespace, words: list[str]) -> Plan:
    title = _word(words, "title")
    if not arguments.dataset:
        raise TrainyardError("The {flag} is missing. See: python -m engine classroom --help", flag="--dataset")
    a_day = None if arguments.a_day is None else numbered(arguments.a_day)
    models = tuple(arguments.model)
    return Plan(
        title, arguments.dataset, arguments.reference, arguments.task, arguments.hidden_share, models, a_day
    )  # fmt: skip


def _limits(arguments: argparse.Namespace) -> dict[str, float]:
    return {part: value for part in LIMITED if (value := getattr(arguments, part)) is not None}


def _ends(text: str | None) -> float:
    """Return the end of a day here, in seconds since 1970."""
    try:
        day = datetime.strptime(text or "", "%Y-%m-%d").date()
    except ValueError as error:
        raise TrainyardError("{text!r} is not a day; expected: --ends 2027-02-28.", text=(text or "")[:80]) from error
    return datetime.combine(day, time(23, 59, 59)).timestamp()


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).isoformat(" ", "minutes") if seconds else ""


def _amount(text: str) -> float:
    return float(text)


def _word(words: list[str], meant: str) -> str:
    return word_of("classroom", words, meant)


def _facts(room: "Classroom") -> dict[str, Any]:
    return {
        "number": room.id,
        "title": room.title,
        "note": room.note,
        "open": room.is_open,
        "ends": _day(room.ends_at),
        "code_until": _day(room.code_expires_at),
        "members": room.num_members,
        **{part: getattr(room, part) for part in LIMITED},
        "assignments": [_assigned(one) for one in room.assignments],
    }


def _assigned(one: "Assignment") -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name != "classroom_id"}
