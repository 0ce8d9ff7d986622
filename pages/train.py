"""Train: choose data and a network, see what that means, and start a run."""

import shlex

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.service.commands import train_command
from ui import lab
from ui.charts.strips import schedule_curve
from ui.data.summary import draw_facts
from ui.language import _
from ui.navigation import page
from ui.sentences import said
from ui.theme import theme_name
from ui.train.cost import draw_cost
from ui.train.data import draw_data
from ui.train.fork_form import Fork, draw_fork, read_fork
from ui.train.form import Form, read_form, remember_form, reset_form
from ui.train.network import draw_network, draw_pipeline, draw_preview
from ui.train.widgets import draw_fields, draw_part, draw_task, has_advanced
from ui.widgets.sticky import sticky

_HEAD = "4.9rem"  # title and costs, which come last: nothing moves when they do
_WIDTHS = [2, 3]  # what is chosen on the left, what it means on the right


def main() -> None:
    """Draw the form that the address describes."""
    remember_form()
    form = read_form(st.query_params.to_dict())
    head = sticky("launch", least=_HEAD)
    warned = st.container()
    for note in form.notes:
        st.warning(note, icon=":material/link_off:")
    try:
        spec = form.spec()
        fork = read_fork(lab.actor(), st.query_params.to_dict())
    except TrainyardError as error:
        st.error(said(error), icon=":material/error:")
        return
    if fork is not None:
        form = fork.lock(form)
        draw_fork(fork)
    draw_task(form)
    flow = st.container()
    available = draw_dataset(form, spec)
    network = draw_model(form)
    draw_training(form, spec)
    draw_augmentation(form)
    terminal = st.expander(_("The same from a terminal"), icon=":material/terminal:", key="terminal", on_change="rerun")
    if terminal.open:  # what colours a code is as large as all the rest of the page
        terminal.code(shlex.join(fork.command(spec) if fork else train_command(spec)), language="bash", wrap_lines=True)
    with head:
        draw_launch(spec, available, fork)
        costs = st.container()
    with network:
        picture = draw_network(form) if available else None
        if not available:
            st.caption(_("The network diagram appears when the data is on this machine."))
    if available:
        with costs:
            draw_cost(spec, picture, warned)
    with flow:
        draw_pipeline(spec, picture)


def draw_launch(spec: RunSpec, available: bool, fork: Fork | None) -> None:
    """The title and the one button that matters; it stays in sight."""
    problem = fork.problem(spec) if fork is not None else ""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(_("Train"), width="content")
        with st.container(horizontal=True, width="content"):
            st.button(
                _("Reset"),
                key="reset",
                type="tertiary",
                on_click=reset_form if fork is None else fork.reset,
                help=_("Back to the defaults") if fork is None else _("Back to the values of the parent"),
            )
            search = st.button(
                _("Search…"),
                key="search",
                icon=":material/query_stats:",
                disabled=fork is not None,
                help=_("Search for the best values of some hyperparameters instead."),
            )
            pressed = st.button(
                _("Train"),
                key="train",
                type="primary",
                icon=":material/play_arrow:",
                disabled=not available or bool(problem),
            )
    if problem:
        st.error(problem, icon=":material/error:")
    if search:
        st.switch_page(page("search"), query_params=st.query_params.to_dict())
    if pressed:
        with lab.guarded():
            run = lab.launch(spec) if fork is None else lab.fork(fork.parent.id, fork.epoch, spec)
            st.switch_page(page("run"), query_params={"run": str(run.id)})


def draw_dataset(form: Form, spec: RunSpec) -> bool:
    """Draw the choice of data. True when it is on this machine."""
    choice, look = st.container(border=True).columns(_WIDTHS, gap="large")
    with choice:
        st.subheader(_("Data"))
        draw_part(form, "dataset", _("Dataset"))
        draw_facts(type(spec.dataset))
        draw_fields(form, "dataset")
        draw_folded(form, "dataset")
    with look, lab.guarded():
        return draw_data(spec.dataset) is not None
    return False


def draw_model(form: Form) -> "st.delta_generator.DeltaGenerator":
    """Draw the choice of network. Return the place for its diagram, which is drawn last."""
    choice, picture = st.container(border=True).columns(_WIDTHS, gap="large")
    with choice:
        st.subheader(_("Network"))
        draw_part(form, "model", _("Model"))
        st.caption(_(form.parts["model"].summary()))
        if (advice := form.advice) and advice.model == form.names["model"]:
            st.caption(said(advice.why))
        draw_fields(form, "model")
        draw_folded(form, "model")
    return picture


def draw_training(form: Form, spec: RunSpec) -> None:
    """Draw the choice of training, with the learning rate over the run."""
    choice, more = st.container(border=True).columns(_WIDTHS, gap="large")
    with choice:
        st.subheader(_("Training"))
        draw_fields(form, "training")
        draw_folded(form, "training", "task", "optimizer", "schedule")
    with more:
        draw_part(form, "optimizer", _("Optimizer"))
        st.caption(_(form.parts["optimizer"].summary()))
        draw_fields(form, "optimizer")
        draw_part(form, "schedule", _("Learning rate schedule"))
        st.caption(_(form.parts["schedule"].summary()))
        draw_fields(form, "schedule")
        if not spec.schedule.reacts:
            st.html(schedule_curve(spec.schedule, spec.optimizer.learning_rate, theme_name()))


def draw_augmentation(form: Form) -> None:
    """Random changes to training examples, with a preview."""
    if "augmentation" not in form.parts:
        return
    choice, look = st.container(border=True).columns(_WIDTHS, gap="large")
    with choice:
        st.subheader(_("Augmentation"))
        st.caption(_(form.parts["augmentation"].summary()))
        draw_fields(form, "augmentation")
    with look:
        draw_preview(form)


def draw_folded(form: Form, *sections: str) -> None:
    """Fields that a beginner can leave alone."""
    if has_advanced(form, *sections):
        with st.expander(_("More settings"), icon=":material/tune:"):
            for section in sections:
                draw_fields(form, section, advanced=True)


main()
