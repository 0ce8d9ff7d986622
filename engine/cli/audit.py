"""`audit`: the audit log in a terminal, or as a file."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from engine import service
from engine.access import local_owner
from engine.audit.entries import MOST, Entry, Wanted
from engine.audit.export import FORMATS, row
from engine.errors import TrainyardError

_DAY = 86_400.0


def add_audit(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add("audit", audit, "Who did what on a shared dashboard: list it, or export it as CSV or JSON lines.")
    made.add_argument(
        "--who", default="", metavar="NAME", help="only what this person has done, or what was done to them"
    )
    made.add_argument("--action", default="", metavar="ACTION", help="only this action, or a beginning such as runs.")
    made.add_argument("--since", default="", metavar="DATE", help="only from this day on (UTC), such as 2026-11-29")
    made.add_argument("--until", default="", metavar="DATE", help="only until the end of this day (UTC)")
    made.add_argument("--limit", type=int, default=50, metavar="N", help="newest entries to list; an export has all")
    made.add_argument("--format", choices=sorted(FORMATS), help="export as CSV or JSON lines to standard output")


def audit(arguments: argparse.Namespace) -> int:
    """`audit`: print entries."""
    until = _day(arguments.until) + _DAY if arguments.until else 0.0
    wanted = Wanted(arguments.who, arguments.action, _day(arguments.since) if arguments.since else 0.0, until)
    found = service.audit.entries(local_owner(), wanted, MOST if arguments.format else max(1, arguments.limit))
    if arguments.format:
        sys.stdout.write(FORMATS[arguments.format](reversed(found)))
    elif arguments.json:
        print(json.dumps([row(entry) for entry in found], ensure_ascii=False))
    else:
        print("\n".join(map(_line, found)) or "There is no entry. Only shared mode has an audit log.")
    return 0


def _line(entry: Entry) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(entry.at))
    words = " · ".join(text for text in (entry.thing, entry.about, entry.detail) if text)
    return f"{when}  {entry.who} ({entry.role}, {entry.way})  {entry.action}  {words}".rstrip()


def _day(text: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise TrainyardError("{text!r} is not a date. Expected one such as 2026-11-29.", text=text) from None
