"""Actions on runs: stop, cancel, resume, delete. Each writes a request into the store, nothing more."""

from collections.abc import Callable, Iterable

import streamlit as st

from engine import service
from engine.access import Action
from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.settings import settings
from ui import lab
from ui.language import _, plural
from ui.modalities import modality
from ui.modalities.ways import WAY_PARAM, made_way
from ui.navigation import page
from ui.rights import may
from ui.sentences import said
from ui.words import resumable

_TRY_IT = "try-it"  # while a run trains and when it has ended: a click in between is not lost


def draw_actions(run: Run, *, seeds: bool = True) -> None:
    """The buttons that suit the run's state, beside its title; without `seeds` not the one that the headline has, too."""
    if may(Action.CHANGE, run):
        _draw_requests(run)
    if not may(Action.USE, run):
        return
    if (
        seeds and not run.live and run.parent_id is None
    ):  # one that trains has enough buttons; a fork would not start from the beginning
        _seeds_button(run)
    if not run.state.final:  # of an ended run the headline has it
        draw_try_it(run)


def draw_try_it(run: Run) -> None:
    """A button that leads to the demo, where an input of one's own can be made at once; nothing for a run without a model."""
    if can_be_tried(run) and st.button(
        _("Try it"),
        key=_TRY_IT,
        type="primary",
        icon=":material/draw:",
        help=_("Give the trained model an input of your own."),
    ):
        st.switch_page(page("demo"), query_params={"run": str(run.id)} | _way_of(run))


def _way_of(run: Run) -> dict[str, str]:
    """Return the way in which an input of one's own is given, for the address; nothing where that is not known."""
    try:
        spec = run.parsed()
        return {WAY_PARAM: made_way(modality(spec.task.modality).ways(spec.dataset))}
    except TrainyardError:  # the demo says why
        return {}


def _draw_requests(run: Run) -> None:
    """Pause, stop, cancel, resume, evaluate."""
    if run.live and run.phase:
        _request_button(
            run,
            _("Stop"),
            ":material/stop:",
            _("End the evaluation; the model is kept, and the run can be resumed."),
            stop,
        )
    elif run.live:
        _request_button(
            run,
            _("Pause"),
            ":material/pause:",
            _("Free the device within a second; the run keeps its place in the queue until it is resumed."),
            pause,
        )
        _request_button(
            run,
            _("Stop"),
            ":material/stop:",
            _("End within a second and keep the model; the run can be resumed later."),
            stop,
        )
        if st.button(
            _("Cancel…"),
            icon=":material/block:",
            help=_("End the run and keep no result."),
            disabled=run.request == RunState.CANCELED,
        ):
            confirm_cancel([run.id])
    if resumable(run) and st.button(
        _("Resume"),
        icon=":material/play_arrow:",
        help=_("Continue from the last checkpoint: the same run, the same weights."),
    ):
        apply([run.id], resume)
        st.rerun()
    if can_be_evaluated(run) and st.button(
        _("Evaluate"),
        icon=":material/fact_check:",
        help=_("Evaluate the kept model on the validation and the test split; it is not trained further."),
    ):
        apply([run.id], evaluate)
        st.rerun()


def _request_button(run: Run, label: str, icon: str, words: str, action: Callable[[int], None]) -> None:
    """A button that writes a request, while there is none."""
    if st.button(label, icon=icon, disabled=bool(run.request), help=words):
        apply([run.id], action)
        st.rerun()


def _seeds_button(run: Run) -> None:
    count = settings().repeated_seeds
    if st.button(
        plural("Train with {count} other seed", "Train with {count} other seeds", count).format(count=count),
        icon=":material/casino:",
        help=_("Queue the same run with other seeds: together they show how much of its result is due to chance."),
    ):
        with lab.guarded():
            made = lab.reseed(run, count)
            st.toast(
                _("Queued with other seeds: runs {ids}.").format(ids=", ".join(str(new.id) for new in made)),
                icon=":material/casino:",
            )
            st.rerun()


def can_be_tried(run: Run) -> bool:
    """Whether it has left a model, or has not ended and has a checkpoint."""
    files = service.artifacts.files(lab.actor(), run)
    if not run.state.final:
        return files.has_checkpoint or files.has_model
    return run.state in (RunState.COMPLETED, RunState.STOPPED, RunState.PRUNED) and files.has_model


def can_be_evaluated(run: Run) -> bool:
    """Whether it was stopped and has a model that was not evaluated."""
    if run.state is not RunState.STOPPED or run.study_id is not None:
        return False
    files = service.artifacts.files(lab.actor(), run)
    return files.has_model and files.has_checkpoint and not files.evaluation.is_file()


def evaluate(run_id: int) -> None:
    """Queue the evaluation of a stopped run."""
    service.runs.evaluate(lab.actor(), run_id)
    lab.start_executor()


def stop(run_id: int) -> None:
    """Ask a run to end with a model."""
    service.runs.stop(lab.actor(), run_id)


def pause(run_id: int) -> None:
    """Ask a run to free its device and go on later."""
    service.runs.pause(lab.actor(), run_id)


def cancel(run_id: int) -> None:
    """Ask a run to end without a result."""
    service.runs.cancel(lab.actor(), run_id)


def resume(run_id: int) -> None:
    """Put an ended run back into the queue."""
    service.runs.resume(lab.actor(), run_id)
    lab.start_executor()


def delete(run_id: int) -> None:
    """Forget an ended run and its folder."""
    service.runs.delete(lab.actor(), run_id)


def apply(run_ids: Iterable[int], action: Callable[[int], None]) -> None:
    """Do it to each run; what a run refuses is said in a toast and does not keep the others from it."""
    for run_id in run_ids:
        try:
            action(run_id)
        except TrainyardError as error:
            st.toast(said(error), icon=":material/error:", duration="long")


def confirm_cancel(run_ids: list[int]) -> None:
    """Ask before results are thrown away."""
    _confirm(
        _("Cancel?"),
        plural(
            "Run {ids} ends without a model. To keep its model, stop it instead.",
            "Runs {ids} end without a model. To keep their models, stop them instead.",
            len(run_ids),
        ),
        _("Cancel the training"),
        run_ids,
        cancel,
    )


def confirm_delete(run_ids: list[int]) -> None:
    """Ask before runs are deleted."""
    _confirm(
        _("Delete?"),
        plural(
            "Run {ids} is deleted with its model, log and curves. This cannot be undone.",
            "Runs {ids} are deleted with their models, logs and curves. This cannot be undone.",
            len(run_ids),
        ),
        _("Delete for good"),
        run_ids,
        delete,
    )


def _confirm(title: str, question: str, yes: str, run_ids: list[int], action: Callable[[int], None]) -> None:
    @st.dialog(title)
    def ask() -> None:
        shown = ", ".join(map(str, run_ids[:12])) + ("…" if len(run_ids) > 12 else "")
        st.write(question.format(ids=shown))
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(_("Keep"), help=_("Close without changes.")):
                st.rerun()
            st.button(
                yes,
                type="primary",
                key="confirmed",
                help=_("This cannot be undone."),
                on_click=apply,
                args=(run_ids, action),
            )
        if st.session_state.get("confirmed"):
            st.rerun()

    ask()
