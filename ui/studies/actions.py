"""What a person may ask of a study. Each is one transaction in the store: whoever steers at the same time loses nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import RunState
from engine.search.deletion import delete_study
from engine.search.promotion import promote
from engine.search.trials import Trial
from engine.spec import Choices, Field, Range
from engine.studies import Search, Study, StudySpec, StudyState
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.sentences import said
from ui.studies.feed import StudyFeed
from ui.words import domain_text, value_text

_RESUMABLE = (StudyState.PAUSED, StudyState.STOPPED, StudyState.FAILED)


def draw_actions(study: Study, feed: StudyFeed) -> None:
    """The buttons that suit the study's state, beside its title."""
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if study.state is StudyState.RUNNING and st.button(
            _("Pause"), icon=":material/pause:", help=_("No trial begins any more; those that train go on.")
        ):
            ask(lambda: lab.store().studies.pause(study.id))
        if (
            study.state in _RESUMABLE
            and not feed.problem
            and st.button(_("Resume"), icon=":material/play_arrow:", help=_("Trials begin again, until all are done."))
        ):
            ask(lambda: lab.store().studies.resume(study.id), starts=True)
        if study.live and st.button(
            _("Stop"),
            icon=":material/stop:",
            help=_("No trial begins any more, and those that train end within a second. The study can be resumed."),
        ):
            ask(lambda: lab.store().studies.stop(study.id))
        if not study.live and st.button(
            _("Delete…"), icon=":material/delete:", help=_("Delete the study with all its trials.")
        ):
            confirm_delete(study)
        if (
            len(feed.best) == 1
            and len(study.spec.objectives) == 1
            and st.button(
                _("Promote the best"),
                type="primary",
                icon=":material/workspace_premium:",
                help=_(
                    "Train a full run with the values of the best trial. At its end the test split judges it, once."
                ),
            )
        ):
            promote_trial(study, feed.best[0].number)


def ask(change: Callable[[], object], *, starts: bool = False) -> None:
    """Do it and draw the page anew; a sentence where the store refuses. `starts`: somebody must be there to train."""
    try:
        change()
        if starts:
            lab.start_executor()
    except TrainyardError as error:
        st.toast(said(error), icon=":material/error:", duration="long")
        return
    st.rerun()


def promote_trial(study: Study, number: int) -> None:
    """Queue an ordinary run with the values of a trial, and go to its page."""
    with lab.guarded():
        run = promote(lab.store(), study, number, study.owner)
        lab.start_executor()
        st.switch_page(page("run"), query_params={"run": str(run.id)})


def confirm_delete(study: Study) -> None:
    """Ask before a study is deleted."""

    @st.dialog(_("Delete?"))
    def question() -> None:
        st.write(
            _(
                "Study {id} is deleted with all runs of its trials. Runs that were promoted stay. This cannot be undone."
            ).format(id=study.id)
        )
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(_("Keep"), help=_("Close this and change nothing.")):
                st.rerun()
            st.button(
                _("Delete for good"),
                type="primary",
                key="study-deleted",
                help=_("There is no way back."),
                on_click=_delete,
                args=(study.id,),
            )
        if st.session_state.get("study-deleted"):
            st.rerun()

    question()


def _delete(study_id: int) -> None:
    try:
        delete_study(lab.store(), study_id)
    except TrainyardError as error:
        st.toast(said(error), icon=":material/error:", duration="long")


# -- steering ----------------------------------------------------------------------------------------------------------


def draw_steering(study: Study, fields: dict[str, Field]) -> None:
    """Values of one's own, narrower ranges, other numbers: for a study that may still begin trials, or may be resumed."""
    with st.container(horizontal=True):
        if study.live:
            with st.popover(_("Try values of mine"), icon=":material/lightbulb:", help=_("A trial with your guess.")):
                _draw_guess(study, fields)
        if study.spec.search.sampler != "grid" and any(isinstance(d, Range) for d in study.spec.space.values()):
            with st.popover(_("Narrow a range"), icon=":material/compress:", help=_("From the next trial on.")):
                _draw_narrowing(study, fields)
        with st.popover(
            _("Numbers and pace"), icon=":material/speed:", help=_("More trials, more at a time, a budget.")
        ):
            _draw_numbers(study)


