"""Try a trained network: give it an input and see what it makes of it."""

import streamlit as st

from engine import service
from engine.access import Action
from engine.errors import TrainyardError
from engine.runs import Run, RunState, is_run_id
from ui import lab
from ui.demo.answering import read_answering
from ui.demo.batch import draw_batch
from ui.demo.knowledge import draw_knowledge
from ui.demo.tried import TriedRun
from ui.demo.trying import draw_trying
from ui.language import _
from ui.limits import draw_limits_popover
from ui.modalities import modality
from ui.navigation import page, shown
from ui.plain import LONGEST_CAPTION, plain_text
from ui.rights import may
from ui.runs.actions import can_be_tried
from ui.sentences import said
from ui.words import best_text, dataset_of, local_time, state_text, title_of

MOST_RUNS = 200
"""The newest runs that can be chosen; an older one is reached from its own page."""
_WITH_MODEL = tuple(state for state in RunState if state not in (RunState.CANCELED, RunState.FAILED))


def main() -> None:
    """Choose a run, then give inputs."""
    st.title(_("Demo"))
    run = _choose_run()
    if run is None:
        return
    try:
        spec = run.parsed()
        kind = modality(spec.task.modality)
    except TrainyardError as error:
        st.error(said(error), icon=":material/error:")
        return

    tried = TriedRun(run)

    st.fragment(draw_trying)(tried, kind, spec)
    draw_limits_popover(str(run.id), f"run-{run.id}")
    draw_knowledge(tried, spec)
    settings = read_answering(spec.task.answering)
    if not settings.unusable:
        draw_batch(run, spec.task.modality, spec.task.prediction, settings.changed)


def _choose_run() -> Run | None:
    """The run that the address names or the newest with a model; None when there is nothing to choose."""
    runs = {
        run.id: run
        for run in service.runs.list_all(lab.actor(), states=_WITH_MODEL, trials=False, limit=MOST_RUNS)
        if may(Action.USE, run) and can_be_tried(run)
    }
    asked = st.query_params.get("run", "")
    wanted = int(asked) if is_run_id(asked) else 0
    if asked and wanted not in runs:
        runs |= _asked_run(wanted)
    if not runs:
        _draw_nothing()
        return None
    chosen = st.selectbox(
        _("Run"),
        list(runs),
        index=list(runs).index(wanted) if wanted in runs else 0,
        format_func=lambda run_id: plain_text(_title(runs[run_id]), LONGEST_CAPTION),
        key="demo_run",
        help=_("Runs with a model, and running ones that have completed an epoch; newest first."),
    )
    if asked != str(chosen):
        st.query_params["run"] = str(chosen)
    return runs[chosen]


def _draw_nothing() -> None:
    if not shown("train"):
        st.info(_("Nothing is published here yet. Log in to train a network yourself."), icon=":material/info:")
        return
    st.info(
        _(
            "There are no trained models yet. Train a network first; you can try it here once it "
            "has completed or was stopped."
        ),
        icon=":material/info:",
    )
    st.page_link(page("train"), label=_("Train a network"), icon=":material/model_training:",
                 help=_("The form that starts a run."))  # fmt: skip


def _asked_run(run_id: int) -> dict[int, Run]:
    """The run of the address when it is not among the newest, or nothing and a sentence that says why."""
    try:
        run = service.runs.get(lab.actor(), run_id)
    except TrainyardError as error:
        st.warning(said(error), icon=":material/warning:")
        return {}
    if not may(Action.USE, run):
        st.warning(_("Its owner has not published it: it can be looked at, and not be used."), icon=":material/lock:")
        return {}
    if can_be_tried(run):
        return {run.id: run}
    why = (
        _("Run {id} does not have a model yet: you can try it once its first epoch has ended.")
        if not run.state.final
        else _("Run {id} did not leave a model. Choose another run, or resume it.")
    )
    st.warning(why.format(id=run.id), icon=":material/warning:")
    return {}


def _title(run: Run) -> str:
    known = [str(run.id), run.name] if run.name else [str(run.id)]
    facts = [*known, title_of(run, "model"), dataset_of(run), best_text(run), local_time(run.created_at)]
    return " · ".join([*facts, state_text(run.state)] if not run.state.final else facts)


main()
