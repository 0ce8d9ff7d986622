"""The role of an account: what an admin has chosen, else the higher one of its lists and its groups."""

from collections.abc import Iterable

from engine.access import Role
from engine.settings import settings

_RANKS = list(Role)


def role_of(name: str, chosen: str, claimed: str) -> Role:
    """Return the role in force. Lists are read from the settings each time."""
    if chosen:
        return Role(chosen)
    return max(_listed(name), Role(claimed or Role.VISITOR), key=_RANKS.index)


def role_of_groups(groups: Iterable[str]) -> Role:
    """Return the role that the groups of a login give."""
    held = set(groups)
    if settings().admin_group in held - {""}:
        return Role.ADMIN
    return Role.MEMBER if settings().member_group in held - {""} else Role.VISITOR


def _listed(name: str) -> Role:
    if _holds(settings().admins, name):
        return Role.ADMIN
    return Role.MEMBER if "*" in parts(settings().members) or _holds(settings().members, name) else Role.VISITOR


def _holds(listed: str, name: str) -> bool:
    domain = "@" + name.rpartition("@")[2] if "@" in name else ""
    return any(entry.casefold() in (name, domain) for entry in parts(listed))


def parts(listed: str) -> list[str]:
    """Return the entries of a list that is separated by commas."""
    return [entry.strip() for entry in listed.split(",") if entry.strip()]
