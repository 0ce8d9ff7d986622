"""The widgets of the form of a study: a tick for each hyperparameter, how far it varies, objectives, and the plan in words."""

from typing import Any

import streamlit as st

from engine import service
from engine.errors import TrainyardError
from engine.models.base import models
from engine.runs import without_unused
from engine.search.grid import check_grid, combinations, most_trials
from engine.search.suggestions import suggested_domain
from engine.spec import Choices, Field, Range
from engine.studies import DIRECTIONS, MODEL, OBJECTIVES, Direction, StudySpec, model_fields, narrow, own_direction
from ui import lab
from ui.language import N_, _, plural
from ui.studies.form import SearchForm, ends
from ui.studies.words import option_text
from ui.studies.writing import put_direction, put_domain, put_ends, put_objectives
from ui.train.cost import draw_study_cost
from ui.words import section_title

DIRECTION_WORDS: dict[Direction, str] = {"maximize": N_("More"), "minimize": N_("Less")}


def draw_space(found: SearchForm) -> None:
    """All hyperparameters by section; those that a beginner can leave alone are folded away."""
    for section, fields in found.sections.items():
        basic = [field for field in fields if not field.advanced]
        folded = [field for field in fields if field.advanced]
        if not fields:
            continue
        with st.container(border=True):
            st.header(_heading(found, section), anchor=False)
            for field in basic:
                draw_row(found, field)
            if folded:
                ticked = sum(field.name in found.space for field in folded)
                label = _("More hyperparameters")
                with st.expander(
                    f"{label} ({ticked})" if ticked else label, icon=":material/tune:", key=f"vary-more-{section}"
                ):
                    for field in folded:
                        draw_row(found, field)


def _heading(found: SearchForm, section: str) -> str:
    """The name of a section, and what was chosen for it; models that are compared stand below."""
    words, title = section_title(section), found.base.parts()[section].title
    return f"{words}: {_(title)}" if title and not (section == "model" and MODEL in found.space) else words


def _owners(found: SearchForm, field: Field) -> str:
    """The models that have a hyperparameter, where several are compared and some lack it; empty otherwise."""
    own = field in found.sections["model"]
    models_ = [
        name
        for name in found.models
        if field.name in (model_fields(name) if own else without_unused(models[name], {field.name: None}))
    ]
    if field.name == MODEL or len(models_) == len(found.models):
        return ""
    return _("only with {models}").format(models=", ".join(option_text(MODEL, name) for name in models_))


def draw_row(found: SearchForm, field: Field) -> None:
    """A tick, and beside it how far the hyperparameter varies, or the value at which it stays."""
    key, ticked = f"vary.{field.name}", field.name in found.space
    _seed(key, ticked)
    with st.container(key=f"row-{field.name}"):
        left, right = st.columns([1, 2], vertical_alignment="center", gap="small")
    with left:
        st.checkbox(_(field.label), key=key, help=_(field.help), on_change=_tick, args=(found, field))
        if owners := _owners(found, field):
            st.caption(owners)
    with right:
        if not ticked:
            value = found.base.values().get(field.name, field.default)
            st.caption(_("stays at {value}").format(value=option_text(field.name, value)))
        elif isinstance(domain := found.space[field.name], Choices):
            _draw_choices(found, field, domain)
        else:
            _draw_range(found, field, domain)


def _draw_choices(found: SearchForm, field: Field, domain: Choices) -> None:
    key = f"vary-choices.{field.name}"
    _seed(key, list(domain.options))
    options = getattr(field.domain, "options", ())
    st.multiselect(
        _(field.label),
        list(options),
        format_func=lambda option: option_text(field.name, option),
        key=key,
        label_visibility="collapsed",
        help=_("Options for the trials."),
        on_change=lambda: put_domain(field.name, Choices(tuple(st.session_state[key]))),
    )


def _draw_range(found: SearchForm, field: Field, domain: Range) -> None:
    """A slider with two ends on an even scale; two numbers where a slider could not reach the small values."""
    own = narrow(field, None)
    assert isinstance(own, Range)
    whole = field.type is int
    if not own.log and (own.step or (whole and own.high - own.low <= 1_000)):
        key = f"vary-range.{field.name}"
        _seed(key, (field.type(domain.low), field.type(domain.high)))
        step: Any = field.type(own.step or 1)
        st.slider(
            _(field.label),
            field.type(own.low),
            field.type(own.high),
            step=step,
            key=key,
            label_visibility="collapsed",
            help=_("Range for the trials."),
            on_change=lambda: put_domain(field.name, Range(*st.session_state[key])),
        )
        return
    keys = (f"vary-low.{field.name}", f"vary-high.{field.name}")
    for place, key, text, words in zip(st.columns(2), keys, ends(found, field.name), (_("From"), _("To")), strict=True):
        with place:
            _seed(key, text)
            st.text_input(
                words,
                key=key,
                help=_("Allowed: {low} to {high}; a study may narrow this range, not widen it.").format(
                    low=f"{own.low:g}", high=f"{own.high:g}"
                ),
                on_change=lambda: put_ends(field, *(st.session_state[key] for key in keys)),
            )


