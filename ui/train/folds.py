"""The folded parts of the Train form: what a beginner can leave alone. Each is drawn when it is opened."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine.imports.own_kinds import kind_of_dataset
from engine.models.base import DESCENT
from engine.runs import RunSpec, choose_parts
from ui.charts.strips import schedule_curve
from ui.data.summary import draw_facts
from ui.language import _
from ui.plain import plain_label
from ui.theme import theme_name
from ui.train.form import Form
from ui.train.network import draw_preview
from ui.train.widgets import draw_fields, draw_part
from ui.widgets.halves import halves
from ui.words import value_text

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer


def draw_data_fold(form: Form, spec: RunSpec) -> None:
    """Split and settings of the data, its limits and source."""
    with fold(form, "data", _("Data: split, limits, source"), ":material/database:", "dataset") as area:
        if area.open:
            choice, facts = halves(st)
            with choice:
                draw_rest(form, "dataset")
            with facts:
                draw_facts(type(spec.dataset))


def draw_network_fold(form: Form) -> "st.delta_generator.DeltaGenerator | None":
    """Hyperparameters of the network. Return the place for its diagram, which is drawn last; None while folded."""
    words = _("Network: width, depth, diagram") if has_layers(form) else _("Model: size and limits")
    with fold(form, "network", words, ":material/account_tree:", "model") as area:
        if not area.open:
            return None
        choice, picture = halves(st)
        with choice:
            draw_rest(form, "model")
        return picture


def has_layers(form: Form) -> bool:
    """Return whether the model is a network."""
    model: Any = form.parts["model"]
    return bool(model.fits == DESCENT)


def draw_training_fold(form: Form, spec: RunSpec) -> None:
    """Batches, early stopping, optimizer and schedule, with the learning rate over the run."""
    steps = "optimizer" not in form.unused
    words = (
        _("Training: batch size, early stopping, optimizer, schedule") if steps else _("Training: early stopping, seed")
    )
    with fold(form, "training", words, ":material/tune:", "training", "task", "optimizer", "schedule") as area:
        if not area.open:
            return
        choice, more = halves(st)
        with choice:
            draw_rest(form, "training", "task")
        if not steps:
            return
        with more:
            draw_part(form, "optimizer", _("Optimizer"))
            st.caption(_(form.parts["optimizer"].summary()))
            draw_rest(form, "optimizer")
            draw_part(form, "schedule", _("Learning rate schedule"))
            st.caption(_(form.parts["schedule"].summary()))
            draw_rest(form, "schedule")
            if not spec.schedule.reacts:
                st.html(schedule_curve(spec.schedule, spec.optimizer.learning_rate, theme_name()))


def draw_augmentation_fold(form: Form) -> None:
    """Random changes to training examples, with a preview."""
    if "augmentation" not in form.parts:
        return
    with fold(form, "augmentation", _("Augmentation"), ":material/flip:", "augmentation") as area:
        if not area.open:
            return
        choice, look = halves(st)
        with choice:
            st.caption(_(form.parts["augmentation"].summary()))
            draw_rest(form, "augmentation")
        with look:
            draw_preview(form)


def draw_rest(form: Form, *sections: str) -> None:
    """All fields of these parts that do not stand on the first screen, those for experts last."""
    for advanced in (False, True):
        for section in sections:
            draw_fields(form, section, advanced=advanced, essential=False)


@contextmanager
def fold(
    form: Form, key: str, label: str, icon: str, *sections: str, more: Sequence[str] = ()
) -> "Iterator[ExpanderContainer]":
    """A fold, and while it is closed a line that names what is changed in it, `more` last: no value of a link is out of sight."""
    with st.container(gap="xxsmall"):
        area = st.expander(label, icon=icon, key=f"fold-{key}", on_change="rerun")
        with area:
            yield area
        with st.container():  # always there: what follows keeps its place
            if not area.open and (words := [*changes(form, *sections), *more]):
                st.caption(_("Changed: {values}").format(values=" · ".join(words)))


def changes(form: Form, *sections: str) -> Iterator[str]:
    """Return the folded choices that differ from what the form proposes, in Markdown."""
    usual = choose_parts({name: form.names[name] for name in ("task", "dataset", "model")})
    kind = kind_of_dataset(form.names["dataset"])
    for section in sections:
        part = form.parts.get(section)
        if section in usual and part is not None and usual[section].name != part.name:
            yield _(part.title)
        for field in part.fields() if part is not None else ():
            if field.name in form.unused:
                continue
            shown = field.essential or field.hidden or (kind is not None and field.name == kind.field)
            if not shown and field.name in form.changed:
                value = plain_label(value_text(form.changed[field.name]))
                yield f"{_(field.label)} {value}"
            elif not shown and field.name in form.unusable:
                yield f"{_(field.label)} {plain_label(form.unusable[field.name])} :material/error:"
