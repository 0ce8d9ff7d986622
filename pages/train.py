"""Train: choose data and a network, see what that means, and start a run."""

import shlex

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.service.commands import train_command
from ui import lab
from ui.language import _
from ui.sentences import said
from ui.train.assignment import for_assignment
from ui.train.cost import draw_cost, what_is_trained
from ui.train.data import draw_data
from ui.train.folds import draw_augmentation_fold, draw_data_fold, draw_network_fold, draw_training_fold
from ui.train.fork_form import Fork, draw_fork, read_fork
from ui.train.form import Form, read_form, remember_form
from ui.train.gallery import draw_gallery_button
from ui.train.launch import draw_launch
from ui.train.network import draw_network, picture_of
from ui.train.pretrained import draw_pretrained
from ui.train.watched import draw_watched_fold
from ui.train.widgets import draw_dataset, draw_fields, draw_part, draw_task
from ui.widgets.halves import halves
from ui.widgets.sticky import sticky

_HEAD = "4.9rem"  # title and costs, which come last: nothing moves when they do


def main() -> None:
    """Draw the form that the address describes."""
    remember_form()
    form = read_form(st.query_params.to_dict())
    head = sticky("launch", least=_HEAD)
    form = for_assignment(form, st.query_params.to_dict())
    warned = st.container()
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
    available = draw_essentials(form, spec)
    draw_data_fold(form, spec)
    network = draw_network_fold(form)
    draw_training_fold(form, spec)
    draw_augmentation_fold(form)
    draw_watched_fold(form, spec)
    draw_terminal(spec, fork)
    with head:
        draw_launch(form, spec, available, fork)
        costs = st.container()
    picture = None
    if available:
        with warned:
            picture = picture_of(form)
    if network is not None:
        with network:
            draw_network(spec, picture, available)
    if form.notes:
        return  # a cost would be that of other values
    with costs:
        if available:
            draw_cost(spec, picture, warned)
        else:
            st.caption(f"{what_is_trained(spec)} · " + _("files that it needs are not on this machine yet"))


def draw_essentials(form: Form, spec: RunSpec) -> bool:
    """Draw what a beginner needs, with a look at the data. True when all that is needed is on this machine."""
    choice, look = halves(st.container(border=True))
    with choice:
        draw_dataset(form)
        draw_fields(form, "dataset", essential=True)
        draw_gallery_button(form)
        draw_part(form, "model", _("Model"))
        st.caption(_(form.parts["model"].summary()))
        if (advice := form.advice) and advice.model == form.names["model"]:
            st.caption(said(advice.why))
        complete = draw_pretrained(spec.model)
        draw_fields(form, "model", essential=True)
        sections = [section for section in ("training", "optimizer") if section not in form.unused]
        for column, section in zip(st.columns(2), sections, strict=False):
            with column:
                draw_fields(form, section, essential=True)
    with look, lab.guarded():
        return draw_data(spec.dataset) is not None and complete
    return False


def draw_terminal(spec: RunSpec, fork: Fork | None) -> None:
    """The command that starts the same run."""
    terminal = st.expander(_("The same from a terminal"), icon=":material/terminal:", key="terminal", on_change="rerun")
    if terminal.open:  # what colours a code is as large as all the rest of the page
        terminal.code(shlex.join(fork.command(spec) if fork else train_command(spec)), language="bash", wrap_lines=True)


main()
