"""A login: what a provider's cookie or a proxy's header says about a person."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.accounts.names import account_name
from engine.errors import TrainyardError
from engine.settings import settings


@dataclass(frozen=True)
class Login:
    """Somebody for whom a provider or a proxy vouches. Whether this counts, our own session decides."""

    name: str
    issuer: str
    subject: str
    issued_at: float = 0.0
    groups: tuple[str, ...] = ()
    key: str = ""
    """Of its session; empty for a proxy, which keeps the sessions itself."""


def login_of_claims(claims: Mapping[str, Any]) -> Login:
    """Return the login of the verified claims of an ID token.

    Each login at the provider gives claims of its own (time, nonce), so their digest is the key of one session.
    """
    claim = settings().name_claim
    name, issuer, subject = (str(claims.get(key) or "") for key in (claim, "iss", "sub"))
    if not (name and issuer and subject):
        raise TrainyardError(
            "The login has no claim {claim!r}, or neither issuer nor subject. Ask the provider for it, or set TRAINYARD_NAME_CLAIM.",
            claim=claim,
        )
    if claim == "email" and claims.get("email_verified") is False:
        raise TrainyardError("The provider has not verified the address {name!r}. Verify it there first.", name=name)
    said = {key: value for key, value in claims.items() if key != "tokens"}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode())
    return Login(
        account_name(name), issuer, subject, float(claims.get("iat") or 0), _groups(claims), digest.hexdigest()
    )


def login_of_header(value: str) -> Login:
    """Return the login that a trusted proxy names."""
    name = account_name(value)
    return Login(name, f"proxy {settings().identity_header.lower()}", name)


def _groups(claims: Mapping[str, Any]) -> tuple[str, ...]:
    found = claims.get(settings().role_claim) if settings().role_claim else None
    return tuple(map(str, found)) if isinstance(found, list | tuple) else (str(found),) if found else ()
