"""By which names a server may be called, and from which pages."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

LOCAL = "localhost"
ANY = "*"


def split_list(listed: str) -> list[str]:
    """Return the parts of a list with commas."""
    return [part.strip() for part in listed.split(",") if part.strip()]


def names_in(listed: str) -> frozenset[str]:
    """Return the host names of a list with commas."""
    return frozenset(name.lower().rstrip(".") for name in split_list(listed))


def host_accepted(host: str, names: Iterable[str]) -> bool:
    """Return whether a server with these names answers to a Host header.

    IP addresses and `localhost` are always right: a page of somebody else can point a name of its own at this
    machine (DNS rebinding), but never one of these.
    """
    name = _name(f"//{host}")
    return bool(name) and (_is_local(name) or _is_number(name) or _listed(name, names))


def origin_accepted(origin: str, host: str, names: Iterable[str]) -> bool:
    """Return whether a page of this origin may send or connect: one of this server, under the same or a listed name."""
    name = _name(origin)
    return bool(name) and (urlsplit(origin).netloc.lower() == host.lower() or _listed(name, set(names) - {ANY}))


def _name(url: str) -> str:
    """Return the host name of `//name:port`, empty where there is more or less than that."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return ""
    return (parts.hostname or "").rstrip(".")


def _is_local(name: str) -> bool:
    return name == LOCAL or name.endswith(f".{LOCAL}")


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _listed(name: str, names: Iterable[str]) -> bool:
    """Return whether a name is in a list, in which `*.example.org` stands for all below `example.org`."""
    return any(name == one or one == ANY or (one.startswith("*.") and name.endswith(one[1:])) for one in names)
