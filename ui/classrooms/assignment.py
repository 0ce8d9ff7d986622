"""One assignment: what is to be trained, handing in a run, what one has handed in, and the leaderboard."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from engine import service
from engine.comparing.words import level_text, value_text
from engine.models.base import models
from engine.readers.spreadsheets import plain_cell
from engine.runs import Run
from engine.service.submissions import Row
from ui import lab
from ui.classrooms.words import data_text, form_query, task_text
from ui.language import N_, _, plural
from ui.navigation import page
from ui.plain import plain_label
from ui.sentences import said
from ui.words import is_share, local_time, metric_label, title_of

if TYPE_CHECKING:
    from engine.store.classrooms import Assignment, Classroom
    from engine.store.submissions import Submission


_EVERY = "2s"
_STATES = {
    "waiting": N_("waits to be scored"),
    "scoring": N_("is being scored"),
    "scored": N_("scored"),
    "failed": N_("not scored"),
}
_SHOWN_SENT = 5


def draw_assignment(room: "Classroom", one: "Assignment") -> None:
    """Draw it. While something of one's own waits to be scored, its leaderboard is looked up again and again."""
    with st.container(border=True):
        st.header(plain_label(one.title), anchor=False)
        facts = [task_text(one), data_text(one)]
        if one.models:
            facts.append(
                ", ".join(_(models[name].title) if name in models else plain_label(name) for name in one.models)
            )
        st.caption(" · ".join(facts))
        member = service.classrooms.me(lab.actor(), room.id) is not None
        if room.is_open:
            st.page_link(
                page("train"),
                label=_("Train for this assignment"),
                icon=":material/model_training:",
                query_params=form_query(one),
                help=_("Opens the Train page with this data, and the models that are allowed."),
            )
        if not one.hidden:
            st.caption(_("This is for practice: there is no leaderboard."))
            return
        if room.is_open and member:
            _draw_submit(room, one)
        waiting = any(sent.live for sent in service.submissions.mine(lab.actor(), one.id))
        st.fragment(_draw_scores, run_every=_EVERY if waiting else None)(one)


def _draw_submit(room: "Classroom", one: "Assignment") -> None:
    left = next(known.left for known in service.submissions.left(lab.actor(), room.id) if known.assignment.id == one.id)
    words = plural("{count} submission is left today.", "{count} submissions are left today.", left).format(count=left)
    found = {run.id: run for run in service.submissions.candidates(lab.actor(), one.id)}
    if not found:
        st.caption(_("No run of yours can be submitted now: train one for this assignment.") + " " + words)
        return
    with st.form(key=f"submit-{one.id}", border=False):
        chosen = st.selectbox(
            _("Run"), list(found), format_func=lambda number: _run_text(found[number]), key=f"submit-run-{one.id}",
            help=_("Your runs that have ended and fit this assignment, the newest first."),
        )  # fmt: skip
        st.caption(words)
        pressed = st.form_submit_button(
            _("Submit"), type="primary", icon=":material/upload:", disabled=not left,
            help=_("Its network answers the hidden examples, in the background. You see the score, and never the examples."),
        )  # fmt: skip
        if pressed and chosen is not None:
            with lab.guarded():
                service.submissions.submit(lab.actor(), one.id, chosen)
                st.rerun()


def _run_text(run: Run) -> str:
    named = f" · {plain_label(run.name)}" if run.name else ""
    return _("Run {number}").format(number=run.id) + f" · {title_of(run, 'model')}{named}"


def _draw_scores(one: "Assignment") -> None:
    with lab.guarded():
        sent = service.submissions.mine(lab.actor(), one.id)
        for submission in sent[:_SHOWN_SENT]:
            _draw_sent(submission, one.metric)
        rows = service.submissions.leaderboard(lab.actor(), one.id)
        _draw_board(one, rows)
        key = f"waits-{one.id}"
        waits = any(submission.live for submission in sent)
        if st.session_state.get(key) and not waits:
            st.session_state[key] = False
            st.rerun()  # the timer ends with what was waited for
        st.session_state[key] = waits


def _draw_sent(sent: "Submission", metric: str) -> None:
    words = [
        _("Run {number}").format(number=sent.run_id),
        local_time(datetime.fromtimestamp(sent.at, UTC)),
        _(_STATES[sent.state]),
    ]
    if metric in sent.scores:
        words.append(f"{metric_label(metric)} {value_text(metric, sent.scores[metric].value)}")
    st.caption(" · ".join(words))
    if sent.message:
        st.warning(said(sent.message), icon=":material/warning:")


def _draw_board(one: "Assignment", rows: list[Row]) -> None:
    if not rows:
        st.caption(_("Nobody has a score yet."))
        return
    st.caption(
        _(
            "Scored on {count:,} hidden examples; the best of each member counts. {level} intervals: members with overlapping "
            "intervals are not clearly ranked."
        ).format(count=max(row.examples for row in rows), level=level_text())
    )
    number = st.column_config.NumberColumn
    style = "percent" if is_share(one.metric) else "%.4g"
    st.dataframe(
        pd.DataFrame([_cells(row) for row in rows]).dropna(axis="columns", how="all"),
        hide_index=True,
        key=f"classroom-board-{one.id}",
        placeholder="–",
        alt=_("Members by their best score on the hidden examples, best first"),
        column_config={
            "place": number(_("Rank"), width="small"),
            "member": st.column_config.TextColumn(_("Member")),
            "value": number(metric_label(one.metric), format=style, help=_("On the hidden examples.")),
            "low": number(_("From"), format=style, help=_("Lower end of the interval.")),
            "high": number(_("To"), format=style, help=_("Upper end of the interval.")),
            "submissions": number(_("Submissions"), help=_("Runs of this member that have a score.")),
            "account": st.column_config.TextColumn(_("Account")),
            "run": st.column_config.LinkColumn(_("Run"), display_text=r"run=(\d+)", width="small"),
        },
    )


def _cells(row: Row) -> dict[str, object]:
    name = plain_cell(row.member) or _("A member")
    return {
        "place": row.place,
        "member": _("{name} (you)").format(name=name) if row.mine else name,
        "value": row.score.value,
        "low": row.score.low,
        "high": row.score.high,
        "submissions": row.submissions,
        "account": None if row.account is None else plain_cell(row.account),
        "run": None if row.run_id is None else f"{page('run').stem}?run={row.run_id}",
    }
