"""What the widgets of a study's form write into the URL, which is its only state."""

from collections.abc import Mapping

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.search.suggestions import suggested_domain
from engine.spec import Field, Range
from engine.studies import QUALITY, Direction, Domain, narrow, own_direction
from ui.address import writing
from ui.studies.form import SearchForm, fields_of, read_domain, read_search, write_vary
from ui.train.form import OBJECTIVE, VARY, drop


@writing()
def put_domain(name: str, domain: Domain | None) -> None:
    """Write how far one hyperparameter varies into the URL, or that it does not.

    What is there is read first: two widgets may change before the page is drawn again.
    """
    _put(name, domain, {})


@writing()
def put_ends(field: Field, low: str, high: str) -> None:
    """Write both ends of a range as they were typed; an empty one is that of the field."""
    own = narrow(field, None)
    assert isinstance(own, Range)
    words = f"{low.strip() or f'{own.low:.10g}'}..{high.strip() or f'{own.high:.10g}'}"
    try:
        _put(field.name, narrow(field, read_domain(field, words)), {})
    except (TrainyardError, ValueError, OverflowError):  # stays as it was typed, and is said
        _put(field.name, own, {field.name: words})


def _put(name: str, domain: Domain | None, wrong: Mapping[str, str]) -> None:
    found = read_search(st.query_params.to_dict())
    space = {other: kept for other, kept in found.space.items() if other != name}
    if domain is not None:
        space[name] = domain
    fields = fields_of(found.base, space)  # of a model that is not compared any more nothing varies
    ordered = {other: fitting(fields[other], space[other], found.base) for other in fields if other in space}
    others = {other: words for other, words in found.wrong.items() if other != name and other in fields}
    st.query_params[VARY] = write_vary(ordered, fields, {**others, **wrong})


def fitting(field: Field, domain: Domain, base: RunSpec) -> Domain:
    """Return the domain, or a suggested one where another model has come that does not take all of it."""
    try:
        return narrow(field, domain)
    except TrainyardError:
        return suggested_domain(field, base)


@writing()
def keep_usable(found: SearchForm) -> None:
    """Remove from the URL what cannot be used, and keep the rest."""
    drop([*found.form.unusable, *found.search.unusable])
    if VARY in st.query_params:
        st.query_params[VARY] = write_vary(found.space, found.fields)
    _put_objectives(list(found.objectives), found.directions)


@writing()
def put_objectives(names: list[str]) -> None:
    """Write what trials are evaluated by; those that stay keep their direction."""
    _put_objectives(names, read_search(st.query_params.to_dict()).directions)


def _put_objectives(names: list[str], directions: Mapping[str, Direction]) -> None:
    """Leave default values out of the URL."""
    if names == [QUALITY] and QUALITY not in directions:
        st.query_params.pop(OBJECTIVE, None)
    else:
        st.query_params[OBJECTIVE] = ",".join(f"{n}:{directions[n]}" if n in directions else n for n in names)


@writing()
def put_direction(name: str, direction: Direction) -> None:
    """Write in which direction an objective is evaluated; its own does not stand in the URL."""
    found = read_search(st.query_params.to_dict())
    directions = {other: kept for other, kept in found.directions.items() if other != name}
    if direction != own_direction(name, found.base.task):
        directions[name] = direction
    _put_objectives(list(found.objectives), directions)
