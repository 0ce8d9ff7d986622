"""Results of a finished run: test figures, per-class table, confusion matrix."""

import logging
from typing import Any

import streamlit as st

from engine import service
from engine.datasets.base import datasets
from engine.runs import Run, RunState
from engine.tasks.base import tasks
from ui import lab
from ui.evaluation.baselines import baseline_sentence, guess_sentence
from ui.language import _
from ui.predictions import Renderer, renderer_for
from ui.words import metric_help, metric_label, metric_text, metric_word, objective_of, title_of

_log = logging.getLogger(__name__)


def final_figures(run: Run) -> list[tuple[str, str, str]]:
    """Label, text and name of each metric on the test split: the task's own, the baseline's after each, then the loss."""
    metrics = metric_names(run)
    figures = [
        (words.format(metric=metric_word(name)), metric_text(name, run.result[f"{origin}_{name}"]), name)
        for name in (*metrics, "loss")
        for origin, words in (("test", _("Test {metric}")), ("baseline", _("Baseline, test {metric}")))
        if run.result.get(f"{origin}_{name}") is not None
    ]
    return figures + [
        (f"{_(title)}: {metric_word(name)}", metric_text(name, run.result[f"{extra}_{name}"]), name)
        for extra, title in _extra_tests(run).items()
        for name in metrics
        if run.result.get(f"{extra}_{name}") is not None
    ]


def metric_names(run: Run) -> tuple[str, ...]:
    """The metrics of the run's task; none where it is no longer known."""
    task = title_of(run, "task")
    return tasks[task].metric_names() if task in tasks else ()


def _extra_tests(run: Run) -> dict[str, str]:
    """Title by name of the tests that the dataset has outside of its splits."""
    name = title_of(run, "dataset")
    return datasets[name].extra_tests if name in datasets else {}


def load_evaluation(run: Run) -> dict[str, Any]:
    """Return the evaluations on `validation` and `test`; empty when the run left nothing readable."""
    try:
        return service.artifacts.files(lab.actor(), run).read_evaluation()
    except (OSError, ValueError):
        _log.exception("cannot read the evaluation of run %s", run.id)
        return {}


def _no_evaluation(run: Run) -> str:
    """Say why there is nothing to show."""
    if run.study_id is not None:
        return _("This run is a trial of a study: trials are not evaluated on the test split.")
    if run.state is RunState.STOPPED:
        return _("This run was stopped and has not been evaluated.")
    return _(
        "This run does not have an evaluation: a run is evaluated when it completes, and on request when it was stopped."
    )


def draw_evaluation(run: Run) -> None:
    """The evaluation on a chosen split, with whatever the task left in it."""
    evaluation = load_evaluation(run)
    words = {"test": _("Test"), "validation": _("Validation")} | {n: _(title) for n, title in _extra_tests(run).items()}
    splits = [split for split in words if evaluation.get(split)]
    if not splits:
        st.caption(_no_evaluation(run))
        return
    split = st.segmented_control(
        _("Evaluated on"),
        splits,
        default=splits[0],
        required=True,
        format_func=lambda s: words[s],
        key="evaluated_on",
        help=_("The validation split chose the best epoch; the test split was used for this evaluation only."),
    )
    split = split or splits[0]
    evaluated = evaluation[split]
    if evaluated.get("metrics"):
        with st.container(horizontal=True):
            for name, value in evaluated["metrics"].items():
                st.metric(metric_label(name), metric_text(name, value), border=True, help=metric_help(name))
    if warning := guess_sentence(evaluated, title_of(run, "dataset")):
        st.container(border=True).text(warning)
    if sentence := baseline_sentence(evaluated, objective_of(run), metric_names(run)):
        st.text(sentence, help=_("Result of a classical method fitted on the same training examples."))
    if unlike := evaluated.get("unlike"):
        st.text(
            _("Called unlike the data by mistake: {count:,} of {of:,} examples ({share:.1%}).").format(
                count=unlike["flagged"], of=unlike["of"], share=unlike["flagged"] / unlike["of"]
            ),
            help=_(
                "The demo warns when an input lies farther out than nearly all validation examples, in what the network makes "
                "of it before its last layer. Each of these ordinary examples would get that warning."
            ),
        )
    task = title_of(run, "task")
    renderer = renderer_for(tasks[task].prediction, title_of(run, "dataset")) if task in tasks else Renderer()
    renderer.evaluate(run, split, evaluated)
    if split not in _extra_tests(run):  # these are no examples of the prepared dataset
        renderer.mistakes(run, split, evaluated)
