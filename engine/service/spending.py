"""What a prediction counts as, and the limits that it counts towards; asked after the right to it, with a run or with a demo."""

from engine.access import Actor
from engine.limits.rates import predictions_of, spend
from engine.service.opened import store

OCCLUDED = 10
"""As how many predictions an answer with its parts hidden one after the other counts."""
_BODY_BYTES = 1_000_000
"""Of JSON that count as one prediction: how many inputs there are in it, only the predictor reads."""


def spend_predictions(actor: Actor, demo: str, cost: float = 1) -> None:
    """Count predictions with a demo or a run. Raises `Exceeded`; costs nothing where nothing is counted."""
    if actor.origin is not None:
        spend(store(), predictions_of(actor, demo), cost)


def cost_of(body: bytes) -> int:
    """Return as how many predictions a JSON body counts."""
    return 1 + len(body) // _BODY_BYTES
