"""What limits somebody, over HTTP."""

from engine import service
from engine.access import Actor
from engine.api.shapes import Limit, Limits, moment
from engine.limits.allowances import strictest


def limits_of(actor: Actor) -> Limits:
    """Return the limits and budgets of whoever asks; of each unit the strictest one is marked."""
    found = service.limits.list_all(actor)
    marked = strictest(found)
    return Limits(
        limits=[
            Limit(
                name=one.name,
                unit=one.unit,
                used=one.used,
                held=one.held,
                left=one.left,
                resets_at=moment(one.resets_at),
                strictest=position in marked,
            )
            for position, one in enumerate(found)
        ]
    )