def _tick(found: SearchForm, field: Field) -> None:
    ticked = st.session_state[f"vary.{field.name}"]
    put_domain(field.name, suggested_domain(field, found.base) if ticked else None)


def draw_objectives(found: SearchForm) -> None:
    """Draw the choice of objectives."""
    key = "search-objectives"
    _seed(key, list(found.objectives))
    st.multiselect(
        _("Objectives"),
        list(OBJECTIVES),
        format_func=lambda name: _(OBJECTIVES[name].title),
        key=key,
        help=" ".join(f"**{_(o.title)}** {_(o.help)}" for o in OBJECTIVES.values()),
        on_change=lambda: put_objectives(st.session_state[key]),
    )


def draw_directions(found: SearchForm) -> None:
    """For each objective whether more or less of it is wanted."""
    for name in found.objectives:
        key = f"search-direction.{name}"
        _seed(key, found.directions.get(name) or own_direction(name, found.base.task))
        st.segmented_control(
            _("{objective}: direction").format(objective=_(OBJECTIVES[name].title)),
            DIRECTIONS,
            format_func=lambda direction: _(DIRECTION_WORDS[direction]),
            key=key,
            required=True,
            help=_(
                "Each objective has a natural direction. The opposite direction searches for the "
                "worst values: what a network cannot do without, or how large it can become."
            ),
            on_change=lambda name=name, key=key: put_direction(name, st.session_state[key]),
        )


def plan(spec: StudySpec) -> list[str]:
    """Return what will happen, in sentences."""
    search, base = spec.search, spec.run_spec({})
    trials = most_trials(spec)
    words = []
    if search.sampler == "grid":
        words.append(
            _("The grid has {count:,} combinations; each number takes at most five values.").format(
                count=combinations(spec)
            )
        )
    elif trials < search.trials:
        words.append(
            plural(
                "There is only {count:,} combination of values, so the study ends once it has been tried.",
                "There are only {count:,} combinations of values, so the study ends once all have been tried.",
                trials,
            ).format(count=trials)
        )
    words.append(plural("{count:,} trial is trained.", "{count:,} trials are trained.", trials).format(count=trials))
    if MODEL in spec.space:
        words.append(
            plural("{count} model is compared.", "{count} models are compared.", len(spec.models)).format(
                count=len(spec.models)
            )
        )
    if search.parallel > 1:
        words.append(
            _("{count} of them train at the same time if there are enough slots.").format(count=search.parallel)
        )
    if base.dataset.folds > 1:
        words.append(_("Each is trained {count} times, once for each fold.").format(count=base.dataset.folds))
    if search.budget_minutes:
        words.append(_("No trial begins after {minutes:g} minutes.").format(minutes=search.budget_minutes))
    if search.pruner != "none":
        words.append(_("Unpromising trials stop early."))
    words.append(_("Trials never see the test split: promote the best one to evaluate it there once."))
    if search.parallel > (slots := _slots()) > 0:
        words.append(plural("There is {count} slot now.", "There are {count} slots now.", slots).format(count=slots))
    return words


def draw_plan_cost(spec: StudySpec) -> None:
    """Draw the cost of the study, with as many trials at once as there are slots."""
    search, trials, slots = spec.search, most_trials(spec), _slots()
    parallel = min(search.parallel, trials, slots or search.parallel)
    largest = [spec.largest(model) for model in spec.models]
    draw_study_cost(spec.run_spec({}), largest, trials, parallel, 60 * search.budget_minutes)


def _slots() -> int:
    """Return how many runs train at once here; 0 while it is not known."""
    executor = service.executors.get(lab.actor())
    return len(executor.info.get("slots", [])) if executor is not None and executor.alive else 0


def why_not(found: SearchForm) -> tuple[StudySpec | None, str]:
    """The record of the study, or the sentence that says what does not go together."""
    try:
        spec = found.study_spec()
        check_grid(spec)
    except TrainyardError as error:
        return None, error.sentence
    return spec, ""


def _seed(key: str, value: Any) -> None:
    if st.session_state.get(key) != value:
        st.session_state[key] = value
