"""The examples behind the figures: those of one cell of the confusion matrix, and those the network is most wrong on."""

import logging
from collections.abc import Sequence

import numpy as np
import streamlit as st

from engine import service
from engine.artifacts import Outcomes
from engine.errors import TrainyardError
from engine.metrics import metric_named
from engine.preparation.prepare import PreparedDataset, prepare
from engine.runs import Run
from ui import lab
from ui.language import _, plural
from ui.modalities import modality_of
from ui.plain import plain_label, plain_text
from ui.sentences import said
from ui.widgets.watch_link import draw_watch_link
from ui.words import metric_label, metric_text, part_title

_log = logging.getLogger(__name__)

MOST = 12
"""Most examples that are shown at once."""


def cell(outcomes: Outcomes, true: int, predicted: int) -> np.ndarray:
    """Return the examples of class `true` predicted as `predicted`: places in `outcomes`, the most confident first."""
    chosen = outcomes.outputs.argmax(axis=1)
    where = np.flatnonzero((outcomes.targets == true) & (chosen == predicted))
    return where[np.argsort(-outcomes.outputs[where, predicted], kind="stable")]


def surest_mistakes(outcomes: Outcomes, most: int = MOST) -> np.ndarray:
    """Return the examples with a wrong predicted class, the most confident first."""
    wrong = np.flatnonzero(outcomes.outputs.argmax(axis=1) != outcomes.targets)
    return wrong[np.argsort(-outcomes.outputs[wrong].max(axis=1), kind="stable")][:most]


def largest_errors(outcomes: Outcomes, most: int = MOST) -> np.ndarray:
    """Return the examples with the largest errors, the largest first."""
    errors = np.abs(outcomes.outputs.reshape(len(outcomes.targets)) - outcomes.targets)
    return np.argsort(-errors, kind="stable")[:most]


def draw_class_examples(run: Run, split: str, labels: Sequence[str]) -> None:
    """Two tabs: the examples behind a cell of the confusion matrix, and the surest mistakes. Read when opened."""
    st.subheader(_("Examples"))
    behind, surest = st.tabs(
        [_("Examples in this cell"), _("Most confident mistakes")], key="examples", on_change="rerun"
    )
    if behind.open:
        with behind:
            st.fragment(_draw_cell)(run, split, labels)
    if surest.open:
        with surest:
            _draw_mistakes(run, split, labels)


def draw_value_examples(run: Run, split: str, unit: str) -> None:
    """The examples whose values were missed by most; read when asked for."""
    st.subheader(_("Examples"))
    with st.expander(_("Largest errors"), key="largest_errors", on_change="rerun", icon=":material/search:") as opened:
        if not opened.open:
            return
        outcomes, prepared = outcomes_of(run, split), None
        if outcomes is not None:
            prepared = prepared_of(run)
        if outcomes is None or prepared is None:
            return
        where = largest_errors(outcomes)
        values = outcomes.outputs.reshape(len(outcomes.targets))
        words = _("true {true:.4g}, predicted {predicted:.4g}") + (f" {unit}" if unit else "")
        captions = [words.format(true=outcomes.targets[i], predicted=values[i]) for i in where]
        modality_of(prepared).examples(prepared, outcomes.positions[where].tolist(), captions)
        draw_watch(run, split, outcomes.positions[where].tolist())


def draw_worst_examples(run: Run, split: str) -> None:
    """The examples with the worst score by the first metric that tells single examples apart; read when asked for."""
    st.subheader(_("Examples"))
    with st.expander(_("Worst examples"), key="worst_examples", on_change="rerun", icon=":material/search:") as opened:
        outcomes = outcomes_of(run, split) if opened.open else None
        if outcomes is None:
            return
        name = next(iter(outcomes.scores), None)
        if name is None:
            st.caption(_("This task does not score single examples."))
            return
        prepared = prepared_of(run)
        if prepared is None:
            return
        scores = outcomes.scores[name]
        where = np.argsort(scores if metric_named(name).maximize else -scores, kind="stable")[:MOST]
        captions = [f"{metric_label(name)} {metric_text(name, float(scores[i]))}" for i in where]
        modality_of(prepared).examples(prepared, outcomes.positions[where].tolist(), captions)
        draw_watch(run, split, outcomes.positions[where].tolist())


