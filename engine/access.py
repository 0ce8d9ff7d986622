"""Permissions: one function decides, and every function of the service layer asks it before it does anything.

There is one local owner today, with all permissions; rules for visitors and members belong here, and nowhere else.
"""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from engine.errors import TrainyardError
from engine.sentences import word
from engine.settings import settings


class Role(StrEnum):
    """The permissions of a person."""

    VISITOR = "visitor"
    MEMBER = "member"
    ADMIN = "admin"


@dataclass(frozen=True)
class Actor:
    """The person who makes a request. `name` is written on what they make."""

    name: str
    role: Role


PROGRAM = Actor("trainyard", Role.ADMIN)
"""The program itself, where it reads shared data; the visible part is chosen for each person afterwards."""


class Action(StrEnum):
    """An action that a person requests."""

    LOOK = "look at"
    USE = "use"
    """Predict with a run, fork or repeat it, write its script; train on a dataset."""
    CREATE = "create"
    CHANGE = "change"
    """Stop, pause, resume, or change the learning rate."""
    DELETE = "delete"


class Owned(Protocol):
    """A run, a study or an imported dataset: anything with an owner."""

    @property
    def owner(self) -> str:
        """The name of its owner."""


T = TypeVar("T", bound=Owned)
Thing = Owned | str
"""The object of an action: something owned, or in words something without an owner, such as `runs` to be created."""


class Forbidden(TrainyardError):  # noqa: N818  # an answer, said in a sentence
    """The request is not permitted."""


def allowed(actor: Actor, action: Action, thing: Thing) -> bool:
    """Return whether `actor` may do `action` with `thing`."""
    return actor.role is Role.ADMIN


def check(actor: Actor, action: Action, thing: Thing) -> None:
    """Raise `Forbidden` unless `actor` may do `action` with `thing`."""
    if not allowed(actor, action, thing):
        raise Forbidden(
            "{name!r} may not {action} {thing}. Its owner or an admin may.",
            name=actor.name,
            action=word(action.value),
            thing=_named(thing),
        )


def visible(actor: Actor, things: Sequence[T]) -> list[T]:
    """Return those of the things that `actor` may see, in order."""
    return [thing for thing in things if allowed(actor, Action.LOOK, thing)]


def local_owner(name: str = "") -> Actor:
    """Return the one person of an installation without accounts, under `name` or the login name."""
    return Actor(name or default_owner(), Role.ADMIN)


def default_owner() -> str:
    """Return TRAINYARD_OWNER, or the login name."""
    if settings().owner:
        return settings().owner
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under an id without a name
        return "local"


def _named(thing: Thing) -> str:
    if isinstance(thing, str):
        return thing
    number = getattr(thing, "id", None)
    return (
        f"{type(thing).__name__.lower()} {number}" if number is not None else f"{getattr(thing, 'reference', thing)!r}"
    )
