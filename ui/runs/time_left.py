"""The time that a running run still takes, at the pace of its current attempt."""

import bisect
from collections.abc import Mapping
from functools import lru_cache

from engine import service
from engine.access import PROGRAM
from engine.runs import Run, RunState
from engine.settings import settings
from ui.charts.series import Key, Series

_EPOCHS, _STEPS = ("train", "loss", "epoch"), ("train", "loss", "step")
_WINDOW_SECONDS = 60.0
_EPOCHS_SECONDS = 3.0
"""The least time that the ends of epochs must span."""
_STEPS_SECONDS = 20.0
"""The same for points within an epoch, which do not know how long validation takes."""
_BEGINS = ("started", "resumed")
"""Events with which an attempt begins; the second one where a person trains the run in a terminal."""
_STEADY = 1.5
"""The most by which the paces of the two halves of that time may differ."""


def seconds_left(run: Run, series: Mapping[Key, Series]) -> float | None:
    """Return the time to the last epoch, validation included; early stopping may end it before. None until the pace is steady.

    Only this attempt counts: the time between two attempts is not training, and the earlier one may have had another machine.
    """
    if run.state is not RunState.RUNNING or run.total_steps <= 0 or not series:
        return None
    begun = attempt_began(run)
    pace = _steady_pace(series.get(_EPOCHS), begun, _EPOCHS_SECONDS) or _steady_pace(
        series.get(_STEPS), begun, _STEPS_SECONDS
    )
    return max(0, run.total_steps - run.step) / pace if pace else None


def _steady_pace(points: Series | None, begun: float, least_seconds: float) -> float | None:
    """Return the newest steps a second since `begun`; None where they span less than `least_seconds`, or their halves differ.

    The first point is only where the clock starts: what is done before it, such as tracing, is done once.
    """
    if points is None or not points.times:
        return None
    times, steps = points.times, points.steps
    last = len(times) - 1
    recent = min(bisect.bisect_left(times, times[-1] - _WINDOW_SECONDS), last - 2)
    first = max(bisect.bisect_left(times, begun), recent, 0)
    middle = (first + last) // 2
    if not first < middle < last or times[last] - times[first] < least_seconds:
        return None

    def pace(start: int, end: int) -> float:
        return (steps[end] - steps[start]) / max(times[end] - times[start], 1e-9)

    early, late = pace(first, middle), pace(middle, last)
    steady = early > 0 and late > 0 and max(early, late) <= _STEADY * min(early, late)
    return pace(first, last) if steady else None


def attempt_began(run: Run) -> float:
    """Return when the current attempt of a run began, in seconds since 1970."""
    if run.attempt > 1 and (moment := _resumed_at(settings().url, run.id, run.attempt)) is not None:
        return moment
    return run.started_at.timestamp() if run.started_at else 0.0


@lru_cache(maxsize=256)
def _resumed_at(_url: str, run_id: int, _attempt: int) -> float | None:
    """Return when a run was started last. Read once an attempt; None for a run that was deleted meanwhile."""
    found = service.runs.get_many(PROGRAM, [run_id])
    events = service.runs.events(PROGRAM, found[0]) if found else []
    return next((event.at.timestamp() for event in reversed(events) if event.kind in _BEGINS), None)
