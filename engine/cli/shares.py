"""Share codes on the command line: `share`."""

import argparse
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine import service
from engine.access import local_owner
from engine.cli.tables import print_rows
from engine.errors import TrainyardError

if TYPE_CHECKING:
    from engine.store.shares import Share


def add_shares(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add("share", share, "Share codes: let members look at one private run, see who does, and end it.")
    made.add_argument(
        "what",
        choices=("create", "list", "revoke", "remove"),
        help="create or list RUN; revoke CODE; remove CODE NAME: one person, for whom the code does not count again",
    )
    made.add_argument("number", type=int, metavar="NUMBER", help="number of the run, or of the code as list says it")
    made.add_argument("name", nargs="?", default="", metavar="NAME", help="name of the account to remove")
    made.add_argument("--days", type=float, default=7.0, metavar="N", help="create: days for which the code counts")
    made.add_argument(
        "--examples", action="store_true", help="create: confirms that examples of imported data are seen with the run"
    )


def share(arguments: argparse.Namespace) -> int:
    """`share`: what the owner of a run does with its codes."""
    actor, number = local_owner(), arguments.number
    match arguments.what:
        case "create":
            made, code = service.shares.create(actor, number, arguments.days, examples=arguments.examples)
            return print_rows([{"share_code": code, **_row(made)}], arguments.json, "")
        case "list":
            rows = [_row(one) for one in service.shares.list_all(actor, number)]
            return print_rows(rows, arguments.json, f"Run {number} has no share codes.")
        case "revoke":
            return print_rows([_row(service.shares.revoke(actor, number))], arguments.json, "")
        case _:
            if not arguments.name:
                raise TrainyardError("Name the account, such as: python -m engine share remove 3 bob@example.org")
            return print_rows([_row(service.shares.refuse(actor, number, arguments.name))], arguments.json, "")


def _row(made: "Share") -> dict[str, Any]:
    """What is known of a code; nobody can read the code itself again."""
    return {
        "code": made.id,
        "run": made.run_id,
        "until": time.strftime("%Y-%m-%d %H:%M", time.gmtime(made.expires_at)),
        "used_by": ", ".join(name for name, _since in made.users),
    }
