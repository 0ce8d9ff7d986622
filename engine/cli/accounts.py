"""Accounts on the command line, for whoever runs the server."""

import argparse
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine import service
from engine.access import Role, local_owner
from engine.errors import TrainyardError
from engine.runs import is_run_id

if TYPE_CHECKING:
    from engine.store.tokens import Token

_AUTOMATIC = "auto"


def add_accounts(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add("account", account, "People who log in to a shared dashboard: list them, set a role, sign out.")
    made.add_argument(
        "what",
        choices=("list", "role", "sign-out", "unlink", "delete", "code", "tokens", "revoke-token"),
        help="code: print a one-time code that makes an admin; delete: with all that is theirs, see --confirm; tokens: those of "
        "NAME and what they are for; revoke-token: the one of a number, in place of NAME",
    )
    made.add_argument("name", nargs="?", default="", metavar="NAME", help="name of the account")
    made.add_argument(
        "role",
        nargs="?",
        choices=(*Role, _AUTOMATIC),
        metavar="ROLE",
        help="visitor, member, admin, or auto: lists and groups decide",
    )

    made.add_argument("--confirm", default="", metavar="NAME", help="the name again, to delete a person")


def account(arguments: argparse.Namespace) -> int:
    """`account`: what an operator does with accounts."""
    actor, name, role = local_owner(), arguments.name, arguments.role
    answer: object
    match arguments.what:
        case "list":
            rows = [(a.name, service.accounts.role(actor, a)) for a in service.accounts.list_all(actor)]
            answer = [{"name": name, "role": role.value} for name, role in rows]
            words = "\n".join(f"{role.value:<8} {name}" for name, role in rows) or "Nobody has logged in yet."
        case "role":
            if role is None:
                raise TrainyardError("Name the role: visitor, member, admin, or auto for lists and groups.")
            chosen = None if role == _AUTOMATIC else Role(role)
            made = service.accounts.set_role(actor, name, chosen)
            found = service.accounts.role(actor, made)
            answer = {"name": made.name, "role": found.value}
            words = f"{made.name} is {found.value} from the next request on."
        case "sign-out":
            count = service.accounts.sign_out(actor, name)
            answer, words = {"name": name, "sessions": count}, f"{count} sessions of {name} are over."
        case "unlink":
            service.accounts.unlink(actor, name)
            answer, words = {"name": name}, f"The next login under {name} has the account."
        case "tokens":
            answer = [_token(token) for token in service.tokens.list_all(actor, name)]
            words = (
                "\n".join("  ".join(f"{k}: {v}" for k, v in row.items() if v) for row in answer) or "There are none."
            )
        case "revoke-token":
            if not is_run_id(name):
                raise TrainyardError("{text!r} is not the number of a token.", text=name[:80])
            service.tokens.revoke(actor, int(name))
            answer, words = {"token": int(name)}, f"Token {name} is void from the next request on."
        case "delete":
            pseudonym = service.people.delete(actor, name, arguments.confirm)
            answer, words = (
                {"name": name, "pseudonym": pseudonym},
                f"{name} is deleted; the audit log says {pseudonym}.",
            )
        case _:
            code = service.accounts.new_code(actor)
            answer, words = {"code": code}, f"Log in, and enter this on the page Account within a day: {code}"
    print(json.dumps(answer) if arguments.json else words)
    return 0


def _token(token: "Token") -> dict[str, Any]:
    """What a token is for; nobody can read the token itself."""
    return {
        "id": token.id,
        "name": token.name,
        "actions": list(token.actions),
        "demos": list(token.demos),
        "runs": list(token.runs),
        "expires": time.strftime("%Y-%m-%d", time.gmtime(token.expires_at)),
    }
