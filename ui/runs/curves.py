"""The curves of a run: how people want to see them, and the charts that change in place."""

from collections.abc import Sequence

import streamlit as st

from engine.models.base import models
from engine.runs import Run
from engine.tasks.base import tasks
from ui import lab
from ui.charts.curves import PLAIN, Style, learning_curve, single_curve
from ui.charts.figures import Figure
from ui.charts.machine import machine_curve
from ui.charts.series import Key
from ui.language import N_, _, language
from ui.runs.feeds import Feed
from ui.theme import theme_name
from ui.widgets.live_plot import Chart, live_plots
from ui.widgets.url_choices import choose
from ui.words import metric_label, title_of

MAX_SMOOTHING = 0.9
_SCALES = {"linear": N_("Linear"), "log": N_("Logarithmic")}
_SYSTEM = ("cpu_percent", "gpu_percent", "memory_bytes", "gpu_memory_bytes")

Wanted = tuple[str, list[Key], int, str]
"""A chart: its name, the series that it shows, its height in pixels and its width."""


def choose_style() -> Style:
    """Draw the choice of axis and smoothing, which stand in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", width="content"):
        scale = choose(
            "scale", _("Scale"), list(_SCALES), lambda name: _(_SCALES[name]),
            _("Logarithmic: small improvements late in training stay visible. Metrics that rise, such as accuracy, keep a linear axis."),
        )  # fmt: skip
        smoothing = st.slider(
            _("Smoothing"), 0.0, MAX_SMOOTHING, 0.0, 0.1, key="smooth", bind="query-params", width=150,
            help=_("Weight of earlier points in each point. The measured curve stays visible, faintly."),
        )  # fmt: skip
    return Style(scale == "log", min(max(round(float(smoothing), 1), 0.0), MAX_SMOOTHING))


def draw_learning_curves(feed: Feed, run: Run, style: Style = PLAIN, more: Sequence[Chart] = ()) -> int | None:
    """Loss, the metrics of task and model, and `more` charts beside them. Return an epoch that was clicked.

    A live run has its charts before they hold a point: drawn axes take the first one at once, which new ones take half a second for.
    """
    return _draw_charts(
        feed,
        run,
        f"plots-{run.id}",
        [
            (name, [("train", name, "step"), ("train", name, "epoch"), ("validation", name, "epoch")], 340, "half")
            for name in ("loss", *_task_metrics(run))
        ],
        style,
        more,
    )


def draw_machine_curves(feed: Feed, run: Run) -> None:
    """Learning rate, speed, CPU, GPU and memory."""
    wanted: list[Wanted] = [
        (name, [("train", name, "step")], 260, "half") for name in ("learning_rate", "examples_per_second")
    ]
    wanted.append(("machine", [("system", name, "step") for name in _SYSTEM], 260, "half"))
    _draw_charts(feed, run, f"machine-{run.id}", wanted)


def _draw_charts(
    feed: Feed, run: Run, key: str, wanted: list[Wanted], style: Style = PLAIN, more: Sequence[Chart] = ()
) -> int | None:
    charts = [
        _chart(feed, run, name, keys, height, width, style)
        for name, keys, height, width in wanted
        if any(key in feed.series for key in keys) or (run.live and ("train", name, "epoch") in keys)
    ]
    return live_plots([*charts, *more], key=key)


def _task_metrics(run: Run) -> tuple[str, ...]:
    name, model = title_of(run, "task"), title_of(run, "model")
    of_task = [metric.name for metric in tasks[name].metrics if metric.logged] if name in tasks else []
    return (*of_task, *(models[model].logs if model in models else ()))


def _chart(feed: Feed, run: Run, name: str, keys: list[Key], height: int, width: str, style: Style) -> Chart:
    theme = theme_name()

    parent = feed.parent(lab.actor())

    def build() -> Figure:
        if name == "machine":
            return machine_curve(feed.series, run, theme)
        if name in ("learning_rate", "examples_per_second"):
            return single_curve(name, feed.series[keys[0]], run, theme)
        return learning_curve(name, feed.series, run, theme, parent, feed.kept, style)

    last_step = max((feed.series[key].steps[-1] for key in keys if key in feed.series), default=None)
    words = _("CPU, GPU and memory") if name == "machine" else metric_label(name)
    said = (
        _("{metric} of run {run} over epochs, up to step {step}")
        if last_step is not None
        else _("{metric} of run {run}: no value yet")
    )
    label = said.format(metric=words, run=run.id, step=last_step)
    spec = feed.figure((name, theme, language(), str(style), "fork" if parent else ""), keys, build)
    return Chart(name, spec, label, height, width, last_step)
