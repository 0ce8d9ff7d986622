"""Publish: a run becomes a demo, or the next version of one."""

import re

import streamlit as st

from engine import service
from engine.access import Action
from engine.imports.own_kinds import kind_of_dataset
from engine.runs import Run
from engine.settings import settings
from ui import lab
from ui.framed import DEMO
from ui.language import _
from ui.navigation import page
from ui.plain import plain_label
from ui.rights import may
from ui.runs.actions import can_be_tried

_NEW = ""


def draw_publish(run: Run) -> None:
    """Draw the popover for the owner of an ended run with a model. Until it is opened, nothing is asked of the database."""
    if not run.state.final or not may(Action.CHANGE, run) or not can_be_tried(run):
        return
    area = st.popover(
        _("Publish"),
        icon=":material/storefront:",
        key=f"publish-{run.id}",
        on_change="rerun",
        help=_("Let others try this network under a name of your choice, without showing them the run."),
    )
    if area.open:
        with area:
            _draw_links(run)
            _draw_form(run)


def _draw_links(run: Run) -> None:
    for demo in service.demos.of_run(lab.actor(), run):
        st.page_link(
            page("demos"),
            label=plain_label(demo.title or demo.name),
            icon=":material/storefront:",
            query_params={DEMO: demo.name},
            help=_("A demo in which this run answers."),
        )


def _draw_form(run: Run) -> None:
    actor, task = lab.actor(), run.spec["task"]["name"]
    mine = [
        demo
        for demo in service.demos.list_all(actor)
        if may(Action.CHANGE, demo) and demo.versions[demo.current].spec["task"]["name"] == task
    ]
    titles = {_NEW: _("A new demo")} | {demo.name: demo.title or demo.name for demo in mine}
    chosen = st.selectbox(
        _("Demo"),
        list(titles),
        format_func=lambda name: titles[name],
        key=f"publish-demo-{run.id}",
        help=_("A new demo, or the next version of one."),
    )
    with st.form(key=f"publish-form-{run.id}", border=False):
        name, title, note, current = chosen, None, "", True
        if chosen == _NEW:
            name = st.text_input(
                _("Name in its address"),
                value=_suggested(run),
                key=f"publish-name-{run.id}",
                help=_("Small letters, digits and hyphens. It cannot be changed later."),
            )
            title = st.text_input(
                _("Title"),
                value=run.name,
                max_chars=settings().max_name_characters,
                key=f"publish-title-{run.id}",
                help=_("What visitors read at the top."),
            )
        else:
            note = st.text_input(
                _("What is new"), key=f"publish-note-{run.id}", help=_("Stands on the model card of this version.")
            )
            current = st.checkbox(
                _("Visitors get it at once"),
                value=True,
                key=f"publish-current-{run.id}",
                help=_(
                    "Otherwise it answers only where its number or label is asked for, until you make it the current one."
                ),
            )
        examples = st.checkbox(
            _("Show examples of the data"),
            value=kind_of_dataset(run.spec["dataset"]["name"]) is None,
            key=f"publish-examples-{run.id}",
            help=_("A few examples of the test split, one click away. Everybody sees them."),
        )
        st.caption(_("Everybody who reaches this server can use the demo. The run itself stays as visible as it is."))
        if st.form_submit_button(_("Publish"), type="primary", icon=":material/storefront:",
                                 help=_("The model is loaded first, so that nobody waits for it.")):  # fmt: skip
            with lab.guarded():
                with st.spinner(_("Loading the model…")):
                    made = service.demos.publish(
                        actor,
                        run.id,
                        name,
                        service.demos.Changes(title=title),
                        examples=examples,
                        note=note,
                        current=current,
                        warm=lambda run_id: lab.predictor().predict(run_id, []),
                    )
                st.switch_page(page("demos"), query_params={DEMO: made.name})


def _suggested(run: Run) -> str:
    """Return a name made of what people call the run, or of its data."""
    words = re.findall(r"[a-z0-9]+", (run.name or run.spec["dataset"]["name"]).lower())
    return "-".join(words).lstrip("0123456789-")[:40].rstrip("-") or "demo"
