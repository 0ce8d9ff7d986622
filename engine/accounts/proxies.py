"""The identity header: only a proxy at a named address may send it; from all others it is dropped before anybody reads it."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from engine.accounts.roles import parts
from engine.errors import TrainyardError
from engine.settings import settings

_UVICORN_TRUSTS = "127.0.0.1"  # uvicorn takes X-Forwarded-For from these; FORWARDED_ALLOW_IPS changes it


class IdentityHeader:
    """ASGI middleware that drops the identity header of requests that no trusted proxy has sent."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._name = settings().identity_header.lower().encode()
        self._trusted = networks()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with what is left of the headers."""
        if self._name and scope["type"] in ("http", "websocket"):
            sent = [value for name, value in scope["headers"] if name == self._name]
            if sent and (len(sent) > 1 or not self._is_trusted(scope.get("client"))):
                scope = scope | {"headers": [pair for pair in scope["headers"] if pair[0] != self._name]}
        await self._app(scope, receive, send)

    def _is_trusted(self, client: Any) -> bool:
        if not client:
            return False
        host, port = client[0], client[1]
        if port == 0:  # no real port: uvicorn has put the forwarded address there, for a peer that it trusts
            allowed = parts(os.environ.get("FORWARDED_ALLOW_IPS") or _UVICORN_TRUSTS)
            return all(_within(peer, self._trusted) for peer in allowed)
        return _within(host, self._trusted)


def networks() -> list[IPv4Network | IPv6Network]:
    """Return the networks of the trusted proxies."""
    try:
        return [ip_network(entry, strict=False) for entry in parts(settings().trusted_proxies)]
    except ValueError as error:
        raise TrainyardError(
            "TRAINYARD_TRUSTED_PROXIES is {value!r}: {problem}. Addresses or networks are expected, separated by commas.",
            value=settings().trusted_proxies,
            problem=str(error),
        ) from error


def _within(host: str, trusted: list[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in trusted)
