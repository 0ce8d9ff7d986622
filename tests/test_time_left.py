"""The time left of a running run: of this attempt alone, with validation, and not before the pace is steady."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.runs import Run, RunState
from engine.store import MetricPoint, Store
from tests import seeding
from ui.charts.series import Series
from ui.runs.time_left import attempt_began, seconds_left
from ui.words import progress_text

START = 1_000_000.0
RUN = Run(1, RunState.RUNNING, {"training": {"patience": 3}}, attempt=1, step=400, total_steps=1_000, total_epochs=10,
          started_at=datetime.fromtimestamp(START, UTC))  # fmt: skip


def points(scope: str, *moments: float, steps: int = 100, begin: int = 0) -> Series:
    """Losses written at these seconds after the start, `steps` steps one after the other."""
    series = Series()
    for i, at in enumerate(moments):
        step = begin + (i + 1) * steps
        series.append(MetricPoint(i + 1, "train", "loss", scope, step, step / 100, 0.5, START + at))
    return series


def epochs(*moments: float) -> dict[tuple[str, str, str], Series]:
    """The series of a run whose epochs of 100 steps ended then."""
    return {("train", "loss", "epoch"): points("epoch", *moments)}


def test_what_an_epoch_takes_is_from_its_end_to_the_next_and_the_first_does_not_count() -> None:
    assert seconds_left(RUN, epochs(30, 40, 50, 60)) == pytest.approx(60)


def test_within_a_long_epoch_steps_tell_it_after_a_while() -> None:
    def steps(seconds: int) -> dict[tuple[str, str, str], Series]:
        return {("train", "loss", "step"): points("step", *range(seconds), steps=10)}

    assert seconds_left(RUN, steps(15)) is None
    assert seconds_left(RUN, steps(30)) == pytest.approx(60)


@pytest.mark.parametrize(
    "moments", [(), (10,), (10, 20), (10, 20, 40), (10.0, 10.1, 10.2)],
    ids=["no epoch", "one", "two", "the last one slow", "a moment"],
)  # fmt: skip
def test_a_pace_that_is_not_steady_yet_tells_nothing(moments: tuple[float, ...]) -> None:
    assert seconds_left(RUN, epochs(*moments)) is None


def test_epochs_of_a_minute_ago_do_not_count() -> None:
    assert seconds_left(RUN, epochs(10, 11, 12, 13, 30, 60, 90)) == pytest.approx(180)


def test_only_a_running_run_has_time_left() -> None:
    assert seconds_left(replace(RUN, state=RunState.QUEUED), epochs(30, 40, 50)) is None


def test_after_a_resume_neither_the_break_nor_the_earlier_attempt_counts(store: Store) -> None:
    run = seeding.running(store, epochs=3)
    store.attempts.end(run, RunState.STOPPED)
    store.runs.resume(run.id)
    again = store.attempts.claim("cpu-0", run.id)
    assert again is not None
    store.attempts.begin(again, worker={"pid": 1}, environment={}, total_steps=1_000)
    again = replace(store.runs.get(run.id), step=400)
    began = attempt_began(again)
    assert again.started_at is not None
    assert began > again.started_at.timestamp()
    before = began - START
    moments = (before - 500, before - 490, before - 480)
    assert seconds_left(again, epochs(*moments)) is None
    assert seconds_left(again, epochs(*moments, before + 5)) is None
    assert seconds_left(again, epochs(*moments, before + 5, before + 10, before + 15)) == pytest.approx(30)


def test_a_run_resumed_in_a_terminal_began_then(store: Store) -> None:
    run = seeding.running(store, epochs=3)
    store.attempts.end(run, RunState.STOPPED)
    first = attempt_began(store.runs.get(run.id))
    assert attempt_began(store.runs.resume(run.id, slot="terminal")) > first


def test_time_left_is_told_in_one_unit_and_as_an_upper_end_where_early_stopping_may_end_it() -> None:
    assert progress_text(RUN, 264.0).endswith("up to about 4 min left")
    patient = replace(RUN, spec={"training": {"patience": 0}})
    assert progress_text(patient, 42.0).endswith("· about 42 s left")
    assert "left" not in progress_text(RUN, None)
