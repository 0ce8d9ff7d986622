"""What a finished run reached: test figures, per-class table, confusion matrix."""

import logging
from typing import Any

import pandas as pd
import streamlit as st

from engine.artifacts import artifacts_of
from engine.runs import Run
from engine.tasks.base import tasks
from ui.charts import (
    Figure,
    class_bars,
    confusion_figure,
    confusion_height,
    metric_label,
    metric_word,
    to_json,
    value_scatter,
)
from ui.language import _
from ui.live_plot import live_plot
from ui.run_views import theme_name
from ui.run_words import metric_text, title_of

_log = logging.getLogger(__name__)


def final_figures(run: Run) -> list[tuple[str, str]]:
    """Label and text of each metric on the test split: the task's own, then the loss."""
    task = title_of(run, "task")
    names = [*(tasks[task].metrics if task in tasks else ()), "loss"]
    return [
        (_("Test {metric}").format(metric=metric_word(name)), metric_text(name, run.result[f"test_{name}"]))
        for name in names
        if run.result.get(f"test_{name}") is not None
    ]


def load_evaluation(run: Run) -> dict[str, Any]:
    """What was judged on `validation` and `test`; empty when the run left nothing that can be read."""
    try:
        return artifacts_of(run.id).read_evaluation()
    except (OSError, ValueError):
        _log.exception("cannot read the evaluation of run %s", run.id)
        return {}


def draw_evaluation(run: Run) -> None:
    """The judgement on a chosen split, with whatever the task left in it."""
    evaluation = load_evaluation(run)
    splits = [split for split in ("test", "validation") if evaluation.get(split)]
    if not splits:
        st.caption(_("This run left no evaluation: a run is judged when it ends by itself or is stopped."))
        return
    words = {"test": _("Test"), "validation": _("Validation")}
    split = st.segmented_control(
        _("Judged on"),
        splits,
        default=splits[0],
        required=True,
        format_func=lambda s: words[s],
        key="judged_on",
        help=_("Validation examples chose the best epoch; test examples were used once, at the very end."),
    )
    judged = evaluation[split or splits[0]]
    if judged.get("metrics"):
        with st.container(horizontal=True):
            for name, value in judged["metrics"].items():
                st.metric(metric_label(name), metric_text(name, value), border=True)
    if judged.get("confusion_matrix"):
        _draw_confusion(run, judged)
    if judged.get("per_class"):
        _draw_classes(run, judged["per_class"])
    if judged.get("pairs"):
        _draw_values(run, judged)


def _draw_confusion(run: Run, judged: dict[str, Any]) -> None:
    st.subheader(_("Confusion matrix"))
    shares = st.toggle(
        _("Show shares of each true class"),
        key="confusion_shares",
        help=_("Off: how many examples. On: per cent of the true class, so that rare classes can be compared."),
    )
    labels = judged["labels"]
    figure = confusion_figure(judged["confusion_matrix"], labels, theme_name(), shares=shares)
    _static(
        figure,
        f"confusion-{run.id}",
        _("Confusion matrix of {count} classes: true classes in rows, predicted ones in columns").format(
            count=len(labels)
        ),
        confusion_height(len(labels)),
    )


def _draw_values(run: Run, judged: dict[str, Any]) -> None:
    st.subheader(_("True and predicted values"))
    st.caption(_("Each point is an example; on the dashed line the prediction is right."))
    figure = value_scatter(judged["pairs"], judged.get("target", ""), theme_name())
    _static(figure, f"values-{run.id}", _("Predicted values against true ones"), 420)


def _draw_classes(run: Run, per_class: list[dict[str, Any]]) -> None:
    st.subheader(_("Per class"))
    table, chart = st.columns(2)

    def share(label: str, words: str) -> Any:
        return st.column_config.ProgressColumn(label, help=words, min_value=0.0, max_value=1.0, format="percent")

    with table:
        st.dataframe(
            pd.DataFrame(per_class),
            hide_index=True,
            height=min(640, 40 + 35 * len(per_class)),
            key=f"per-class-{run.id}",
            alt=_("Precision, recall, F1 and number of examples of each class"),
            column_config={
                "label": st.column_config.TextColumn(_("Class"), pinned=True),
                "precision": share(_("Precision"), _("Of those predicted as this class, how many are.")),
                "recall": share(_("Recall"), _("Of those that are this class, how many were found.")),
                "f1": share(_("F1"), _("Harmonic mean of precision and recall.")),
                "support": st.column_config.NumberColumn(_("Examples"), help=_("How many there are in the split.")),
            },
        )
    with chart:
        _static(
            class_bars(per_class, theme_name()),
            f"classes-{run.id}",
            _("Precision, recall and F1 of each class"),
            min(900, max(260, 90 + 30 * len(per_class))),
        )


def _static(figure: Figure, key: str, label: str, height: int) -> None:
    live_plot(
        to_json(figure),
        key=key,
        label=label,
        failed=_("The chart cannot be drawn: the browser could not load Plotly from this server."),
        height=height,
    )
