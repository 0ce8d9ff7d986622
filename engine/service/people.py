"""People, as admins see them: what each has, how much disk it takes, and deleting a person with all that is theirs."""

from dataclasses import dataclass

from engine.access import ADMINISTRATION, Action, Actor, Role, check
from engine.accounts.sessions import actor_named
from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.imports.sets import OwnSet, list_sets, set_path
from engine.service.audited import audited
from engine.service.leaving import forget_everything, stop_work
from engine.service.opened import store
from engine.store.people import Held


@dataclass(frozen=True)
class Person:
    """One account, and what its person has."""

    name: str
    role: Role
    chosen: str
    """The role that an admin has chosen; empty: lists and groups decide."""
    held: Held
    datasets: int


def list_all(actor: Actor) -> list[Person]:
    """Return everybody who has an account, by name."""
    check(actor, Action.LOOK, ADMINISTRATION)
    held, sets = store().people.held(), list_sets()
    return [
        Person(
            account.name,
            actor_named(account).role,
            account.chosen,
            held.get(account.name, Held()),
            sum(own.owner == account.name for own in sets),
        )
        for account in store().accounts.list()
    ]


def storage(actor: Actor) -> dict[str, tuple[int, int]]:
    """Return the bytes of the runs and of the imported datasets of everybody who has any, by name. Walks through all files."""
    check(actor, Action.LOOK, ADMINISTRATION)
    found: dict[str, tuple[int, int]] = {}
    for name in store().people.held():
        size = sum(artifacts_of(run_id).size_bytes() for run_id in store().people.all_runs(name))
        found[name] = (size, 0)
    for own in list_sets():
        runs, data = found.get(own.owner, (0, 0))
        found[own.owner] = (runs, data + _size(own))
    return found


@audited(about="{made}")
def delete(actor: Actor, name: str, typed: str) -> str:
    """Delete a person with everything that is theirs; return the pseudonym under which the audit log keeps what they did.

    `typed` repeats the name, so that nobody is deleted by a slip. Running work is stopped first, which takes some seconds.
    """
    check(actor, Action.DELETE, ADMINISTRATION)
    account = store().accounts.get(name)
    if account is None:
        raise TrainyardError("There is no account {name!r}. See: python -m engine account list", name=name)
    if typed.strip() != name:
        raise TrainyardError(
            "Type the name {name!r} to delete this person; {typed!r} was typed.", name=name, typed=typed[:120]
        )
    if name == actor.name:
        raise TrainyardError("Nobody deletes their own account while they use it. Ask another admin.")
    store().sessions.end_all(account.id)
    store().people.block(account.id)
    stop_work(store(), name, actor.name)
    return forget_everything(actor, store(), name)


def _size(own: OwnSet) -> int:
    return sum(file.stat().st_size for file in set_path(own.reference).rglob("*") if file.is_file())
