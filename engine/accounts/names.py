"""Names of accounts."""

import unicodedata

from engine.access import PROGRAM, Role
from engine.errors import TrainyardError

_TAKEN = {PROGRAM.name, Role.VISITOR.value}
_MOST = 120


def account_name(text: str) -> str:
    """Return the name of an account in the one way it is written: small letters, no space around it."""
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    if not name or len(name) > _MOST or name in _TAKEN or not all(c.isprintable() and c != "," for c in name):
        raise TrainyardError(
            "{name!r} cannot be the name of an account; expected 1 to {most} printable characters without a comma.",
            name=text[:_MOST],
            most=_MOST,
        )
    return name
