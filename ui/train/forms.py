"""From Spec classes to widgets to values. The URL is the form's only state: a link reopens it, and Back undoes.

A widget writes its value into the URL when it changes; every rerun reads the URL and draws the widgets from it. Only
what a person changed stands there, so that choosing another dataset or model brings in what that one suggests.
"""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from engine.errors import TrainyardError
from engine.imports.sets import Kind, list_sets
from engine.runs import PARTS, RunSpec, choose_parts, models_for
from engine.spec import Choices, Field, Options, Range, Spec
from engine.studies import Search
from ui.language import _
from ui.sentences import said
from ui.words import write_value

VARY, OBJECTIVE, STUDY_NAME = "vary", "objectives", "study_name"
SEARCH_PARAMS = frozenset({VARY, OBJECTIVE, STUDY_NAME, *Search.model_fields})
"""Names in the URL that say how a study searches. The form of a run takes no notice, and keeps them for the way back."""
FORK, FORK_EPOCH = "fork", "fork_epoch"
OTHER_PARAMS = frozenset({"lang", "embed", "embed_options", FORK, FORK_EPOCH}) | SEARCH_PARAMS
"""Names in the URL that belong to the page, not to the form."""
_REMEMBERED = "train.params"
_SEGMENTS_CHARACTERS = 28  # choices that fit into one line beside a picture; more go into a list


@dataclass(frozen=True)
class Form:
    """What a URL says: the chosen parts, all values, and a sentence for each thing that could not be taken."""

    parts: dict[str, type[Spec]]
    defaults: dict[str, Any]
    """Every field's value if nobody changed it, given the parts."""
    changed: dict[str, Any]
    """Fields that the URL sets, typed and valid."""
    notes: tuple[str, ...]
    locked: frozenset[str] = frozenset()
    """Sections and fields that are shown and cannot be changed."""

    @property
    def names(self) -> dict[str, str]:
        """The name of each part that is chosen by name."""
        return {section: self.parts[section].name for section in PARTS}

    @property
    def values(self) -> dict[str, Any]:
        """What `RunSpec.build` takes."""
        return self.names | self.changed

    def spec(self) -> RunSpec:
        """The frozen record, validated once more as a whole."""
        return RunSpec.build(self.values)


def read_form(params: Mapping[str, str]) -> Form:
    """Understand a URL. What is unknown or out of range is left out with a sentence; the rest stands."""
    notes: list[str] = []
    parts = _read_parts(params, notes)
    defaults = RunSpec.build({section: parts[section].name for section in PARTS}).values()
    fields = {field.name: (part, field) for part in parts.values() for field in part.fields()}
    changed: dict[str, Any] = {}
    for name, text in params.items():
        if name in PARTS or name in OTHER_PARAMS:
            continue
        if name not in fields:
            notes.append(_unknown(name, list(fields)))
            continue
        part, field = fields[name]
        _read_field(part, field, text, defaults[name], changed, notes)
    return Form(parts, defaults, changed, tuple(notes))


def read_spec(part: type[Spec], params: Mapping[str, str], defaults: Mapping[str, Any], section: str) -> Form:
    """The form of a single Spec, from those names of a URL that are its own."""
    notes: list[str] = []
    changed: dict[str, Any] = {}
    for field in part.fields():
        if field.name in params:
            _read_field(part, field, params[field.name], defaults[field.name], changed, notes)
    return Form({section: part}, dict(defaults), changed, tuple(notes))


def _read_field(
    part: type[Spec], field: Field, text: str, default: Any, changed: dict[str, Any], notes: list[str]
) -> None:
    try:
        changed[field.name] = parse_value(part, field, text)
    except (TrainyardError, ValueError):
        notes.append(
            _("{name}={value} in the link cannot be used: {expected}. {default} is used instead.").format(
                name=field.name, value=text, expected=expected(field), default=write_value(default)
            )
        )


def _read_parts(params: Mapping[str, str], notes: list[str]) -> dict[str, type[Spec]]:
    names = {}
    for section, registry in PARTS.items():
        name = params.get(section)
        if name is not None and name in registry:
            names[section] = name
        elif name is not None:
            notes.append(_unknown(name, list(registry)))
    try:
        return choose_parts(names)
    except TrainyardError as error:  # each exists, but they do not go together: the dataset decides
        notes.append(said(str(error)))
        return choose_parts({k: v for k, v in names.items() if k not in ("task", "model")})


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = _("Did you mean '{near}'?").format(near=near[0]) if near else _("It is left out.")
    return _("Nothing here is named '{name}'.").format(name=name) + " " + hint


def parse_value(part: type[Spec], field: Field, text: str) -> Any:
    """The typed, valid value of one field, from the text of a URL."""
    if field.type is bool:
        value: Any = {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else text
    else:
        value = field.type(text)
    parsed = getattr(part.parse({field.name: value}), field.name)
    if isinstance(field.domain, Choices) and parsed not in field.domain.options:  # one that this machine lacks
        raise ValueError(f"{parsed!r} is none of {field.domain.options}.")
    return parsed


def expected(field: Field) -> str:
    """What a field takes, in words."""
    match field.domain:
        case Range(low=low, high=high):
            return _("it takes {low} to {high}").format(low=write_value(low), high=write_value(high))
        case Choices(options=options):
            return _("it takes one of {options}").format(options=", ".join(map(write_value, options)))
        case _other:
            return _("it takes a different kind of value")


def command_line(spec: RunSpec) -> list[str]:
    """The same training as arguments of the terminal command: dataset, model, and what differs from the defaults."""
    usual = choose_parts({"dataset": spec.dataset.name})
    flat = {
        name: value
        for name, value in spec.flat().items()
        if name in ("dataset", "model") or name not in PARTS or value != usual[name].name
    }
    flags = [word for name, value in flat.items() for word in flag(name, value)]
    return ["python", "-m", "engine", "train", *flags]


def flag(name: str, value: Any) -> list[str]:
    """One value as words of a command line."""
    name = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", write_value(value)]


# -- drawing -----------------------------------------------------------------------------------------------------------


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
    """What is to be predicted from what, in a row; it decides which datasets and models are offered."""
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
        help=_("What the network is to tell, and from what."),
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
            _draw_choice(_with(SOURCES[source](), st.session_state[key]), common, as_list=True)
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


def change(name: str, value: Any) -> None:
    """Put a value into the form from outside its widgets: it is read at the next run of the page."""
    st.query_params[name] = write_value(value)


def reset_form() -> None:
    """Forget every change."""
    for name in form_params():
        del st.query_params[name]


def form_params() -> dict[str, str]:
    """The part of the URL that belongs to the form."""
    return {name: text for name, text in st.query_params.items() if name not in OTHER_PARAMS}


def remember_form() -> None:
    """Coming back from another page, where the address is empty, reopens the form as this session left it."""
    arrived = "form.dataset" not in st.session_state  # widgets of a page that is not drawn are forgotten
    if arrived and not form_params():
        st.query_params.update(st.session_state.get(_REMEMBERED, {}))
    st.session_state[_REMEMBERED] = form_params()


def _devices() -> list[str]:
    from engine.devices import find_devices

    return ["auto", *(device.name for device in find_devices())]


def _sets(kind: Kind) -> list[str]:
    return ["", *(own.reference for own in list_sets(kind))]


SOURCES: dict[str, Callable[[], list[str]]] = {
    "devices": _devices,
    "folders": lambda: _sets("images"),
    "clips": lambda: _sets("clips"),
    "texts": lambda: _sets("texts"),
    "tables": lambda: _sets("table"),
}
"""Where the values of a field come from that only the machine knows, by the name in its `Options`."""
