"""What a mode needs before the dashboard may start: otherwise it refuses, and names the setting."""

import importlib.util
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from engine.accounts.proxies import networks
from engine.errors import TrainyardError
from engine.settings import settings

_SHORTEST_SECRET = 32


def check_mode(address: str | None) -> None:
    """Raise `TrainyardError` where the dashboard may not start. `address` is where it listens; None: everywhere."""
    if settings().mode == "shared":
        _check_shared()
    elif not _is_loopback(address) and settings().public != "without-login":
        raise TrainyardError(
            "The dashboard would listen on {address}, where other machines reach it, and local mode has no login: "
            "whoever reaches it may do everything. Set TRAINYARD_MODE=shared (docs/accounts.md), listen on 127.0.0.1, "
            "or set TRAINYARD_PUBLIC=without-login if something else protects the address.",
            address=address or "0.0.0.0",  # noqa: S104  # nosec B104: said, not bound
        )


def secrets() -> Mapping[str, Mapping[str, Any]] | None:
    """Return what `st.login` needs, from the settings; None where people do not log in by OpenID."""
    if settings().mode != "shared" or not settings().oidc_metadata_url:
        return None
    return {
        "auth": {
            "redirect_uri": settings().oidc_redirect_uri,
            "cookie_secret": settings().cookie_secret,
            "client_id": settings().oidc_client_id,
            "client_secret": settings().oidc_client_secret,
            "server_metadata_url": settings().oidc_metadata_url,
            "client_kwargs": {"scope": "openid email profile", "prompt": settings().oidc_prompt},
        }
    }


def _check_shared() -> None:
    if settings().identity_header:
        if not networks():
            raise TrainyardError(
                "TRAINYARD_IDENTITY_HEADER is set, and TRAINYARD_TRUSTED_PROXIES is empty: anybody could send the header. "
                "Name the addresses of the proxies that log people in."
            )
        return
    if not settings().oidc_metadata_url:
        raise TrainyardError(
            "TRAINYARD_MODE is shared, and there is no way to log in. Set TRAINYARD_OIDC_METADATA_URL for an OpenID "
            "provider, or TRAINYARD_IDENTITY_HEADER and TRAINYARD_TRUSTED_PROXIES for a proxy that logs people in."
        )
    for name in ("oidc_client_id", "oidc_client_secret", "oidc_redirect_uri"):
        if not getattr(settings(), name):
            raise TrainyardError(
                "TRAINYARD_OIDC_METADATA_URL is set, and {name} is empty. The OpenID provider has given you its value.",
                name=f"TRAINYARD_{name.upper()}",
            )
    if not settings().oidc_redirect_uri.endswith("/oauth2callback"):
        raise TrainyardError(
            "TRAINYARD_OIDC_REDIRECT_URI is {value!r}; expected the address of this dashboard and /oauth2callback.",
            value=settings().oidc_redirect_uri,
        )
    if len(settings().cookie_secret) < _SHORTEST_SECRET:
        raise TrainyardError(
            "TRAINYARD_COOKIE_SECRET has {count} characters; at least {least} random ones are expected. "
            "For example: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
            count=len(settings().cookie_secret),
            least=_SHORTEST_SECRET,
        )
    if importlib.util.find_spec("authlib") is None:
        raise TrainyardError(
            "Logins by OpenID need the package Authlib. Install it: pip install -r requirements-shared.txt"
        )


def _is_loopback(address: str | None) -> bool:
    if address in ("localhost", "localhost."):
        return True
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False
