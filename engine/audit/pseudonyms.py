"""The name under which the audit log keeps what a person has done after they were deleted."""

import secrets


def new_pseudonym() -> str:
    """Return a name that was made at random: it cannot be computed from the person's own."""
    return f"deleted-{secrets.token_hex(4)}"