def _draw_cell(run: Run, split: str, labels: Sequence[str]) -> None:
    outcomes = outcomes_of(run, split)
    if outcomes is None:
        return
    true, predicted = _choose_cell(outcomes, labels)
    where = cell(outcomes, true, predicted)
    words = plural("{count:,} example of {true} was predicted as {predicted}.",
                   "{count:,} examples of {true} were predicted as {predicted}.", len(where))  # fmt: skip
    st.text(words.format(count=len(where), true=plain_text(labels[true]), predicted=plain_text(labels[predicted])))
    if not len(where):
        return
    prepared = prepared_of(run)
    if prepared is None:
        return
    if len(where) > MOST:
        st.caption(_("The {count} most confident ones:").format(count=MOST))
    shown = where[:MOST]
    captions = [_("{share:.1%} confident").format(share=outcomes.outputs[i, predicted]) for i in shown]
    modality_of(prepared).examples(prepared, outcomes.positions[shown].tolist(), captions)
    draw_watch(run, split, outcomes.positions[shown].tolist())


def draw_watch(run: Run, split: str, positions: Sequence[int]) -> None:
    """Examples of the test split are not for watching: nothing may be chosen by them."""
    if split == "validation":
        draw_watch_link(run.parsed().flat(), positions)


def _choose_cell(outcomes: Outcomes, labels: Sequence[str]) -> tuple[int, int]:
    """Two boxes, at first on the most frequent mistake."""
    first = _commonest_mistake(outcomes, len(labels))
    choices = range(len(labels))
    left, right = st.columns(2)
    with left:
        true = st.selectbox(
            _("True class"),
            choices,
            index=first[0],
            format_func=lambda k: plain_text(labels[k]),
            key="cell_true",
            help=_("A row of the confusion matrix."),
        )
    with right:
        predicted = st.selectbox(
            _("Predicted class"),
            choices,
            index=first[1],
            format_func=lambda k: plain_text(labels[k]),
            key="cell_predicted",
            help=_("A column of the confusion matrix."),
        )
    return int(true or 0), int(predicted or 0)


def _commonest_mistake(outcomes: Outcomes, num_classes: int) -> tuple[int, int]:
    chosen = outcomes.outputs.argmax(axis=1)
    counts = np.zeros((num_classes, num_classes), dtype=int)
    np.add.at(counts, (outcomes.targets, chosen), outcomes.targets != chosen)
    true, predicted = np.unravel_index(counts.argmax(), counts.shape)
    return int(true), int(predicted)


def _draw_mistakes(run: Run, split: str, labels: Sequence[str]) -> None:
    outcomes = outcomes_of(run, split)
    if outcomes is None:
        return
    where = surest_mistakes(outcomes)
    if not len(where):
        st.caption(_("There are no mistakes in this split."))
        return
    prepared = prepared_of(run)
    if prepared is None:
        return
    st.caption(_("A wrong label in the data, or something the network has not learned?"))
    captions = [
        _("{true} predicted as {predicted}, {share:.1%} confident").format(
            true=labels[int(outcomes.targets[i])],
            predicted=labels[int(outcomes.outputs[i].argmax())],
            share=outcomes.outputs[i].max(),
        )
        for i in where
    ]
    modality_of(prepared).examples(prepared, outcomes.positions[where].tolist(), captions)
    draw_watch(run, split, outcomes.positions[where].tolist())


def draw_which(key: str) -> bool:
    """Ask whether the worst examples are looked at, or the best; return whether the worst are."""
    worst = st.segmented_control(
        _("Which"),
        [True, False],
        default=True,
        required=True,
        format_func=lambda worst: _("Worst") if worst else _("Best"),
        label_visibility="collapsed",
        key=f"{key}.which",
    )
    return bool(worst)


def outcomes_of(run: Run, split: str) -> Outcomes | None:
    """Return the per-example predictions that were kept, or None with a sentence on the page."""
    try:
        outcomes = service.artifacts.files(lab.actor(), run).read_outcomes(split)
    except OSError:
        _log.exception("cannot read the outcomes of run %s", run.id)
        outcomes = None
    if outcomes is None:
        st.caption(_("Per-example predictions were not kept, or were deleted to free space."))
    return outcomes


def prepared_of(run: Run) -> PreparedDataset | None:
    """The run's dataset as it was when it trained, or None with a sentence on the page."""
    try:
        dataset = run.parsed().dataset
        if not service.datasets.shown_with(lab.actor(), run):
            st.info(_("The examples are not shown: the dataset is private."), icon=":material/lock:")
            return None
        if not dataset.available():
            st.info(
                _("The examples cannot be shown: dataset {name} is not on this machine any more.").format(
                    name=plain_label(part_title(dataset))
                ),
                icon=":material/info:",
            )
            return None
        with st.spinner(_("Preparing the dataset…"), show_time=True):
            prepared = prepare(dataset)
    except TrainyardError as error:
        st.info(_("The examples cannot be shown. {reason}").format(reason=said(error)), icon=":material/info:")
        return None
    if prepared.content_hash != run.environment.get("dataset_hash"):
        st.info(
            _("The examples cannot be shown: the dataset has changed since this run was trained."),
            icon=":material/info:",
        )
        return None
    return prepared
