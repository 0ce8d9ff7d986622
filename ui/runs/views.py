"""The parts of a run's page that move: header, progress, numbers and learning curves."""

import math
import time

import streamlit as st

from engine import service
from engine.budgets import sharing
from engine.evaluation import gain
from engine.runs import Run, RunState
from ui import lab
from ui.charts.curves import baseline_level
from ui.language import _
from ui.runs.alarms import draw_alarms
from ui.runs.curves import choose_style, draw_learning_curves, draw_machine_curves
from ui.runs.feeds import Feed
from ui.runs.probes import draw_probes, map_chart
from ui.runs.time_left import seconds_left
from ui.turns import turn_text
from ui.widgets.pace import SLOWEST_SECONDS, TICKS_PER_SECOND
from ui.words import (
    STATES,
    best_figure,
    headline_of,
    is_share,
    metric_help,
    metric_label,
    metric_text,
    progress_share,
    progress_text,
    queue_text,
)

FAST_SECONDS = 15.0
"""Time after its start in which the page of a run refreshes twice a second: that is when people watch closely."""
FASTEST_SECONDS = 0.5
_FEW_VIEWERS = 7


def tick_seconds(run: Run, now: float | None = None, viewers: int = 1) -> float | None:
    """Return the refresh interval of a run's page with `viewers` on live pages; None once nothing moves any more."""
    if not run.live:
        return None
    shared = min(math.ceil(viewers / TICKS_PER_SECOND), SLOWEST_SECONDS)
    if shared > 1:
        return shared
    begun = run.started_at or run.created_at
    age = (now or time.time()) - (begun.timestamp() if begun else 0.0)
    return FASTEST_SECONDS if age < FAST_SECONDS else 0.75 if viewers <= _FEW_VIEWERS else 1.0


def draw_live(feed: Feed, run: Run) -> int | None:
    """Draw everything that changes while a run trains, and return an epoch that was clicked on a curve.

    Called at each tick, so it must stay cheap.
    """
    draw_progress(feed, run)
    if not feed.series and not run.live:
        return None
    draw_alarms(feed)
    learning, machine = st.tabs([_("Learning"), _("Speed and machine")], key=f"live-{run.id}", on_change="rerun")
    if machine.open:  # a tick costs by elements, also where nobody sees them
        with machine:
            draw_numbers(feed, run)
            draw_machine_curves(feed, run)
        return None
    with learning:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
            draw_objective(run)
            style = choose_style()
        chart = map_chart(feed, run) if run.live else None
        clicked = draw_learning_curves(feed, run, style, [chart] if chart else [])
        if run.live:
            draw_probes(feed, run)
    return clicked


def draw_progress(feed: Feed, run: Run) -> None:
    """The state's badge, the progress bar, and why a queued run waits."""
    look = STATES[run.state]
    left = seconds_left(run, feed.series)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(_(look.word), icon=look.icon, color=look.colour)  # type: ignore[arg-type]
        if run.request:
            st.badge(_("Ending…"), icon=":material/hourglass_top:", color="orange")
        st.caption(progress_text(run, left), width="content")
    st.progress(progress_share(run))
    if run.state == RunState.QUEUED:
        turns = service.budgets.queue(lab.actor())
        queue = [turn.run_id for turn in turns]
        sentence, needs_help = queue_text(run, queue, service.executors.get(lab.actor()))
        if sharing() and not needs_help and run.id in queue:
            sentence = turn_text(turns[queue.index(run.id)])
        (st.warning if needs_help else st.info)(sentence, icon=":material/hourglass_empty:")
        if needs_help and st.button(
            _("Start an executor"),
            icon=":material/play_arrow:",
            help=_("A process besides the dashboard that trains queued runs."),
        ):
            lab.start_executor()


def draw_objective(run: Run) -> None:
    """The metric that people compare runs by, large, beside the baseline where one is known."""
    label, value = best_figure(run)
    metric = headline_of(run).removeprefix("val_")
    level, reached = baseline_level(run, metric), run.best.get(f"val_{metric}")
    words, better = "", 0.0
    if level is not None and reached is not None:
        better = gain(metric, reached, level)
        words = beside_baseline(metric, better, level)
    st.metric(
        label,
        value,
        delta=words or None,
        delta_color="off" if better == 0 else "green" if better > 0 else "orange",
        delta_arrow="off" if better == 0 else "up" if better > 0 else "down",
        help=metric_help(
            metric,
            _(
                "On validation examples, which the network never trains on. The baseline is a simple method that was fitted to the same "
                "training examples."
            ),
        ),
    )


def beside_baseline(metric: str, better: float, level: float) -> str:
    """Return in words how far a value is from the baseline, which reaches `level`; `better` is positive where it is."""
    amount = (
        _("{points:.1f} points").format(points=100 * abs(better))
        if is_share(metric)
        else metric_text(metric, abs(better))
    )
    found = {"amount": amount, "baseline": metric_text(metric, level)}
    if better == 0:
        return _("as good as the baseline, {baseline}").format(**found)
    if better > 0:
        return _("{amount} better than the baseline, {baseline}").format(**found)
    return _("{amount} worse than the baseline, {baseline}").format(**found)


def draw_numbers(feed: Feed, run: Run) -> None:
    """The newest values in one row."""
    numbers: list[tuple[str, str, str | None]] = []
    speed = feed.last("train", "examples_per_second")
    speed = speed if run.live else run.result.get("examples_per_second", speed)
    if speed is not None:
        numbers.append((metric_label("examples_per_second"), f"{speed:,.0f}", metric_help("examples_per_second")))
    if (rate := feed.last("train", "learning_rate")) is not None:
        numbers.append((metric_label("learning_rate"), f"{rate:.2g}", metric_help("learning_rate")))
    if run.live:
        numbers += [(*number, None) for number in _machine_numbers(feed)]
    with st.container(horizontal=True):
        for label, value, words in numbers:
            st.metric(label, value, border=True, width="stretch", help=words)


def _machine_numbers(feed: Feed) -> list[tuple[str, str]]:
    numbers = []
    for name, words in (("cpu_percent", _("CPU (100% = one core)")), ("gpu_percent", _("GPU"))):
        if (value := feed.last("system", name)) is not None:
            numbers.append((words, f"{value:.0f}%"))
    for name, words in (("memory_bytes", _("Memory")), ("gpu_memory_bytes", _("GPU memory"))):
        if (value := feed.last("system", name)) is not None:
            numbers.append((words, f"{value / 1e9:.2f} GB"))
    return numbers
