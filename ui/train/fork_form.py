"""The Train form when it is to fork a run: what must stay is locked, the rest can be changed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from engine import service
from engine.access import Actor
from engine.errors import TrainyardError
from engine.forks import changeable_fields, check_fork, check_kept, spec_at
from engine.runs import Run, RunSpec, is_run_id
from engine.service.commands import fork_command, write_value
from ui.address import writing
from ui.language import _
from ui.navigation import page
from ui.sentences import said
from ui.train.form import FORK, FORK_EPOCH, Form, drop, form_params, give_up

_KEPT_PARTS = ("task", "dataset", "model", "optimizer")


@dataclass(frozen=True)
class Fork:
    """From which run and from the end of which epoch (from 1) the new one goes on."""

    parent: Run
    epoch: int

    def problem(self, spec: RunSpec) -> str:
        """Why the epoch cannot be forked, or not with these values; empty where it can."""
        try:
            check_fork(self.parent.parsed(), spec, self.epoch)
            check_kept(self.parent, self.epoch)
        except TrainyardError as error:
            return said(error)
        return ""

    def command(self, spec: RunSpec) -> list[str]:
        """The same as arguments of the terminal command."""
        return fork_command(self.parent, self.epoch, spec)

    def reset(self) -> None:
        """Back to the values of the parent: the defaults of a form need not fit it."""
        with writing():
            drop(form_params())
            st.query_params.update(fork_query(self.parent, self.epoch))

    def lock(self, form: Form) -> Form:
        """The form with the parts and fields that must stay."""
        changeable = {name for names in changeable_fields(self.parent.parsed()).values() for name in names}
        fixed = {field.name for part in form.parts.values() for field in part.fields()} - changeable
        schedule = {field.name for field in form.parts["schedule"].fields()}  # another one may be chosen
        return replace(form, locked=frozenset({*_KEPT_PARTS, *fixed} - schedule))


def read_fork(actor: Actor, params: Mapping[str, str]) -> Fork | None:
    """The fork that an address asks for, or None. Raises `TrainyardError` for one that cannot be."""
    asked = params.get(FORK)
    if asked is None:
        return None
    epoch = params.get(FORK_EPOCH, "")
    if not is_run_id(asked) or not is_run_id(epoch) or int(epoch) < 1:
        raise TrainyardError(
            f"A fork of run {asked!r} at epoch {epoch!r} cannot be: both are whole numbers. Choose an epoch on the run's page."
        )
    parent = service.runs.get(actor, int(asked))
    parent.parsed()
    return Fork(parent, int(epoch))


def fork_query(parent: Run, epoch: int) -> dict[str, str]:
    """The address of the form that forks a run, filled with its values."""
    spec = spec_at(parent, epoch)
    values = spec.flat()
    if spec.training.epochs <= epoch:
        values["epochs"] = min(2 * epoch, 500)
    return {name: write_value(value) for name, value in values.items()} | {
        FORK: str(parent.id),
        FORK_EPOCH: str(epoch),
    }


def draw_fork(fork: Fork) -> None:
    """Draw what the new run continues from, and the way out."""
    st.info(
        _(
            "This continues from run {run} at the end of epoch {epoch}, with its weights and its "
            "optimizer state. Fields that must stay the same are locked; change the others."
        ).format(run=fork.parent.id, epoch=fork.epoch),
        icon=":material/fork_right:",
    )
    with st.container(horizontal=True):
        st.page_link(
            page("run"),
            label=_("Back to run {id}").format(id=fork.parent.id),
            icon=":material/arrow_back:",
            help=_("Its curves, where you can choose another epoch."),
            query_params={"run": str(fork.parent.id)},
        )
        st.button(
            _("Start a new run"),
            icon=":material/restart_alt:",
            type="tertiary",
            key="no-fork",
            help=_("The same values in a new run with fresh weights."),
            on_click=give_up,
            args=((FORK, FORK_EPOCH),),
        )
