"""The queue over HTTP, as whoever asks may see it."""

from engine import service
from engine.access import Actor
from engine.api.shapes import Queue, Turn, moment


def queue_of(actor: Actor) -> Queue:
    """Return the waiting runs, the next one first; of runs that `actor` may not look at, only that they are there."""
    return Queue(
        queue=[
            Turn(
                place=turn.place,
                run=turn.run_id,
                starts_in_seconds=turn.seconds,
                from_seconds=turn.low,
                to_seconds=turn.high,
                waits_for=turn.why.value if turn.run_id is not None else None,
                budget_returns_at=moment(turn.resets_at),
            )
            for turn in service.budgets.queue(actor)
        ]
    )
