"""From Spec classes to widgets to values. The URL is the form's only state: a link reopens it, and Back undoes.

A widget writes its value into the URL when it changes; every rerun reads the URL and draws the widgets from it. Only
what a person changed stands there, so that choosing another dataset or model brings in what that one suggests. What
cannot be used stays there too, whether typed or from a link: nothing starts until it is corrected or dropped.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from engine.advice.defaults import Advice
from engine.errors import TrainyardError
from engine.runs import PARTS, RunSpec, advice_for, choose_parts, unused_fields, usual_values
from engine.service.commands import write_value
from engine.spec import Field, Spec
from engine.studies import Search
from ui.address import arrive, note, writing
from ui.language import _
from ui.plain import plain_label
from ui.sentences import said
from ui.train.codec import expected, parse_value

VARY, OBJECTIVE, STUDY_NAME = "vary", "objectives", "study_name"
SEARCH_PARAMS = frozenset({VARY, OBJECTIVE, STUDY_NAME, *Search.model_fields})
"""Names in the URL that say how a study searches. The form of a run takes no notice, and keeps them for the way back."""
FORK, FORK_EPOCH = "fork", "fork_epoch"
ASSIGNMENT = "assignment"
"""In the URL: the number of the assignment of a classroom for which somebody trains."""
OTHER_PARAMS = frozenset({"lang", "embed", "embed_options", FORK, FORK_EPOCH, ASSIGNMENT}) | SEARCH_PARAMS
"""Names in the URL that belong to the page, not to the form."""
BUTTONS = ("train", "search")
"""Keys of the buttons that take the form as it is."""
_REMEMBERED = "train.params"
_MISTYPED = 0.65
"""Likeness from which a name counts as mistyped."""


@dataclass(frozen=True)
class Form:
    """Form described by a URL: the chosen parts, all values, and a sentence for each value that could not be used."""

    parts: dict[str, type[Spec]]
    defaults: dict[str, Any]
    """Every field's value if nobody changed it, given the parts."""
    changed: dict[str, Any]
    """Fields that the URL sets, typed and valid."""
    notes: tuple[str, ...]
    """A sentence for each part of the URL that cannot be used."""
    unusable: Mapping[str, str] = field(default_factory=dict)
    """These parts of the URL: names, and what stands there."""
    locked: frozenset[str] = frozenset()
    """Sections and fields that are shown and cannot be changed."""
    models: tuple[str, ...] = ()
    """The models to choose from; empty: all of the task."""

    @property
    def names(self) -> dict[str, str]:
        """The name of each part that is chosen by name."""
        return {section: self.parts[section].name for section in PARTS}

    @property
    def unused(self) -> frozenset[str]:
        """Return the sections and fields that the model has no use for: they are not drawn."""
        model: Any = self.parts.get("model")
        return model.unused | unused_fields(self.parts) if model else frozenset()

    @property
    def values(self) -> dict[str, Any]:
        """Return the arguments of `RunSpec.build`."""
        return self.names | self.changed

    @property
    def advice(self) -> Advice | None:
        """Return the values advised for the data, where something is known about it."""
        dataset: Any = self.parts["dataset"]
        task: Any = self.parts["task"]
        return advice_for(dataset, task, self.changed)

    def text(self, one: Field) -> str:
        """Return what a box for a field shows: what was typed, even if it cannot be used."""
        return self.unusable.get(one.name) or write_value(self.changed.get(one.name, self.defaults[one.name]))

    def spec(self) -> RunSpec:
        """The frozen record, validated once more as a whole."""
        return RunSpec.build(self.values)


def read_form(params: Mapping[str, str]) -> Form:
    """Understand a URL. What is unknown or out of range is left out with a sentence; the rest stands."""
    notes: dict[str, str] = {}
    parts, data = _read_parts(params, notes)
    defaults = usual_values({section: parts[section].name for section in PARTS}, data)
    unused = unused_fields(parts)
    fields = {one.name: (part, one) for part in parts.values() for one in part.fields() if one.name not in unused}
    changed: dict[str, Any] = {}
    for name, text in params.items():
        if name in PARTS or name in OTHER_PARAMS:
            continue
        if name not in fields:
            notes[name] = _unknown(name, list(fields))
            continue
        _read_field(*fields[name], text, changed, notes)
    foreign = {name for name in notes if name not in PARTS and name not in fields and not _near(name, list(fields))}
    return _form(parts, defaults, changed, notes, {name: text for name, text in params.items() if name not in foreign})


def read_spec(part: type[Spec], params: Mapping[str, str], defaults: Mapping[str, Any], section: str) -> Form:
    """The form of a single Spec, from those names of a URL that are its own."""
    notes: dict[str, str] = {}
    changed: dict[str, Any] = {}
    for one in part.fields():
        if one.name in params:
            _read_field(part, one, params[one.name], changed, notes)
    return _form({section: part}, dict(defaults), changed, notes, params)


