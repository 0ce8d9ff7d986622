"""The form of a study: which hyperparameters vary and how far, and how values are chosen. All of it stands in the URL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.search.suggestions import suggested_domain, suggested_space
from engine.spec import Choices, Field, Range
from engine.studies import (
    DIRECTIONS,
    OBJECTIVES,
    QUALITY,
    Direction,
    Domain,
    Search,
    StudySpec,
    narrow,
    own_direction,
    tunable,
)
from ui.language import _
from ui.plain import plain_label
from ui.sentences import said
from ui.train.form import OBJECTIVE, VARY, Form, read_form, read_spec
from ui.words import write_value


@dataclass(frozen=True)
class SearchForm:
    """What a URL says of a study, and a sentence for each thing that could not be taken."""

    form: Form
    """What stays as it is."""
    base: RunSpec
    fields: dict[str, Field]
    """Hyperparameters that may vary, by name."""
    space: dict[str, Domain]
    objectives: tuple[str, ...]
    directions: dict[str, Direction]
    """Of those objectives that are not to be evaluated in their own direction."""
    search: Form
    notes: tuple[str, ...]

    def study_spec(self) -> StudySpec:
        """The frozen record. Raises `TrainyardError` for what does not go together."""
        search = Search.parse(self.search.defaults | self.search.changed)
        return StudySpec.build(self.form.values, self.space, self.objectives, search, self.directions)


def read_search(params: Mapping[str, str]) -> SearchForm:
    """Understand a URL. What is unknown or out of range is left out with a sentence; the rest stands."""
    form = read_form(params)
    base = form.spec()
    fields, values = tunable(base), base.values()
    notes = list(form.notes)
    space = suggested_space(base) if VARY not in params else read_vary(params[VARY], fields, values, notes)
    directions = _read_objectives(params.get(OBJECTIVE), notes)
    objectives = tuple(directions)
    defaults = Search().model_dump()
    if objectives != (QUALITY,):
        defaults["pruner"] = "none"  # trials are compared by their quality alone while they train
    search = read_spec(Search, params, defaults, "search")
    chosen = {name: direction for name, direction in directions.items() if direction}
    return SearchForm(form, base, fields, space, objectives, chosen, search, (*notes, *search.notes))


def read_vary(text: str, fields: Mapping[str, Field], values: Mapping[str, Any], notes: list[str]) -> dict[str, Domain]:
    """`units:32..128,learning_rate,activation:relu|tanh`; a name alone means all that its field takes."""
    space: dict[str, Domain] = {}
    for entry in re.split(r",(?=[a-z_])", text):  # a choice may hold a comma, followed by a number
        name, _colon, words = entry.strip().partition(":")
        if not name:
            continue
        if name not in fields:
            notes.append(
                _("'{name}' cannot vary here: this data, network and training do not have it.").format(
                    name=plain_label(name, 60)
                )
            )
            continue
        try:
            space[name] = narrow(fields[name], read_domain(fields[name], words))
        except (TrainyardError, ValueError, OverflowError) as error:
            why = said(error) if isinstance(error, TrainyardError) else _("That is no range.")
            notes.append(_("'{entry}' in the link cannot be used.").format(entry=plain_label(entry, 60)) + " " + why)
            space[name] = suggested_domain(fields[name], values[name])
    return space


def read_domain(field: Field, words: str) -> Domain | None:
    """`32..128`, or `relu|tanh`; None for nothing."""
    if not words:
        return None
    if isinstance(field.domain, Range):
        low, _dots, high = words.partition("..")
        return Range(field.type(low), field.type(high))
    known = {write_value(option): option for option in getattr(field.domain, "options", ())}
    return Choices(tuple(known.get(word, word) for word in words.split("|")))


def write_vary(space: Mapping[str, Domain], fields: Mapping[str, Field]) -> str:
    """The inverse of `read_vary`."""
    return ",".join(
        name if domain == narrow(fields[name], None) else f"{name}:{write_domain(domain)}"
        for name, domain in space.items()
    )


def write_domain(domain: Domain) -> str:
    """The text of a narrowed range or of some choices."""
    match domain:
        case Range(low, high):
            return f"{low:.10g}..{high:.10g}"
        case Choices(options):
            return "|".join(map(write_value, options))


def _read_objectives(text: str | None, notes: list[str]) -> dict[str, Direction | None]:
    """`quality,latency:maximize`: by name the direction where one is given."""
    found: dict[str, Direction | None] = {}
    for entry in (QUALITY if text is None else text).split(","):
        name, _colon, words = entry.partition(":")
        if name in OBJECTIVES:
            found[name] = next((direction for direction in DIRECTIONS if direction == words), None)
            if words and found[name] is None:
                notes.append(_("There is no direction '{name}'.").format(name=plain_label(words, 60)))
        elif entry:
            notes.append(_("There is no objective '{name}'.").format(name=plain_label(name, 60)))
    return found


# -- what widgets write ------------------------------------------------------------------------------------------------


def put_domain(name: str, domain: Domain | None) -> None:
    """Write how far one hyperparameter varies into the URL, or that it does not.

    What is there is read first: two widgets may change before the page is drawn again.
    """
    found = read_search(st.query_params.to_dict())
    space = {other: kept for other, kept in found.space.items() if other != name}
    if domain is not None:
        space[name] = domain
    ordered = {other: space[other] for other in found.fields if other in space}
    st.query_params[VARY] = write_vary(ordered, found.fields)


def put_objectives(names: list[str]) -> None:
    """Write what trials are evaluated by; those that stay keep their direction."""
    _put_objectives(names, read_search(st.query_params.to_dict()).directions)


def _put_objectives(names: list[str], directions: Mapping[str, Direction]) -> None:
    """What is usual does not stand in the URL."""
    if names == [QUALITY] and QUALITY not in directions:
        st.query_params.pop(OBJECTIVE, None)
    else:
        st.query_params[OBJECTIVE] = ",".join(f"{n}:{directions[n]}" if n in directions else n for n in names)


def put_direction(name: str, direction: Direction) -> None:
    """Write in which direction an objective is evaluated; its own does not stand in the URL."""
    found = read_search(st.query_params.to_dict())
    directions = {other: kept for other, kept in found.directions.items() if other != name}
    if direction != own_direction(name, found.base.task):
        directions[name] = direction
    _put_objectives(list(found.objectives), directions)
