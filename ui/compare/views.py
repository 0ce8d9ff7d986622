"""The parts of a comparison that are chosen by the viewer: curves, parallel coordinates, one column against another."""

from collections.abc import Sequence

import streamlit as st

from engine.runs import Run
from ui.charts.figures import Figure
from ui.charts.series import Key
from ui.compare.charts import Curves, compared_curves, curves_height, parallel_figure, scatter_figure
from ui.compare.columns import hyperparameter_columns, metric_columns, metric_names
from ui.compare.comparison import Comparison
from ui.compare.tables import draw_hyperparameters
from ui.language import _, language
from ui.theme import theme_name
from ui.widgets.live_plot import live_plot, still_plot
from ui.widgets.url_choices import choose
from ui.words import headline_of, metric_label

MAX_SMOOTHING = 0.99


def choose_curves(runs: Sequence[Run]) -> tuple[Curves, str]:
    """Draw the choice of metric, split, axis and smoothing, all of which are in the address."""
    axes = {"epoch": _("Epoch"), "step": _("Step"), "time": _("Time")}
    splits = {"validation": _("Validation"), "train": _("Train")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = choose("metric", _("Metric"), metric_names(runs), metric_label, _("Metric that the curves show."))
        split = choose(
            "split", _("Split"), list(splits), splits.__getitem__,
            _("The validation split is evaluated once per epoch, the training metrics at every step."),
        )  # fmt: skip
        axis = choose("axis", _("Horizontal axis"), list(axes), axes.__getitem__, _("Unit of the horizontal axis."))
        smoothing = st.slider(
            _("Smoothing"), 0.0, MAX_SMOOTHING, 0.0, 0.01, key="smoothing", bind="query-params", width=220,
            help=_("Exponential moving average: the weight of earlier points in each point. The raw "
                   "curve stays visible, faintly."),
        )  # fmt: skip
    how = Curves(metric, axis, min(max(float(smoothing), 0.0), MAX_SMOOTHING))  # type: ignore[arg-type]
    return how, split


def draw_curves(compared: Comparison, runs: Sequence[Run], how: Curves, split: str) -> None:
    """The curves of all runs that have any. Called at each tick."""
    series = compared.series(_key(how, split))
    if split == "train" and not series:  # a network that trains by whole epochs
        series = compared.series(("train", how.metric, "epoch"))
    if not any(len(points) for points in series.values()):
        st.caption(_("None of these runs has recorded this metric yet."))
        return
    theme = theme_name()
    name = ("curves", how.metric, split, how.axis, f"{how.smoothing:.2f}", theme, language())
    version = tuple((run.id, run.attempt, len(series[run.id]) if run.id in series else 0) for run in runs)

    def build() -> Figure:
        return compared_curves(runs, series, how, theme)

    newest = int(max(points.steps[-1] for points in series.values()))
    live_plot(
        compared.figure(name, version, build),
        key="compared-curves",
        label=_("{metric} of {count} runs, up to step {step}").format(
            metric=metric_label(how.metric), count=len(series), step=newest
        ),
        failed=_("The chart cannot be drawn: the browser could not load Plotly from this server."),
        height=curves_height(len(series)),
        step=newest,
    )


def _key(how: Curves, split: str) -> Key:
    return (split, how.metric, "epoch" if split == "validation" else "step")


def draw_columns(runs: Sequence[Run]) -> None:
    """Draw the differences between runs, and their relation to the results; a tab is drawn while it is open."""
    titles = [_("Hyperparameters"), _("Parallel coordinates"), _("Scatter")]
    table, parallel, scatter = st.tabs(titles, key="columns", on_change="rerun")
    if table.open:
        with table:
            everything = st.toggle(
                _("Show all"),
                key="all_fields",
                bind="query-params",
                help=_("Off: only those that differ between the runs."),
            )
            draw_hyperparameters(runs, everything=everything)
    if parallel.open:
        with parallel:
            _draw_parallel(runs)
    if scatter.open:
        with scatter:
            _draw_scatter(runs)


def _draw_parallel(runs: Sequence[Run]) -> None:
    chosen, headline = hyperparameter_columns(runs), headline_of(runs[0])
    metric = next((column for column in metric_columns(runs) if column.key == headline), None)
    if metric is None or not chosen:
        st.caption(
            _("Parallel coordinates appear when the runs differ in a hyperparameter and have completed an epoch.")
        )
        return
    still_plot(
        parallel_figure(chosen, metric, theme_name()),
        "compared-parallel",
        _("A line for each run through its hyperparameters to {metric}").format(metric=metric.label),
        420,
    )


def _draw_scatter(runs: Sequence[Run]) -> None:
    by_key = {column.key: column for column in [*hyperparameter_columns(runs), *metric_columns(runs)]}
    keys, headline = list(by_key), headline_of(runs[0])
    if len(keys) < 2:
        st.caption(_("These runs do not differ in anything yet."))
        return
    last = headline if headline in by_key else keys[-1]
    with st.container(horizontal=True):
        x = choose(
            "x", _("Horizontal"), keys, lambda k: by_key[k].label, _("The column on the horizontal axis."), long=True
        )
        y = choose(
            "y", _("Vertical"), [last, *(key for key in keys if key != last)], lambda k: by_key[k].label,
            _("The column on the vertical axis."), long=True,
        )  # fmt: skip
    still_plot(
        scatter_figure(runs, by_key[x], by_key[y], theme_name()),
        "compared-scatter",
        _("{y} of each run against {x}").format(x=by_key[x].label, y=by_key[y].label),
        420,
    )
