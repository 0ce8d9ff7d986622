"""The first admin: a one-time code that stands on the server's log, so that it is never whoever comes first."""

import hashlib
import hmac
import secrets
import time

from engine.access import Role
from engine.accounts.sessions import actor_named
from engine.errors import TrainyardError
from engine.store import Store
from engine.store.accounts import Account

_FIRST_ADMIN = "first-admin"
_SECONDS = 24 * 3600.0


def has_admin(store: Store) -> bool:
    """Return whether anybody with an account is an admin."""
    return any(actor_named(account).role is Role.ADMIN for account in store.accounts.list())


def new_code(store: Store) -> str:
    """Return a code that makes whoever enters it an admin, once, within a day; an earlier one is void."""
    code = secrets.token_urlsafe(24)
    store.codes.put(_FIRST_ADMIN, _digest(code), time.time() + _SECONDS)
    return code


def redeem(store: Store, account: Account, code: str) -> None:
    """Make an account an admin by the code."""
    found, given = store.codes.get(_FIRST_ADMIN), _digest(code.strip())
    valid = found is not None and hmac.compare_digest(found[0], given) and time.time() <= found[1]
    if not valid or not store.codes.take(_FIRST_ADMIN, given):
        raise TrainyardError(
            "This code is not valid: it works once, within a day. A new one: python -m engine account code, on the server."
        )
    store.accounts.change(account.id, chosen=Role.ADMIN.value)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
