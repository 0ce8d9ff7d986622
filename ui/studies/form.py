"""The form of a study: which hyperparameters vary and how far, and how values are chosen. All of it stands in the URL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.search.suggestions import suggested_domain, suggested_space
from engine.service.commands import write_value
from engine.spec import Choices, Field, Range
from engine.studies import (
    DIRECTIONS,
    MODEL,
    OBJECTIVES,
    QUALITY,
    Direction,
    Domain,
    Search,
    StudySpec,
    dimensions,
    models_of,
    narrow,
)
from ui.language import _
from ui.plain import plain_label
from ui.sentences import said
from ui.train.codec import read_number
from ui.train.form import OBJECTIVE, VARY, Form, read_form, read_spec


@dataclass(frozen=True)
class SearchForm:
    """Study described by a URL, with a sentence for each value that could not be used."""

    form: Form
    """Fixed values."""
    base: RunSpec
    sections: dict[str, list[Field]]
    """Fields that may vary, by section."""
    space: dict[str, Domain]
    objectives: tuple[str, ...]
    directions: dict[str, Direction]
    """Among the objectives that are not to be evaluated in their own direction."""
    search: Form
    notes: tuple[str, ...]
    wrong: Mapping[str, str]
    """Of the hyperparameters that vary those whose range cannot be used, as it was typed."""

    @property
    def fields(self) -> dict[str, Field]:
        """Fields that may vary, by name."""
        return {field.name: field for fields in self.sections.values() for field in fields}

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models that trials may have."""
        return models_of(self.base, self.space)

    def study_spec(self) -> StudySpec:
        """The frozen record. Raises `TrainyardError` for what does not go together."""
        search = Search.parse(self.search.defaults | self.search.changed)
        return StudySpec.build(self.form.values, self.space, self.objectives, search, self.directions)


def read_search(params: Mapping[str, str]) -> SearchForm:
    """Understand a URL. What is unknown or out of range is left out with a sentence; the rest stands."""
    form = read_form(params)
    base = form.spec()
    notes = list(form.notes)
    usual = suggested_space(base, compare_models=MODEL not in params)
    wrong: dict[str, str] = {}
    space = read_vary(params[VARY], base, notes, wrong) if VARY in params else usual
    directions = _read_objectives(params.get(OBJECTIVE), notes)
    objectives = tuple(directions)
    defaults = Search().model_dump()
    if objectives != (QUALITY,):
        defaults["pruner"] = "none"  # trials are compared by their quality alone while they train
    search = read_spec(Search, params, defaults, "search")
    chosen = {name: direction for name, direction in directions.items() if direction}
    sections = dimensions(base, models_of(base, space))
    return SearchForm(form, base, sections, space, objectives, chosen, search, (*notes, *search.notes), wrong)


def fields_of(base: RunSpec, space: Mapping[str, Domain]) -> dict[str, Field]:
    """Return what may vary by name; with the model vary the hyperparameters of all models to choose from."""
    return {field.name: field for fields in dimensions(base, models_of(base, space)).values() for field in fields}


def read_vary(text: str, base: RunSpec, notes: list[str], wrong: dict[str, str]) -> dict[str, Domain]:
    """`units:32..128,learning_rate,activation:relu|tanh`; a name alone means all that its field takes.

    What cannot be used is explained in `notes`; into `wrong` goes what was written of a hyperparameter that exists.
    """
    space: dict[str, Domain] = {}
    written = (entry.strip() for entry in re.split(r",(?=[a-z_])", text))  # a choice may hold a comma before a number
    for entry in sorted(written, key=lambda entry: entry.partition(":")[0] != MODEL):  # what may vary depends on it
        name, _colon, words = entry.partition(":")
        if not name:
            continue
        fields = fields_of(base, space)
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
            why = said(error) if isinstance(error, TrainyardError) else _("Enter a minimum below the maximum.")
            notes.append(_("'{entry}' cannot be used.").format(entry=plain_label(entry, 60)) + " " + why)
            wrong[name] = words
            space[name] = suggested_domain(fields[name], base)
    return space


def read_domain(field: Field, words: str) -> Domain | None:
    """`32..128`, or `relu|tanh`; None for nothing."""
    if not words:
        return None
    if isinstance(field.domain, Range):
        low, _dots, high = words.partition("..")
        return Range(read_number(field, low), read_number(field, high))
    known = {write_value(option): option for option in getattr(field.domain, "options", ())}
    return Choices(tuple(known.get(word, word) for word in words.split("|")))


def write_vary(
    space: Mapping[str, Domain], fields: Mapping[str, Field], wrong: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The inverse of `read_vary`."""
    return ",".join(
        f"{name}:{wrong[name]}"
        if name in wrong
        else name
        if domain == narrow(fields[name], None)
        else f"{name}:{write_domain(domain)}"
        for name, domain in space.items()
    )


def ends(found: SearchForm, name: str) -> tuple[str, str]:
    """Return both ends of a range as boxes show them: as they were typed where they cannot be used."""
    low, _dots, high = found.wrong.get(name, write_domain(found.space[name])).partition("..")
    return low, high


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
                notes.append(_("Unknown direction '{name}'.").format(name=plain_label(words, 60)))
        elif entry:
            notes.append(_("Unknown objective '{name}'.").format(name=plain_label(name, 60)))
    return found
