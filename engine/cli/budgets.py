"""Budgets and the queue on the command line, for whoever runs the server."""

import argparse
import time
from collections.abc import Callable
from typing import Any

from engine import service
from engine.access import local_owner
from engine.budgets import LIMITS, Usage
from engine.budgets.schedule import Why
from engine.cli.tables import print_rows
from engine.errors import TrainyardError
from engine.service.queueing import Turn

_FLAGS = {
    "device_minutes": "minutes of training a day",
    "at_once": "runs that train at once",
    "queued": "runs that may wait in the queue",
    "disk_mb": "disk space of runs and datasets, in MB",
}
_USUAL = "usual"
_WHY = {
    Why.SLOT: "a free slot",
    Why.AT_ONCE: "another run of its owner",
    Why.BUDGET: "the budget of its owner",
}


def add_budgets(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    made = add("budget", budget, "Budgets of members: list them, show one, or set one for a person.")
    made.add_argument("what", choices=("list", "show", "set"), help="set: changes only what is named")
    made.add_argument("name", nargs="?", default="", metavar="NAME", help="name of the account")
    for name, words in _FLAGS.items():
        flag = f"--{name.replace('_', '-')}"
        made.add_argument(flag, metavar="N", help=f"{words}; 0: no limit, {_USUAL}: as the settings say")
    made = add("queue", queue, "List the runs that wait, the next one first, with when each will probably begin.")
    made.add_argument("--first", type=int, metavar="ID", help="let this run go before all others")
    made.add_argument("--yield", dest="preempt", type=int, metavar="ID", help="let a running run make way for others")


def budget(arguments: argparse.Namespace) -> int:
    """`budget`: what people may use, and have used."""
    actor, name = local_owner(), arguments.name
    if arguments.what == "list":
        rows = [_row(usage) for usage in service.budgets.list_all(actor)]
        return print_rows(rows, arguments.json, "Nobody has trained or logged in yet.")
    if not name:
        raise TrainyardError("Name the account, such as: python -m engine budget show ada@example.org")
    if arguments.what == "show":
        return print_rows([_row(service.budgets.usage(actor, name))], arguments.json, "")
    given = {part: text for part in LIMITS if (text := getattr(arguments, part)) is not None}
    if not given:
        raise TrainyardError(
            "Name what to set, such as: python -m engine budget set {name} --device-minutes 120", name=name
        )
    parts = {part: _number(part, text) for part, text in given.items()}
    return print_rows([_row(service.budgets.set_budget(actor, name, **parts))], arguments.json, "")


def _number(part: str, text: str) -> float | None:
    if text == _USUAL:
        return None
    try:
        return float(text) if part == "device_minutes" else int(text)
    except ValueError:
        raise TrainyardError(
            "{text!r} is no value of --{flag}. Expected a number, 0 for no limit, or {usual!r}.",
            text=text,
            flag=part.replace("_", "-"),
            usual=_USUAL,
        ) from None


def _row(usage: Usage) -> dict[str, Any]:
    budget, left = usage.budget, usage.left_seconds
    return {
        "name": usage.owner,
        "used_minutes": round(usage.used_seconds / 60, 1),
        "held_minutes": round(usage.held_seconds / 60, 1),
        "left_minutes": None if left is None else round(left / 60, 1),
        **{part: getattr(budget, part) or None for part in LIMITS},
        "running": usage.training,
        "waiting": usage.queued,
    }


def queue(arguments: argparse.Namespace) -> int:
    """`queue`: who is next, when, and what each waits for."""
    actor = local_owner()
    if arguments.first is not None:
        service.budgets.prioritise(actor, arguments.first)
    if arguments.preempt is not None:
        service.budgets.preempt(actor, arguments.preempt)
    rows = [turn_row(turn) for turn in service.budgets.queue(actor)]
    return print_rows(rows, arguments.json, "No run waits.")


def turn_row(turn: Turn) -> dict[str, Any]:
    """Return a place in the queue as plain values."""
    return {
        "place": turn.place,
        "run": turn.run_id,
        "starts_in_seconds": _whole(turn.seconds),
        "from_seconds": _whole(turn.low),
        "to_seconds": _whole(turn.high),
        "waits_for": _WHY[turn.why],
        "budget_returns_at": None
        if turn.resets_at is None
        else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(turn.resets_at)),
    }


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)
