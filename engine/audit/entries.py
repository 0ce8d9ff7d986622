"""What the audit log holds, and what somebody wants to see of it."""

from dataclasses import dataclass

MOST = 1_000_000
"""More than there ever are."""


@dataclass(frozen=True)
class Entry:
    """Something that a person has done."""

    id: int
    at: float
    """Seconds since 1970."""
    who: str
    role: str
    """The role that they had."""
    way: str
    """How they asked: `page`, `token` or `command`."""
    action: str
    """The function of the service layer, such as `runs.delete`."""
    thing: str
    about: str
    """The person whom it concerns, where that is not who did it."""
    detail: str


@dataclass(frozen=True)
class Wanted:
    """The entries that somebody wants to see. Empty: all."""

    who: str = ""
    """Whoever did it, or whom it concerns."""
    action: str = ""
    """A beginning, such as `runs.`"""
    since: float = 0.0
    until: float = 0.0
    """0: no end."""
