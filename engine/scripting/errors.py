"""Parts that cannot be written as a script, as a sentence."""

from engine.errors import TrainyardError


class Unwritable(TrainyardError):  # noqa: N818  # as the other errors of the engine are called
    """Part of the run cannot be expressed in plain Keras."""


def unwritable(what: str, why: str) -> Unwritable:
    """Return the error: `what` is the part, `why` the end of a sentence that says what is in the way."""
    return Unwritable(
        "A script cannot be written for {what}: {why}. The run itself can be repeated with the command line.",
        what=what,
        why=why,
    )