def _form(
    parts: dict[str, type[Spec]],
    defaults: dict[str, Any],
    changed: dict[str, Any],
    notes: Mapping[str, str],
    params: Mapping[str, str],
) -> Form:
    unusable = {name: params[name] for name in notes if name in params}
    return Form(parts, defaults, changed, tuple(dict.fromkeys(notes.values())), unusable)


def _read_field(part: type[Spec], one: Field, text: str, changed: dict[str, Any], notes: dict[str, str]) -> None:
    try:
        changed[one.name] = parse_value(part, one, text)
    except (TrainyardError, ValueError):
        notes[one.name] = _("{label}: {value} cannot be used; {expected}.").format(
            label=_(one.label), value=plain_label(text) or "''", expected=expected(one)
        )


def _read_parts(params: Mapping[str, str], notes: dict[str, str]) -> tuple[dict[str, type[Spec]], dict[str, Any]]:
    """The chosen parts, and those values of the dataset that can be used: a model is advised for them."""
    names = {}
    for section, registry in PARTS.items():
        name = params.get(section)
        if name is not None and name in registry:
            names[section] = name
        elif name is not None:
            notes[section] = _unknown(name, list(registry))
    try:
        data = read_data(names, params)
        return choose_parts(names, data), data
    except TrainyardError as error:  # each exists, but they do not go together: the dataset decides
        notes |= dict.fromkeys(("task", "model"), said(error))
        names = {k: v for k, v in names.items() if k not in ("task", "model")}
        data = read_data(names, params)
        return choose_parts(names, data), data


def read_data(names: dict[str, str], params: Mapping[str, str]) -> dict[str, Any]:
    """The values of the dataset that a URL sets and that can be used."""
    part = choose_parts(names)["dataset"]
    data: dict[str, Any] = {}
    for one in part.fields():
        if one.name in params:
            with suppress(TrainyardError, ValueError):  # reading all fields reports it
                data[one.name] = parse_value(part, one, params[one.name])
    return data


def _near(name: str, known: list[str]) -> list[str]:
    """The name that was meant, if it was mistyped; what is like none, such as the tag of a newsletter, is nothing of ours."""
    return difflib.get_close_matches(name, known, n=1, cutoff=_MISTYPED)


def _unknown(name: str, known: list[str]) -> str:
    near = _near(name, known)
    hint = _("Did you mean '{near}'?").format(near=near[0]) if near else _("It was ignored.")
    return _("'{name}' does not exist here.").format(name=plain_label(name)) + " " + hint


def change(name: str, value: Any) -> None:
    """Put a value into the form from outside its widgets: it is read at the next run of the page."""
    st.query_params[name] = write_value(value)


def drop(names: Iterable[str]) -> None:
    """Remove names from the URL: their defaults hold again."""
    for name in list(names):
        st.query_params.pop(name, None)


def give_up(names: Iterable[str]) -> None:
    """Drop names, as a button's `on_click`."""
    with writing():
        drop(names)


@contextmanager
def keeping() -> Iterator[None]:
    """Change parts in the URL; afterwards it loses what the new parts cannot take. What both know is kept."""
    with writing():
        mistyped = read_form(st.query_params.to_dict()).unusable
        yield
        try:
            choose_parts({name: text for name, text in st.query_params.items() if name in PARTS})
        except TrainyardError:  # the new dataset is for another task: its own model comes with it
            drop(("task", "model"))
        form = read_form(st.query_params.to_dict())
        known = {one.name for part in form.parts.values() for one in part.fields()} - form.unused
        kept = {*PARTS, *OTHER_PARAMS, *form.changed, *(known & mistyped.keys())}
        drop([name for name in st.query_params if name not in kept])


def reset_form() -> None:
    """Forget every change."""
    with writing():
        drop(form_params())


def means_form(params: Mapping[str, str]) -> bool:
    """Return whether a URL says anything to the form."""
    form = read_form(params)
    return bool(params.keys() & PARTS.keys() or form.changed or form.unusable)


def form_params() -> dict[str, str]:
    """The part of the URL that belongs to the form."""
    return {name: text for name, text in st.query_params.items() if name not in OTHER_PARAMS}


def remember_form() -> None:
    """Coming back from another page, where the address is empty, reopens the form as this session left it."""
    arrived = "form.dataset" not in st.session_state  # widgets of a page that is not drawn are forgotten
    arrive(*BUTTONS)
    if arrived and not form_params():
        st.query_params.update(st.session_state.get(_REMEMBERED, {}))
        note()
    st.session_state[_REMEMBERED] = form_params()
