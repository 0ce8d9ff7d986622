"""Permissions: one function decides, and every function of the service layer asks it before it does anything.

Visitors use what is published. Members make things, and own them. Admins may do everything, as may the one local owner of an
installation without accounts. The rules are data (`reach`), so that a list can be limited where it is read.
"""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from engine.errors import TrainyardError
from engine.sentences import Sentence, word
from engine.settings import settings


class Role(StrEnum):
    """The permissions of a person."""

    VISITOR = "visitor"
    MEMBER = "member"
    ADMIN = "admin"


class Visibility(StrEnum):
    """Who may look at a run, a study or an imported dataset, beside its owner and the admins."""

    PRIVATE = "private"
    """Nobody else: for all others it does not exist."""
    SHARED = "shared"
    """Members may look at it."""
    PUBLISHED = "published"
    """Everybody may look at it and use it, visitors too."""

    @classmethod
    def read(cls, text: str) -> "Visibility":
        """Return what a record says; what it does not say, or nobody understands, is private."""
        return next((known for known in cls if known.value == text), cls.PRIVATE)


@dataclass(frozen=True)
class Scope:
    """What a token is for. Empty sets stand for all actions and all things."""

    actions: "frozenset[Action]" = frozenset()
    runs: frozenset[int] = frozenset()
    demos: frozenset[str] = frozenset()

    def covers(self, action: "Action", thing: "Thing") -> bool:
        """Return whether a token of this scope may be used for this; where things are named, for nothing else that is owned."""
        if self.actions and action not in self.actions:
            return False
        if isinstance(thing, str) or not (self.runs or self.demos):
            return True
        match type(thing).__name__:
            case "Run":
                return getattr(thing, "id", None) in self.runs
            case "Demo":
                return getattr(thing, "name", None) in self.demos
            case _:
                return False


@dataclass(frozen=True)
class Origin:
    """Where a request comes from, as far as limits count it: keys that tell nothing else."""

    visitor: str = ""
    """Of the browser, by its signed cookie; empty where it brought none."""
    address: str = ""
    """Of the network, IPv6 by /64."""
    token: int = 0
    """Number of the token that was sent."""


@dataclass(frozen=True)
class Actor:
    """The person who makes a request. `name` is written on what they make."""

    name: str
    role: Role
    scope: Scope | None = None
    """The limits of the token with which they ask; None: they ask themselves."""
    invited: frozenset[int] = frozenset()
    """Runs of others that a member may look at by a share code, and nothing else."""
    classrooms: frozenset[int] = frozenset()
    """Classrooms that a member has joined, which they may look at."""
    lent: frozenset[str] = frozenset()
    """Imported sets of others that a member may look at and train on while a classroom goes on."""
    origin: Origin | None = field(default=None, compare=False, repr=False)
    """None where nothing is counted: on the command line, and in local mode."""


PROGRAM = Actor("trainyard", Role.ADMIN)
"""The program itself, where it reads shared data; the visible part is chosen for each person afterwards."""


class Action(StrEnum):
    """An action that a person requests."""

    LOOK = "look at"
    USE = "use"
    """Predict with a run, fork or repeat it, write its script; train on a dataset."""
    CREATE = "create"
    CHANGE = "change"
    """Stop, pause, resume, change the learning rate, or say who may look."""
    DELETE = "delete"


class Owned(Protocol):
    """A run, a study or an imported dataset: anything with an owner."""

    @property
    def owner(self) -> str:
        """The name of its owner."""

    @property
    def visibility(self) -> Visibility:
        """Who else may look at it."""


T = TypeVar("T", bound=Owned)
Thing = Owned | str
"""The object of an action: something owned, or in words something without an owner, such as `runs` to be created."""


class Forbidden(TrainyardError):  # noqa: N818  # an answer, said in a sentence
    """The request is not permitted."""


