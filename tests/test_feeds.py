"""A feed reads each point once, for all viewers, and starts again when a run was resumed."""

import threading

import pytest

from engine.access import Actor, Role
from engine.errors import TrainyardError
from engine.runs import RunState
from engine.service import opened
from engine.store import MetricPoint, Store
from engine.store.database import Database
from engine.store.metrics import Metrics
from tests import seeding
from ui.charts.curves import learning_curve
from ui.runs.feeds import MAX_FIGURES, VIEWER_SECONDS, Crowd, Feed
from ui.runs.views import tick_seconds
from ui.widgets.pace import SLOWEST_SECONDS

pytestmark = pytest.mark.both_databases

OWNER = Actor("ada", Role.ADMIN)
LOSS = ("train", "loss", "step")


class CountingMetrics(Metrics):
    """The metrics of a store that tells how often and from where they were read."""

    def __init__(self, database: Database, reads: list[int]) -> None:
        super().__init__(database)
        self.reads = reads

    def read(self, run_id: int, after: int = 0, limit: int = 1_000_000) -> list[MetricPoint]:
        """Read as usual and take a note."""
        self.reads.append(after)
        return super().read(run_id, after, limit)


@pytest.fixture
def reads(store: Store) -> list[int]:
    """From where metrics were read, in the order of the reads."""
    metrics = CountingMetrics(store, [])
    opened.store().metrics = metrics
    return metrics.reads


def test_only_what_is_new_is_read(store: Store, reads: list[int]) -> None:
    run = seeding.running(store, epochs=2)
    feed = Feed(run.id)
    feed.follow(OWNER, 0)
    known = len(feed.series[LOSS].values)
    store.attempts.report(run, seeding.step_points(300), step=300)
    feed.follow(OWNER, 0)
    assert len(feed.series[LOSS].values) == known + 1
    assert feed.series[LOSS].steps[-1] == 300
    assert reads[0] == 0
    assert reads[1] > 0


def test_forty_viewers_at_one_moment_cost_one_read_and_one_figure(store: Store, reads: list[int]) -> None:
    run = seeding.running(store, epochs=1)
    feed = Feed(run.id)
    built: list[int] = []

    def look() -> None:
        followed = feed.follow(OWNER, 60)
        feed.figure(
            ("loss", "light", "en"),
            [LOSS],
            lambda: built.append(1) or learning_curve("loss", feed.series, followed, "light"),  # type: ignore[func-returns-value]
        )

    viewers = [threading.Thread(target=look) for _ in range(40)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert len(reads) == 1
    assert len(built) == 1


def test_a_figure_is_built_again_for_a_new_point_of_its_own_and_for_no_other(store: Store) -> None:
    run = seeding.running(store, epochs=1)
    feed = Feed(run.id)
    built: list[str] = []

    def draw(name: str) -> str:
        key = ("train", name, "step")
        return feed.figure(
            (name, "light", "en"), [key], lambda: {"n": built.append(name) or len(feed.series[key].values)}
        )  # type: ignore[func-returns-value]

    feed.follow(OWNER, 0)
    first = draw("loss"), draw("accuracy")
    store.attempts.report(run, [MetricPoint(0, "train", "loss", "step", 200, 1.4, 0.5, 1.0)])
    feed.follow(OWNER, 0)
    second = draw("loss"), draw("accuracy")
    assert built == ["loss", "accuracy", "loss"]
    assert first[0] != second[0]
    assert first[1] == second[1]


def test_figures_of_many_styles_do_not_pile_up(store: Store) -> None:
    feed = Feed(seeding.running(store, epochs=1).id)
    feed.follow(OWNER, 0)
    for style in range(MAX_FIGURES + 1):
        feed.figure(("loss", str(style)), [LOSS], dict)
    built: list[int] = []
    feed.figure(("loss", "0"), [LOSS], lambda: built.append(1) or {})  # type: ignore[func-returns-value]
    feed.figure(("loss", str(MAX_FIGURES)), [LOSS], lambda: built.append(2) or {})  # type: ignore[func-returns-value]
    assert built == [1]


def test_a_resumed_run_is_read_anew_without_the_points_behind_its_checkpoint(store: Store) -> None:
    run = seeding.running(store, epochs=2)
    feed = Feed(run.id)
    feed.follow(OWNER, 0)
    store.attempts.end(run, RunState.STOPPED)
    store.runs.resume(run.id)
    again = store.attempts.claim("cpu-0", run.id)
    assert again is not None
    feed.follow(OWNER, 0)  # a viewer looks before the worker has cut off what it will write again
    store.metrics.truncate(again, seeding.STEPS_PER_EPOCH, 1)
    store.attempts.report(again, seeding.step_points(seeding.STEPS_PER_EPOCH + 1))
    feed.follow(OWNER, 0)
    steps = feed.series[LOSS].steps
    assert steps[-1] == seeding.STEPS_PER_EPOCH + 1
    assert steps == sorted(steps)
    assert len(steps) == len(set(steps))


def test_an_unknown_run_is_an_error_with_a_sentence(store: Store) -> None:
    with pytest.raises(TrainyardError, match="Run 99 does not exist"):
        Feed(99).follow(OWNER)


def test_a_viewer_counts_once_until_the_page_has_not_looked_for_a_while() -> None:
    crowd = Crowd()
    assert [crowd.count("ada", 0.0), crowd.count("bob", 1.0), crowd.count("ada", 2.0)] == [1, 2, 2]
    assert crowd.count("ada", 1.0 + VIEWER_SECONDS) == 1


def test_pages_change_their_pace_one_after_the_other() -> None:
    crowd = Crowd()
    assert [crowd.take_turn(now) for now in (0.0, 0.1, 0.4, 0.6, 0.7)] == [True, False, False, True, False]


def test_the_more_people_look_the_less_often_each_looks(store: Store) -> None:
    run = seeding.running(store, epochs=1)
    assert run.started_at is not None
    late = run.started_at.timestamp() + 60
    paces = [tick_seconds(run, late, viewers=viewers) for viewers in (1, 10, 11, 40, 10_000)]
    assert paces == [0.75, 1.0, 2, 4, SLOWEST_SECONDS]
    assert [tick_seconds(run, run.started_at.timestamp() + age) for age in (5, 20)] == [0.5, 0.75]
    assert SLOWEST_SECONDS < VIEWER_SECONDS / 2  # a page at the slowest pace is never taken for closed


def test_a_baseline_that_was_found_at_the_end_enters_the_chart_without_a_new_point(store: Store) -> None:
    run = seeding.running(store, epochs=2)
    feed = Feed(run.id)
    keys = [("validation", "accuracy", "epoch")]

    def drawn() -> str:
        now = feed.follow(OWNER, 0)
        return feed.figure(("accuracy", "light"), keys, lambda: learning_curve("accuracy", feed.series, now, "light"))

    assert "Baseline" not in drawn()
    store.attempts.end(run, RunState.COMPLETED, result={"baseline_validation_accuracy": 0.83})
    assert "Baseline" in drawn()


def test_the_first_point_of_a_run_is_awaited_and_nothing_longer_than_said(store: Store) -> None:
    run = seeding.running(store, epochs=0)
    feed = Feed(run.id)
    assert feed.about_to_train(feed.await_first_point(OWNER, seconds=0.1))
    threading.Timer(0.2, lambda: store.attempts.report(run, seeding.step_points(1), step=1)).start()
    begun = feed.await_first_point(OWNER, seconds=60)
    assert not feed.about_to_train(begun)
    assert feed.series[LOSS].steps == [1]
