"""How long runs will probably train, as it is held against their owner's budget."""

from dataclasses import dataclass

from engine.settings import settings

UNKNOWN = 4.0
"""The factor between an estimate that nothing supports and either end of its range."""


@dataclass(frozen=True)
class Estimate:
    """Seconds, and the factor between them and either end of their range."""

    seconds: float
    spread: float = UNKNOWN


@dataclass(frozen=True)
class Terms:
    """On what terms somebody queues runs."""

    queued: int = 0
    """Number of runs of theirs that may wait. 0: no limit but that of the queue."""
    estimates: tuple[Estimate, ...] = ()
    """One for each run, in order; none where nobody counts."""

    def estimate(self, number: int) -> Estimate | None:
        """Return what is held for a run, by its place among those that are queued together."""
        return self.estimates[number] if number < len(self.estimates) else None


FREE = Terms()
"""The terms of a local installation."""


def unknown_estimate() -> Estimate:
    """Return the estimate of a run that resembles none that has finished."""
    return Estimate(settings().unknown_run_minutes * 60)
