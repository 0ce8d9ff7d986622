"""Steering a study that goes on: values to try next, narrower ranges, other numbers."""

from dataclasses import replace
from typing import Any

import streamlit as st

from engine import service
from engine.access import Action
from engine.spec import Choices, Field, Range
from engine.studies import Search, Study, StudySpec, StudyState
from ui import lab
from ui.language import _
from ui.rights import may
from ui.studies.actions import ask
from ui.studies.words import option_text
from ui.words import domain_text


def draw_steering(study: Study, fields: dict[str, Field]) -> None:
    """Values of one's own, narrower ranges, other numbers: for a study that may still begin trials, or may be resumed."""
    if not may(Action.CHANGE, study):
        return
    with st.container(horizontal=True):
        if study.live:
            with st.popover(
                _("Try your own values"), icon=":material/lightbulb:", help=_("Enqueue a trial with these values.")
            ):
                _draw_enqueue(study, fields)
        if study.spec.search.sampler != "grid" and any(isinstance(d, Range) for d in study.spec.space.values()):
            with st.popover(
                _("Narrow a range"), icon=":material/compress:", help=_("Takes effect from the next trial.")
            ):
                _draw_narrowing(study, fields)
        with st.popover(
            _("Trials and parallelism"),
            icon=":material/speed:",
            help=_("Change the number of trials, how many train at once, and the time budget."),
        ):
            _draw_numbers(study)


def _draw_enqueue(study: Study, fields: dict[str, Field]) -> None:
    with st.form(key=f"enqueue-{study.id}", border=False):
        st.caption(_("Tried before the sampler's next values. The sampler chooses the values that you leave empty."))
        given = {name: _value_input(study, fields[name]) for name in study.spec.space if name in fields}
        if st.form_submit_button(_("Enqueue"), icon=":material/add:", help=_("Add this trial.")):
            wanted = {name: value for name, value in given.items() if value is not None}
            if not wanted:
                st.warning(_("Give at least one value."), icon=":material/info:")
            else:
                ask(lambda: service.studies.enqueue(lab.actor(), study.id, wanted), done=_("Enqueued: tried next."))


def _value_input(study: Study, field: Field) -> Any:
    domain, key = study.spec.space[field.name], f"enqueue-{study.id}.{field.name}"
    common: dict[str, Any] = {"label": _(field.label), "key": key, "help": _(field.help) or None}
    match domain:
        case Choices(options):
            return st.selectbox(
                options=list(options),
                index=None,
                format_func=lambda option: option_text(field.name, option),
                placeholder=_("Chosen by the sampler"),
                **common,
            )
        case Range(low, high):
            return st.number_input(
                min_value=field.type(low),
                max_value=field.type(high),
                value=None,
                step=1 if field.type is int else (high - low) / 100 or None,
                format="%d" if field.type is int else "%g",
                placeholder=domain_text(domain),
                **common,
            )


def _draw_narrowing(study: Study, fields: dict[str, Field]) -> None:
    ranges = {n: d for n, d in study.spec.space.items() if isinstance(d, Range) and n in fields}
    name = st.selectbox(
        _("Hyperparameter"),
        list(ranges),
        format_func=lambda name: _(fields[name].label),
        key=f"narrow-{study.id}",
        help=_("While a study is running, numeric ranges can be narrowed, but choices cannot."),
    )
    domain, kind = ranges[name], fields[name].type
    ends = []
    for end, words, value in (("low", _("From"), domain.low), ("high", _("To"), domain.high)):
        ends.append(
            st.number_input(
                words,
                min_value=kind(domain.low),
                max_value=kind(domain.high),
                value=kind(value),
                step=1 if kind is int else (domain.high - domain.low) / 100 or None,
                format="%d" if kind is int else "%g",
                key=f"narrow-{study.id}.{name}.{end}.{value}",  # a new widget when somebody else has narrowed it
                help=_("Within {range}.").format(range=domain_text(domain)),
            )
        )
    if st.button(_("Narrow"), icon=":material/compress:", help=_("Later trials stay within this range.")):
        ask(lambda: service.studies.steer(lab.actor(), study.id, lambda spec: spec.narrowed(name, Range(*ends))))


def _draw_numbers(study: Study) -> None:
    """Only what was changed is written: somebody else may have changed the rest meanwhile."""
    search = study.spec.search
    known = {field.name: field for field in Search.fields()}
    with st.form(key=f"numbers-{study.id}", border=False):
        given: dict[str, Any] = {}
        for name in ("trials", "parallel", "budget_minutes", "pruner"):
            field, now = known[name], getattr(search, name)
            common: dict[str, Any] = {
                "label": _(field.label), "key": f"numbers-{study.id}.{name}.{now}", "help": _(field.help)
            }  # fmt: skip
            match field.domain:
                case Choices(options):
                    choices = list(options)
                    given[name] = st.selectbox(options=choices, index=choices.index(now), format_func=_, **common)
                case Range(low, high):
                    given[name] = st.number_input(
                        min_value=field.type(low),
                        max_value=field.type(high),
                        value=now,
                        step=1 if field.type is int else 5.0,
                        format="%d" if field.type is int else "%g",
                        **common,
                    )
        if st.form_submit_button(_("Change"), icon=":material/check:", help=_("Takes effect now.")):
            changed = {name: value for name, value in given.items() if value != getattr(search, name)}
            wakes = study.state is StudyState.COMPLETED
            ask(
                lambda: service.studies.steer(lab.actor(), study.id, lambda spec: with_search(spec, changed)),
                starts=wakes,
            )


def with_search(spec: StudySpec, changed: dict[str, Any]) -> StudySpec:
    """The same study with some other numbers."""
    return replace(spec, search=Search.parse(spec.search.model_dump() | changed))