def _draw_guess(study: Study, fields: dict[str, Field]) -> None:
    with st.form(key=f"guess-{study.id}", border=False):
        st.caption(_("Tried next, before the sampler chooses again. What you leave empty the sampler chooses."))
        given = {name: _guess_input(study, fields[name]) for name in study.spec.space if name in fields}
        if st.form_submit_button(_("Try them"), icon=":material/add:", help=_("Add this trial.")):
            wanted = {name: value for name, value in given.items() if value is not None}
            if not wanted:
                st.warning(_("Give at least one value."), icon=":material/info:")
            else:
                ask(lambda: lab.store().studies.guess(study.id, wanted))


def _guess_input(study: Study, field: Field) -> Any:
    domain, key = study.spec.space[field.name], f"guess-{study.id}.{field.name}"
    common: dict[str, Any] = {"label": _(field.label), "key": key, "help": _(field.help) or None}
    match domain:
        case Choices(options):
            return st.selectbox(
                options=list(options),
                index=None,
                format_func=value_text,
                placeholder=_("The sampler chooses"),
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
        help=_("Choices cannot be narrowed while a study goes on, numbers can."),
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
                key=f"narrow-{study.id}.{name}.{end}.{value}",  # anew when somebody else has narrowed it
                help=_("Within {range}.").format(range=domain_text(domain)),
            )
        )
    if st.button(_("Narrow"), icon=":material/compress:", help=_("Later trials stay within these two.")):
        ask(lambda: lab.store().studies.steer(study.id, lambda spec: spec.narrowed(name, Range(*ends))))


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
        if st.form_submit_button(_("Change"), icon=":material/check:", help=_("From now on.")):
            changed = {name: value for name, value in given.items() if value != getattr(search, name)}
            wakes = study.state is StudyState.COMPLETED
            ask(lambda: lab.store().studies.steer(study.id, lambda spec: with_search(spec, changed)), starts=wakes)


def with_search(spec: StudySpec, changed: dict[str, Any]) -> StudySpec:
    """The same study with some other numbers."""
    return replace(spec, search=Search.parse(spec.search.model_dump() | changed))


# -- one trial ---------------------------------------------------------------------------------------------------------


def draw_trial_actions(study: Study, trial: Trial | None) -> None:
    """Buttons for the trial that is selected in the table."""
    live = trial is not None and trial.live
    with st.container(horizontal=True, vertical_alignment="center"):
        if (
            st.button(
                _("Open its run"),
                icon=":material/show_chart:",
                disabled=trial is None,
                help=_("Its page, with all curves."),
            )
            and trial
        ):
            st.switch_page(page("run"), query_params={"run": str(trial.run.id)})
        if (
            st.button(
                _("Stop this trial"),
                icon=":material/stop:",
                disabled=trial is None or trial.state.final or bool(trial.run.request),
                help=_("End it; the study goes on with the next one."),
            )
            and trial
        ):
            ask(lambda: lab.store().studies.end_trial_run(trial.run, RunState.STOPPED))
        if (
            st.button(
                _("Boost"),
                icon=":material/rocket_launch:",
                disabled=not live or bool(trial and trial.number in study.boosted),
                help=_("Let it train to its end whatever the pruner says, and before all others that wait."),
            )
            and trial
        ):
            ask(lambda: lab.store().studies.boost(study.id, trial.number))
        if (
            st.button(
                _("Promote"),
                icon=":material/workspace_premium:",
                disabled=trial is None or not any(run.best for run in trial.runs),
                help=_("Train a full run with its values. At its end the test split judges it, once."),
            )
            and trial
        ):
            promote_trial(study, trial.number)
        if trial is None:
            st.caption(_("Select a row to open, stop, boost or promote a trial."), width="content")
