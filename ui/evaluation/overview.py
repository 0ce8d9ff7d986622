"""What a finished run reached: test figures, per-class table, confusion matrix."""

import logging
from typing import Any

import pandas as pd
import streamlit as st

from engine import service
from engine.datasets.base import datasets
from engine.readers.spreadsheets import plain_frame
from engine.runs import Run
from engine.tasks.base import tasks
from ui import lab
from ui.charts.classes import class_bars
from ui.charts.confusion import confusion_figure, confusion_height
from ui.evaluation.baselines import baseline_sentence, guess_sentence
from ui.evaluation.mistakes import draw_class_examples, draw_value_examples
from ui.evaluation.probabilities import draw_thresholds
from ui.evaluation.report import report_text
from ui.evaluation.values import draw_values
from ui.language import _
from ui.theme import theme_name
from ui.widgets.live_plot import still_plot
from ui.words import metric_label, metric_text, metric_word, objective_of, title_of

_log = logging.getLogger(__name__)


def final_figures(run: Run) -> list[tuple[str, str]]:
    """Label and text of each metric on the test split: the task's own, the baseline's after each, then the loss."""
    task = title_of(run, "task")
    metrics = tasks[task].metric_names() if task in tasks else ()
    figures = [
        (words.format(metric=metric_word(name)), metric_text(name, run.result[f"{origin}_{name}"]))
        for name in (*metrics, "loss")
        for origin, words in (("test", _("Test {metric}")), ("baseline", _("Baseline, test {metric}")))
        if run.result.get(f"{origin}_{name}") is not None
    ]
    return figures + [
        (f"{_(title)}: {metric_label(name).lower()}", metric_text(name, run.result[f"{extra}_{name}"]))
        for extra, title in _extra_tests(run).items()
        for name in metrics
        if run.result.get(f"{extra}_{name}") is not None
    ]


def _extra_tests(run: Run) -> dict[str, str]:
    """Title by name of the tests that the dataset has outside of its splits."""
    name = title_of(run, "dataset")
    return datasets[name].extra_tests if name in datasets else {}


def load_evaluation(run: Run) -> dict[str, Any]:
    """What was judged on `validation` and `test`; empty when the run left nothing that can be read."""
    try:
        return service.artifacts.files(lab.actor(), run).read_evaluation()
    except (OSError, ValueError):
        _log.exception("cannot read the evaluation of run %s", run.id)
        return {}


def draw_evaluation(run: Run) -> None:
    """The judgement on a chosen split, with whatever the task left in it."""
    evaluation = load_evaluation(run)
    words = {"test": _("Test"), "validation": _("Validation")} | {n: _(title) for n, title in _extra_tests(run).items()}
    splits = [split for split in words if evaluation.get(split)]
    if not splits:
        st.caption(_("This run left no evaluation: a run is judged when it ends by itself or is stopped."))
        return
    split = st.segmented_control(
        _("Judged on"),
        splits,
        default=splits[0],
        required=True,
        format_func=lambda s: words[s],
        key="judged_on",
        help=_("Validation examples chose the best epoch; test examples were used once, at the very end."),
    )
    split = split or splits[0]
    judged = evaluation[split]
    if judged.get("metrics"):
        with st.container(horizontal=True):
            for name, value in judged["metrics"].items():
                st.metric(metric_label(name), metric_text(name, value), border=True)
    if warning := guess_sentence(judged):
        st.container(border=True).text(warning)
    if sentence := baseline_sentence(judged, objective_of(run)):
        st.text(sentence, help=_("What a classical method reaches that was fitted on the same training examples."))
    st.download_button(
        _("Report"),
        report_text(run, evaluation),
        file_name="report.txt",
        mime="text/plain",
        icon=":material/download:",
        on_click="ignore",
        help=_("What was trained on what, when, and all figures, as plain text."),
    )
    if judged.get("confusion_matrix"):
        _draw_confusion(run, judged)
        if split not in _extra_tests(run):  # these are no examples of the prepared dataset
            draw_class_examples(run, split, judged["labels"])
    if judged.get("per_class"):
        _draw_classes(run, judged["per_class"])
    if judged.get("roc"):
        draw_thresholds(run, judged)
    if judged.get("residuals"):
        draw_values(run, judged)
        draw_value_examples(run, split, judged.get("unit", ""))


def _draw_confusion(run: Run, judged: dict[str, Any]) -> None:
    st.subheader(_("Confusion matrix"))
    shares = st.toggle(
        _("Show shares of each true class"),
        key="confusion_shares",
        help=_("Off: how many examples. On: per cent of the true class, so that rare classes can be compared."),
    )
    labels = judged["labels"]
    figure = confusion_figure(judged["confusion_matrix"], labels, theme_name(), shares=shares)
    still_plot(
        figure,
        f"confusion-{run.id}",
        _("Confusion matrix of {count} classes: true classes in rows, predicted ones in columns").format(
            count=len(labels)
        ),
        confusion_height(len(labels)),
    )


def _draw_classes(run: Run, per_class: list[dict[str, Any]]) -> None:
    st.subheader(_("Per class"))
    table, chart = st.columns(2)

    def share(label: str, words: str) -> Any:
        return st.column_config.ProgressColumn(label, help=words, min_value=0.0, max_value=1.0, format="percent")

    with table:
        st.dataframe(
            plain_frame(pd.DataFrame(per_class)),
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
        still_plot(
            class_bars(per_class, theme_name()),
            f"classes-{run.id}",
            _("Precision, recall and F1 of each class"),
            min(900, max(260, 90 + 30 * len(per_class))),
        )
