"""The widgets of a form: each shows the value of the URL and writes its own there."""

import math
from typing import Any

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import PARTS, choose_parts, models_for
from engine.service.commands import write_value
from engine.spec import Choices, Field, Options, Range, Spec
from ui.language import _
from ui.train.form import OTHER_PARAMS, Form, read_form
from ui.train.sources import values_of

_SEGMENTS_CHARACTERS = 28  # choices that fit into one line beside a picture; more go into a list


def draw_part(form: Form, section: str, label: str) -> None:
    """A list to choose a part by name from: dataset, model, optimizer ..."""
    options = _part_options(form, section)
    key = f"form.{section}"
    _seed(key, form.names[section])
    st.selectbox(
        label,
        list(options),
        format_func=lambda name: _(options[name].title),
        key=key,
        disabled=section in form.locked,
        on_change=_choose_part,
        args=(section, key),
    )


def draw_task(form: Form) -> None:
    """Draw the choice of task, in a row; it decides which datasets and models are offered."""
    key = "form.task"
    _seed(key, form.names["task"])
    st.segmented_control(
        _("Task"),
        list(PARTS["task"]),
        format_func=lambda name: _(PARTS["task"][name].title),
        required=True,
        wrap=True,
        key=key,
        disabled="task" in form.locked,
        help=_("What the network predicts, and from what."),
        on_change=_choose_part,
        args=("task", key),
    )


def _part_options(form: Form, section: str) -> dict[str, type[Spec]]:
    task = form.parts["task"]
    if section == "model":
        return {model.name: model for model in models_for(task)}  # type: ignore[arg-type]
    if section == "dataset":
        return {part.name: part for part in PARTS[section].values() if task.name in part.tasks}
    return {part.name: part for part in PARTS[section].values()}


def draw_fields(form: Form, section: str, *, advanced: bool = False) -> None:
    """The widgets of a part's basic fields, or of its advanced ones. A part that is missing draws nothing."""
    if section not in form.parts:
        return
    part = form.parts[section]
    prefix = f"form.{section}.{part.name}" if part.name else f"form.{section}"
    for field in part.fields():
        if field.advanced == advanced and not field.hidden:
            draw_field(form, prefix, field)


def has_advanced(form: Form, *sections: str) -> bool:
    """Whether any field of these parts is folded away."""
    return any(field.advanced for s in sections if s in form.parts for field in form.parts[s].fields())


def draw_field(form: Form, prefix: str, field: Field) -> None:
    """One widget, by the field's domain. It shows the value of the URL and writes its own there."""
    default = form.defaults[field.name]
    key = f"{prefix}.{field.name}"
    _seed(key, field.type(form.changed.get(field.name, default)))
    common: dict[str, Any] = {
        "label": _(field.label),
        "key": key,
        "help": _(field.help) or None,
        "disabled": field.name in form.locked,
        "on_change": _change_field,
        "args": (field.name, key, default),
    }
    match field.domain:
        case Choices(options=(False, True)):
            st.toggle(**common)
        case Choices(options=options):
            _draw_choice(list(options), common)
        case Options(source=source):
            _draw_choice(_with(values_of(source), st.session_state[key]), common, as_list=True)
        case Range() as limits:
            _draw_number(field, limits, default, common)
        case _:
            _draw_setting(field, common)


def _draw_choice(options: list[Any], common: dict[str, Any], *, as_list: bool = False) -> None:
    """A row of segments where the words fit into a line, a list otherwise."""
    words = {option: _(option) if isinstance(option, str) else str(option) for option in options}
    if as_list or sum(len(word) + 3 for word in words.values()) > _SEGMENTS_CHARACTERS:
        st.selectbox(options=options, format_func=words.__getitem__, **common)
    else:
        st.segmented_control(options=options, format_func=words.__getitem__, required=True, **common)


def _draw_number(field: Field, limits: Range, default: Any, common: dict[str, Any]) -> None:
    """A slider for numbers on an even scale; a number input where a slider could not reach the small values."""
    low, high = field.type(limits.low), field.type(limits.high)
    if field.type is int and not limits.log and high - low <= 1_000:
        st.slider(min_value=low, max_value=high, step=int(limits.step or 1), **common)
    elif field.type is float and limits.step and not limits.log:
        decimals = max(0, -math.floor(math.log10(limits.step)))
        st.slider(min_value=low, max_value=high, step=limits.step, format=f"%.{decimals}f", **common)
    elif field.type is int:
        st.number_input(min_value=low, max_value=high, step=max(1, int(default) // 8), format="%d", **common)
    else:
        step = default / 10 if limits.log and default else (high - low) / 100
        st.number_input(min_value=low, max_value=high, step=step, format="%g", **common)


def _draw_setting(field: Field, common: dict[str, Any]) -> None:
    """A seed, a word: anything without a range. The engine checks it."""
    if field.type is int:
        st.number_input(step=1, format="%d", **common)
    elif field.type is float:
        st.number_input(format="%g", **common)
    elif field.type is bool:
        st.toggle(**common)
    else:
        st.text_input(**common)


def _seed(key: str, value: Any) -> None:
    """Make the widget show `value`; untouched where it does already, so that fast typing is not overwritten."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _with(options: list[str], current: str) -> list[str]:
    return options if current in options else [*options, current]


def _change_field(name: str, key: str, default: Any) -> None:
    """The URL follows a widget; a default does not stand in it."""
    value = st.session_state[key]
    if value is None or value == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = write_value(value)


def _choose_part(section: str, key: str) -> None:
    """The URL follows the choice, and loses what the new parts cannot take; what both know is kept."""
    st.query_params[section] = st.session_state[key]
    if section == "task":
        for name in ("dataset", "model"):
            st.query_params.pop(name, None)
    try:
        choose_parts({name: text for name, text in st.query_params.items() if name in PARTS})
    except TrainyardError:  # the new dataset is for another task: its own model comes with it
        for name in ("task", "model"):
            st.query_params.pop(name, None)
    kept = read_form(st.query_params.to_dict()).changed
    for name in list(st.query_params):
        if name not in PARTS and name not in OTHER_PARAMS and name not in kept:
            del st.query_params[name]
