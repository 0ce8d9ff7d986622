"""The actions that a page offers: none that the person who looks at it may not take."""

from engine.access import Action, Owned, allowed
from ui import lab


def may(action: Action, thing: Owned) -> bool:
    """Return whether the person of this session may do this. The service layer asks again when they do."""
    return allowed(lab.actor(), action, thing)
