"""Try a trained network: give it an input and see what it makes of it."""

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import Run, RunState
from ui import lab
from ui.language import _
from ui.modalities import File, Modality, modality
from ui.navigation import page
from ui.results import draw_results
from ui.run_actions import can_be_tried
from ui.run_words import best_text, is_run_id, local_time, title_of

MOST_RUNS = 200
"""The newest runs that can be chosen; an older one is reached from its own page."""
_WITH_MODEL = (RunState.COMPLETED, RunState.STOPPED, RunState.PRUNED)


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
        st.error(str(error), icon=":material/error:")
        return

    @st.fragment
    def demo() -> None:
        left, right = st.columns(2, gap="large")
        with left:
            files = kind.ask(run, spec.dataset)
        with right, lab.guarded():
            _predict(run, kind, spec.task.prediction, files)

    demo()


def _predict(run: Run, kind: Modality, prediction: str, files: list[File]) -> None:
    if not files:
        st.caption(_("The prediction appears here as soon as there is an input."))
        return
    if len(files) == 1:
        kind.show(files[0])
    with st.spinner(_("Asking the network… The first time after a while takes some seconds.")):
        results = lab.predictor().predict(run.id, files)
    draw_results(prediction, results, kind.cells(files))


def _choose_run() -> Run | None:
    """The run that the address names or the newest with a model; None when there is nothing to choose."""
    runs = {run.id: run for run in lab.store().list_runs(states=_WITH_MODEL, limit=MOST_RUNS) if can_be_tried(run)}
    asked = st.query_params.get("run", "")
    wanted = int(asked) if is_run_id(asked) else 0
    if asked and wanted not in runs:
        runs |= _asked_run(wanted)
    if not runs:
        st.info(
            _("No run has left a model yet. Train one first; when it has completed or was stopped, try it here."),
            icon=":material/info:",
        )
        st.page_link(page("train"), label=_("Train a network"), icon=":material/model_training:",
                     help=_("The form that starts a run."))  # fmt: skip
        return None
    chosen = st.selectbox(
        _("Run"),
        list(runs),
        index=list(runs).index(wanted) if wanted in runs else 0,
        format_func=lambda run_id: _title(runs[run_id]),
        key="demo_run",
        help=_("Completed and stopped runs that have a model, the newest first."),
    )
    if asked != str(chosen):
        st.query_params["run"] = str(chosen)
    return runs[chosen]


def _asked_run(run_id: int) -> dict[int, Run]:
    """The run of the address when it is not among the newest, or nothing and a sentence that says why."""
    try:
        run = lab.store().get_run(run_id)
    except TrainyardError as error:
        st.warning(str(error), icon=":material/warning:")
        return {}
    if can_be_tried(run):
        return {run.id: run}
    why = (
        _("Run {id} is still training; stop it or wait until it has ended to try it.")
        if run.live
        else _("Run {id} left no model. Choose another, or resume it.")
    )
    st.warning(why.format(id=run.id), icon=":material/warning:")
    return {}


def _title(run: Run) -> str:
    return f"{run.id} · {title_of(run, 'model')} · {title_of(run, 'dataset')} · {best_text(run)} · {local_time(run.created_at)}"


main()
