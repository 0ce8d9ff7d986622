"""What limits somebody, over HTTP."""

from datetime import UTC, datetime

from engine import service
from engine.access import Actor
from engine.api.shapes import Limit, Limits
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
                resets_at=datetime.fromtimestamp(one.resets_at, UTC).isoformat() if one.resets_at else None,
                strictest=position in marked,
            )
            for position, one in enumerate(found)
        ]
    )