@dataclass(frozen=True)
class Reach:
    """The things with which somebody may do something: all, or those of one owner and those that are visible enough."""

    everything: bool = False
    owner: str = ""
    """Empty where being the owner does not count."""
    visibilities: frozenset[Visibility] = frozenset()
    runs: frozenset[int] = frozenset()
    """Single runs, whoever their owner is."""
    classrooms: frozenset[int] = frozenset()
    """Single classrooms, likewise."""
    sets: frozenset[str] = frozenset()
    """Single imported sets, likewise."""

    def holds(self, thing: Owned) -> bool:
        """Return whether a thing is one of them."""
        return (
            self.everything
            or (self.owner != "" and thing.owner == self.owner)
            or thing.visibility in self.visibilities
            or self._names(thing)
        )

    def _names(self, thing: Owned) -> bool:
        """Return whether a thing is one of the single ones."""
        match type(thing).__name__:
            case "Run":
                return getattr(thing, "id", None) in self.runs
            case "Classroom":
                return getattr(thing, "id", None) in self.classrooms
            case "OwnSet":
                return getattr(thing, "reference", None) in self.sets
        return False


_SEEN = {
    (Role.VISITOR, Action.LOOK): {Visibility.PUBLISHED},
    (Role.VISITOR, Action.USE): {Visibility.PUBLISHED},
    (Role.MEMBER, Action.LOOK): {Visibility.SHARED, Visibility.PUBLISHED},
    (Role.MEMBER, Action.USE): {Visibility.PUBLISHED},
}
_WORDS = {
    Visibility.PRIVATE: Sentence("private"),
    Visibility.SHARED: Sentence("shared"),
    Visibility.PUBLISHED: Sentence("published"),
}
PREFERENCES = "preferences"
NOTICE = "the notice"
"""On every page: everybody sees it, and admins write it."""
ADMINISTRATION = "the administration"
"""What only admins may do or see, such as the audit log and the list of people."""
TEACHING = "classrooms"
"""Making classrooms, which only admins do."""
LIMITS = "limits"
"""What somebody may still use themselves: everybody may look."""


def reach(actor: Actor, action: Action) -> Reach:
    """Return the things with an owner with which `actor` may do `action`."""
    if actor.role is Role.ADMIN:
        return Reach(everything=True)
    owner = actor.name if actor.role is Role.MEMBER else ""
    looks, uses = action is Action.LOOK, action in (Action.LOOK, Action.USE)
    member = actor.role is Role.MEMBER
    return Reach(
        owner=owner,
        visibilities=frozenset(_SEEN.get((actor.role, action), ())),
        runs=actor.invited if member and looks else frozenset(),
        classrooms=actor.classrooms if member and looks else frozenset(),
        sets=actor.lent if member and uses else frozenset(),
    )


def allowed(actor: Actor, action: Action, thing: Thing) -> bool:
    """Return whether `actor` may do `action` with `thing`."""
    if thing in (LIMITS, NOTICE) and action is Action.LOOK:
        return True
    if actor.scope is not None and not actor.scope.covers(action, thing):
        return False
    if not isinstance(thing, str):
        return reach(actor, action).holds(thing)
    if actor.role is Role.MEMBER and thing not in (NOTICE, ADMINISTRATION, TEACHING):
        return action in (Action.LOOK, Action.CREATE) or (action is Action.CHANGE and thing == PREFERENCES)
    return actor.role is Role.ADMIN


def check(actor: Actor, action: Action, thing: Thing) -> None:
    """Raise `Forbidden` unless `actor` may do `action` with `thing`."""
    if allowed(actor, action, thing):
        return
    who = {"name": actor.name, "action": word(action.value), "thing": _named(thing)}
    if isinstance(thing, str):
        raise Forbidden("{name!r} may not {action} {thing}. Sign in as a member, or ask an admin.", **who)
    raise Forbidden("{name!r} may not {action} {thing}. Its owner or an admin may.", **who)


def visible(actor: Actor, things: Sequence[T]) -> list[T]:
    """Return those of the things that `actor` may see, in order."""
    return [thing for thing in things if allowed(actor, Action.LOOK, thing)]


def word_of(visibility: Visibility) -> Sentence:
    """Return a visibility as a word in a sentence."""
    return _WORDS[visibility]


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
