"""Who is counted as whom: browsers by a signed cookie, networks by address. Nothing of it can be read back from what is kept."""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from engine.access import Origin
from engine.settings import settings
from engine.store import Store

COOKIE = "trainyard_visitor"
COOKIE_SECONDS = 30 * 86_400
_PREFIX = 64
"""Bits of an IPv6 address that stand for one customer of a provider: within it, everybody can choose addresses freely."""
_LONGEST = 100


def origin_of(store: Store, cookie: str | None, address: str | None, token: int = 0) -> Origin:
    """Return where a request comes from. A cookie that we have not signed counts as none."""
    key = _key(store)
    return Origin(_visitor(key, cookie or ""), _network(key, address or ""), token)


def new_cookie(store: Store) -> str:
    """Return the value of a cookie for a browser that has none: a random number, the time, a signature."""
    text = f"{secrets.token_urlsafe(12)}.{int(time.time())}"
    return f"{text}.{_digest(_key(store), text)}"


def valid_cookie(store: Store, cookie: str) -> bool:
    """Return whether we have signed a cookie, not too long ago."""
    return bool(_visitor(_key(store), cookie))


def network_of(address: str) -> str:
    """Return the address under which a client is counted: IPv4 as it is, IPv6 by /64; of no address, such as a socket's, its text."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((int(parsed), _PREFIX), strict=False))


def _visitor(key: bytes, cookie: str) -> str:
    text, _, signature = cookie[:_LONGEST].rpartition(".")
    number, _, made = text.partition(".")
    if not (
        number
        and made.isascii()
        and made.isdecimal()
        and hmac.compare_digest(signature.encode(), _digest(key, text).encode())
    ):
        return ""
    return _digest(key, f"visitor {number}") if time.time() - int(made) <= COOKIE_SECONDS else ""


@lru_cache(maxsize=4_096)
def _network(key: bytes, address: str) -> str:
    return _digest(key, network_of(address))


def _digest(key: bytes, text: str) -> str:
    found = hmac.digest(key, text.encode("utf-8", "replace"), "sha256")
    return urlsafe_b64encode(found[:16]).rstrip(b"=").decode()


def _key(store: Store) -> bytes:
    return _derived(settings().cookie_secret) if settings().cookie_secret else _kept(store)


@lru_cache(maxsize=4)
def _derived(secret: str) -> bytes:
    return hashlib.sha256(f"trainyard visitors {secret}".encode()).digest()


@lru_cache(maxsize=4)
def _kept(store: Store) -> bytes:
    """The key in the database: behind a proxy that logs people in, there is no secret for cookies."""
    return store.signing_keys.get("visitors").encode()
