"""Codes that a lecturer writes on a board: short enough to type, too many to guess within the limits on attempts."""

import hashlib
import secrets

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another: no I, O, 0, 1
_GROUPS, _GROUP = 3, 4


def new_code() -> str:
    """Return a random code of 60 bits, such as K7QF-M2WD-XH9P."""
    return "-".join("".join(secrets.choice(_LETTERS) for _letter in range(_GROUP)) for _group in range(_GROUPS))


def digest_of(code: str) -> str:
    """Return what is kept of a code, however it was typed; empty for one without a letter."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest() if plain else ""
