"""What one person may use, and when a day begins."""

from dataclasses import dataclass

from engine.settings import settings

HOUR_SECONDS = 3_600
DAY_HOURS = 24


@dataclass(frozen=True)
class Budget:
    """What one person may use. 0 stands for no limit."""

    device_minutes: float
    """Minutes of training a day, on all devices together; a day begins at midnight UTC."""
    at_once: int
    """Number of runs that may train at once."""
    queued: int
    """Number of runs that may wait in the queue; trials of studies do not count."""
    disk_mb: int
    """Disk space of runs and imported datasets, in MB."""


LIMITS = ("device_minutes", "at_once", "queued", "disk_mb")
"""The parts of a budget, by name."""
NO_LIMIT = Budget(0, 0, 0, 0)
"""The budget of an admin, unless one was set."""


def sharing() -> bool:
    """Return whether people share this installation: otherwise nothing is counted and runs train in the order of the queue."""
    return settings().mode == "shared"


def strictest(one: Budget, other: Budget) -> Budget:
    """Return the smaller of each part of two budgets, of those that limit anything."""

    def least(first: float, second: float) -> float:
        return min(first, second) if first and second else first or second

    parts = (least(getattr(one, name), getattr(other, name)) for name in LIMITS)
    return Budget(*parts)  # type: ignore[arg-type]


def usual_budget() -> Budget:
    """Return the budget of a member for whom no admin has set another."""
    known = settings()
    return Budget(
        known.member_device_minutes, known.member_runs_at_once, known.member_queued_runs, known.member_disk_mb
    )


def first_hour(now: float) -> int:
    """Return the first hour of the day of `now`, in hours since 1970."""
    hour = int(now // HOUR_SECONDS)
    return hour - hour % DAY_HOURS


def next_day(now: float) -> float:
    """Return when the next day begins, in seconds since 1970: then the budget returns."""
    return float((first_hour(now) + DAY_HOURS) * HOUR_SECONDS)


def by_hour(begin: float, end: float) -> list[tuple[int, float]]:
    """Return the hours that a time has touched, in hours since 1970, with the seconds in each."""
    found, at = [], begin
    while at < end:
        hour = int(at // HOUR_SECONDS)
        until = min(end, float((hour + 1) * HOUR_SECONDS))
        found.append((hour, until - at))
        at = until
    return found


@dataclass(frozen=True)
class Usage:
    """What one person uses and may use."""

    owner: str
    budget: Budget
    set: frozenset[str] = frozenset()
    """Parts of the budget that an admin has set for this person."""
    own: Budget | None = None
    """Their budget without their classrooms; None: the same."""
    taught: Budget = NO_LIMIT
    """The strictest of what their classrooms allow."""
    used_seconds: float = 0.0
    """Trained since midnight UTC."""
    late_seconds: float = 0.0
    """Trained in the hours that decide who goes first."""
    held_seconds: float = 0.0
    """Estimated for the runs that wait and for what is left of those that train."""
    going_seconds: float = 0.0
    """The part of what is held that is held for those that train."""
    training: int = 0
    queued: int = 0
    """Runs that wait, without trials of studies."""

    @property
    def left_seconds(self) -> float | None:
        """What neither is used nor held; None where there is no limit."""
        whole = 60 * self.budget.device_minutes
        return max(0.0, whole - self.used_seconds - self.held_seconds) if whole else None

    @property
    def spent(self) -> bool:
        """Whether the minutes of today are used up."""
        return bool(self.budget.device_minutes) and self.used_seconds >= 60 * self.budget.device_minutes
