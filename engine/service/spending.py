"""What predictions and opened files count as, and the limits that they count towards; asked after the right to the run or the demo."""

from engine.access import Actor
from engine.limits.rates import openings_of, predictions_of, spend
from engine.service.opened import store

OCCLUDED = 10
"""As how many predictions an answer with its parts hidden one after the other counts."""
_BODY_BYTES = 1_000_000
"""Of JSON that count as one prediction: how many inputs there are in it, only the predictor reads."""


def spend_predictions(actor: Actor, demo: str, cost: float = 1) -> None:
    """Count predictions with a demo or a run. Raises `Exceeded`; costs nothing where nothing is counted."""
    if actor.origin is not None:
        spend(store(), predictions_of(actor, demo), cost)


def spend_openings(actor: Actor, files: int) -> None:
    """Count files that a page opens. Raises `Exceeded`; costs nothing where nothing is counted."""
    if actor.origin is not None:
        spend(store(), openings_of(actor), files)


def cost_of(body: bytes) -> int:
    """Return as how many predictions a JSON body counts."""
    return 1 + len(body) // _BODY_BYTES
