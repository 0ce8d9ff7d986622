"""The widgets of a form: each shows the value of the URL and writes its own there."""

from contextlib import suppress
from typing import Any

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import PARTS, models_for
from engine.service.commands import write_value
from engine.spec import Choices, Field, Options, Range, Spec
from ui.address import writing
from ui.language import _
from ui.plain import plain_text
from ui.train.choices import choices, choose, chosen
from ui.train.codec import decimals, expected, parse_value, slides
from ui.train.form import Form, drop, keeping
from ui.train.sources import values_of
from ui.train.tasks import draw_tasks

_SEGMENTS_CHARACTERS = 28  # choices that fit into one line beside a picture; more go into a list


def draw_part(form: Form, section: str, label: str) -> None:
    """A list to choose a part by name from: model, optimizer ..."""
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


def draw_dataset(form: Form) -> None:
    """Draw the list of datasets for the task: imported ones under the names that people gave them."""
    key, known, current = "form.dataset", choices(form.names["task"]), chosen(form)
    _seed(key, current)
    st.selectbox(
        _("Dataset"),
        list(known) if current in known else [*known, current],
        format_func=lambda id: known[id].title if id in known else plain_text(id),
        key=key,
        disabled="dataset" in form.locked,
        on_change=_choose_dataset,
        args=(form, key),
    )


def draw_task(form: Form) -> None:
    """Draw the choice of task; it decides which datasets and models are offered."""
    draw_tasks("form", form.names["task"], _choose_task, disabled="task" in form.locked)


def _part_options(form: Form, section: str) -> dict[str, type[Spec]]:
    task = form.parts["task"]
    if section == "model":
        offered = {*form.models, form.names["model"]}
        return {model.name: model for model in models_for(task) if not form.models or model.name in offered}  # type: ignore[arg-type]
    return {part.name: part for part in PARTS[section].values()}


def draw_fields(form: Form, section: str, *, advanced: bool = False, essential: bool | None = None) -> None:
    """The widgets of a part's basic fields, or of its advanced ones; with `essential`, only of those that are, or are not.

    A part that is missing draws nothing.
    """
    if section not in form.parts:
        return
    part = form.parts[section]
    prefix = f"form.{section}.{part.name}" if part.name else f"form.{section}"
    for field in part.fields():
        if field.name in form.unused:
            continue
        shown = field.advanced == advanced and not field.hidden and essential in (None, field.essential)
        if shown and _offered(form, field):
            draw_field(form, prefix, field)


def _offered(form: Form, field: Field) -> bool:
    """Whether there is a choice on this machine, such as the number of GPUs where there are several."""
    if not isinstance(field.domain, Options) or field.type is not int:
        return True
    return len(values_of(field.domain.source)) > 1 or field.name in form.changed


def draw_field(form: Form, prefix: str, field: Field) -> None:
    """One widget, by the field's domain. It shows the value of the URL and writes its own there.

    Numbers that no slider reaches are typed as text: a number input would move them into the range without a word.
    """
    key = f"{prefix}.{field.name}"
    value = form.changed.get(field.name, form.defaults[field.name])
    common: dict[str, Any] = {
        "label": _(field.label),
        "key": key,
        "help": _(field.help) or None,
        "disabled": field.name in form.locked,
        "on_change": _change_field,
        "args": (form, field, key),
    }
    match field.domain:
        case Choices(options=(False, True)):
            _seed(key, value)
            st.toggle(**common)
        case Choices(options=options):
            _seed(key, value)
            _draw_choice(list(options), common)
        case Options(source=source):
            _seed(key, value)
            _draw_choice(_with(values_of(source), value), common, as_list=True)
        case Range() as limits if slides(field):
            _seed(key, field.type(value))
            _draw_slider(field, limits, common)
        case _:
            _seed(key, form.text(field))
            st.text_input(**common)
            if field.name in form.unusable:
                st.caption(f":material/error: {expected(field)}")


def _draw_choice(options: list[Any], common: dict[str, Any], *, as_list: bool = False) -> None:
    """A row of segments where the words fit into a line, a list otherwise."""
    words = {option: _(option) if isinstance(option, str) else str(option) for option in options}
    if as_list or sum(len(word) + 3 for word in words.values()) > _SEGMENTS_CHARACTERS:
        st.selectbox(options=options, format_func=words.__getitem__, **common)
    else:
        st.segmented_control(options=options, format_func=words.__getitem__, required=True, **common)


def _draw_slider(field: Field, limits: Range, common: dict[str, Any]) -> None:
    low, high = field.type(limits.low), field.type(limits.high)
    if field.type is int:
        st.slider(min_value=low, max_value=high, step=int(limits.step or 1), **common)
    else:
        places = decimals(limits.step or 1.0)
        st.slider(min_value=low, max_value=high, step=limits.step, format=f"%.{places}f", **common)


def _seed(key: str, value: Any) -> None:
    """Make the widget show `value`; untouched where it does already, so that fast typing is not overwritten."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _with(options: list[str], current: str) -> list[str]:
    return options if current in options else [*options, current]


def _change_field(form: Form, field: Field, key: str) -> None:
    """The URL follows a widget; a default does not stand in it, nor a box that was emptied."""
    value = st.session_state[key]
    if isinstance(value, str):
        part = next(part for part in form.parts.values() if field in part.fields())
        with suppress(TrainyardError, ValueError):  # what cannot be used stays as it was typed, and is said
            value = parse_value(part, field, value)
    with writing():
        if value in (None, "") or value == form.defaults[field.name]:
            drop([field.name])
        else:
            st.query_params[field.name] = write_value(value)


def _choose_part(section: str, key: str) -> None:
    """The URL follows the choice."""
    with keeping():
        st.query_params[section] = st.session_state[key]


def _choose_task(task: str) -> None:
    """Begin with the dataset and the model that suit another task."""
    with keeping():
        st.query_params["task"] = task
        drop(("dataset", "model"))


def _choose_dataset(form: Form, key: str) -> None:
    choose(choices(form.names["task"])[st.session_state[key]], form.names["task"])
