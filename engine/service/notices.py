"""The notice that admins put on every page, such as one of maintenance."""

import time

from engine.access import NOTICE, Action, Actor, check
from engine.errors import TrainyardError
from engine.service.audited import audited
from engine.service.opened import store
from engine.settings import settings
from engine.store.notices import Notice


def get(actor: Actor) -> Notice | None:
    """Return the notice that holds now; None where there is none."""
    check(actor, Action.LOOK, NOTICE)
    return store().notices.get()


@audited(detail="{text}")
def put(actor: Actor, text: str, until: float | None = None) -> None:
    """Show a text on every page until a time, in seconds since 1970, or until it is taken down."""
    check(actor, Action.CHANGE, NOTICE)
    text = text.strip()
    if not text or len(text) > settings().max_notice_characters:
        raise TrainyardError(
            "A notice has 1 to {most} characters (TRAINYARD_MAX_NOTICE_CHARACTERS); this one has {count}.",
            most=settings().max_notice_characters,
            count=len(text),
        )
    if until is not None and until <= time.time():
        raise TrainyardError(
            "The end of a notice must lie in the future. Leave it empty to show it until it is taken down."
        )
    store().notices.put(Notice(text, until))


@audited()
def take_down(actor: Actor) -> None:
    """Take the notice down."""
    check(actor, Action.DELETE, NOTICE)
    store().notices.put(None)
