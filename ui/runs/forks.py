"""Forking on a run's page: choose a kept epoch, by hand or on the curve, and open the form that goes on from it."""

import streamlit as st

from engine import service
from engine.access import Action
from engine.errors import TrainyardError
from engine.forks import check_kept
from engine.models.base import DESCENT
from engine.runs import Run, RunState
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.rights import may
from ui.sentences import said
from ui.train.fork_form import fork_query
from ui.words import headline_of, metric_text, metric_word

_ASKED = "fork-asked"


def draw_fork_button(run: Run) -> None:
    """Fork…, for a run that keeps epochs, or will: a page that is open is not drawn again when the first one ends."""
    if (
        run.study_id is None
        and run.fits == DESCENT
        and may(Action.USE, run)
        and (run.state is RunState.RUNNING or service.artifacts.epochs(lab.actor(), run))
        and st.button(
            _("Fork…"),
            icon=":material/fork_right:",
            help=_(
                "Continue from one of its epochs with other values, as a new run. You can also click "
                "the curve to choose the epoch."
            ),
        )
    ):
        _ask(run, run.epoch)


def ask_to_fork(run: Run, epoch: int) -> None:
    """Somebody has clicked an epoch on a curve: the page asks what to do, at its next run."""
    st.session_state[_ASKED] = (run.id, epoch)
    st.rerun()


def answer_asked(run: Run) -> None:
    """Open the dialog that a click asked for: one inside a fragment would be closed by its next tick."""
    asked, epoch = st.session_state.pop(_ASKED, (0, 0))
    if asked == run.id:
        _ask(run, epoch)


def nearest(epochs: list[int], wanted: int) -> int:
    """The kept epoch that is closest to the one that somebody pointed at; of two, the later."""
    return min(epochs, key=lambda epoch: (abs(epoch - wanted), -epoch))


def _ask(run: Run, wanted: int) -> None:
    epochs = service.artifacts.epochs(lab.actor(), run)
    try:
        check_kept(run, nearest(epochs, wanted) if epochs else wanted)
    except TrainyardError as error:
        st.toast(said(error), icon=":material/info:", duration="long")
        return
    best = int(run.best.get("epoch", 0))
    history = service.metrics.history(lab.actor(), run).get(headline_of(run), [])

    @st.dialog(_("Fork run {id}").format(id=run.id))
    def ask() -> None:
        st.write(
            _("The new run starts with the weights of that moment and continues with the values that you choose next.")
        )
        epoch = st.selectbox(
            _("Continue from the end of"),
            epochs,
            index=epochs.index(nearest(epochs, wanted)),
            format_func=lambda number: _epoch_text(run, number, best, history),
            help=_(
                "Short epochs share a checkpoint, and long runs keep only some epochs; the newest "
                "and the best are always kept."
            ),
        )
        if st.button(
            _("Choose values"),
            type="primary",
            icon=":material/tune:",
            help=_("The Train form filled with the values of this run, to change some and continue training."),
        ):
            try:
                st.switch_page(page("train"), query_params=fork_query(run, epoch))
            except TrainyardError as error:
                st.error(said(error), icon=":material/error:")

    ask()


def _epoch_text(run: Run, epoch: int, best: int, history: list[float | None]) -> str:
    words = _("epoch {epoch}").format(epoch=epoch)
    first = (run.parent_epoch or 0) + 1
    value = history[epoch - first] if 0 <= epoch - first < len(history) else None
    if value is not None:
        metric = metric_word(headline_of(run).removeprefix("val_"))
        words += " · " + _("validation {metric} {value}").format(
            metric=metric, value=metric_text(headline_of(run), value)
        )
    return words + (" · " + _("the best") if epoch == best else "")
