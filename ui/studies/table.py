"""The table of the trials of a study, and what can be asked of one of them."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.runs import RunState
from engine.search.trials import Trial, TrialReader
from engine.spec import Range
from engine.studies import QUALITY, Study
from ui.language import _, language
from ui.navigation import page
from ui.studies.feed import StudyFeed
from ui.studies.trial_actions import draw_trial_actions
from ui.studies.words import (
    objective_title,
)
from ui.words import choice_words, is_share, state_text

MOST_ROWS = 1_000
"""The newest trials that the table shows."""
MOST_BEST = 100
"""Most of the best that it shows beside them."""


def draw_trials(study: Study, feed: StudyFeed, reader: TrialReader) -> None:
    """The trials, the newest first, and what can be asked of one of them."""
    if not feed.trials:
        st.info(_("No trial has begun yet. The first one appears here in a moment."), icon=":material/hourglass_empty:")
        return
    above = st.container()
    shown = shown_trials(feed.trials, feed.best)
    names = hashlib.sha256(repr([trial.number for trial in shown]).encode()).hexdigest()[:12]
    kept = f"selected-trial-{study.id}"
    selected = st.session_state.get(kept)
    event = st.dataframe(
        feed.keep(("rows", language()), lambda: rows(shown, study), live=True),
        key=f"trials-{study.id}-{names}",  # Streamlit remembers a selection by its place
        hide_index=True,
        placeholder="–",
        height=min(520, 38 + 35 * len(shown)),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [i for i, t in enumerate(shown) if t.number == selected]}},
        alt=_("All trials with their values, state and run"),
        column_config=_columns(study, reader),
    )
    picked = [shown[i] for i in event["selection"]["rows"] if i < len(shown)]
    st.session_state[kept] = picked[0].number if picked else None
    with above:
        draw_trial_actions(study, picked[0] if picked else None)
    if len(feed.trials) > MOST_ROWS:
        st.caption(_("The newest {count:,} trials and the best are shown.").format(count=MOST_ROWS))


def shown_trials(trials: Sequence[Trial], best: Sequence[Trial]) -> list[Trial]:
    """Return the newest trials, the newest first, and after them those of the best that are older."""
    newest = trials[-MOST_ROWS:][::-1]
    older = [trial for trial in best if trial.number < newest[-1].number]
    return [*newest, *older[-MOST_BEST:]]


def rows(trials: Sequence[Trial], study: Study) -> pd.DataFrame:
    """One row a trial, plain values only. Built by columns, and words looked up once: there may be a thousand rows."""
    states = {state: state_text(state) for state in RunState}
    found: dict[str, list[Any]] = {
        "trial": [trial.number for trial in trials],
        "state": [states[trial.state] for trial in trials],
    }
    for i in range(len(study.spec.objectives)):
        found[f"value-{i}"] = [trial.values[i] for trial in trials]
    for name, domain in study.spec.space.items():
        words = choice_words(domain)
        found[name] = [words.get(value := trial.params.get(name), value) for trial in trials]
    found["seconds"] = [trial.seconds for trial in trials]
    link = f"{page('run').stem}?run="
    found["run"] = [f"{link}{trial.run.id}" for trial in trials]
    return pd.DataFrame(found)


def _columns(study: Study, reader: TrialReader) -> dict[str, Any]:
    column = st.column_config
    values = {
        f"value-{i}": column.NumberColumn(
            objective_title(name, reader.metric),
            help=_("Result; final once the trial has completed."),
            format="percent" if name == QUALITY and is_share(reader.metric) else "%.4g",
        )
        for i, name in enumerate(study.spec.objectives)
    }
    params: dict[str, Any] = {}
    for name, domain in study.spec.space.items():
        field = reader.fields[name]
        if isinstance(domain, Range):
            params[name] = column.NumberColumn(
                _(field.label), help=_(field.help), format="%d" if field.type is int else "%.4g"
            )
        else:
            params[name] = column.TextColumn(_(field.label), help=_(field.help))
    return {
        "trial": column.NumberColumn(_("Trial"), help=_("Its number in the study."), width="small", pinned=True),
        "state": column.TextColumn(_("State"), help=_("Pruned: ended early by the study's pruner.")),
        **values,
        **params,
        "seconds": column.NumberColumn(_("Seconds"), help=_("Training time."), format="%.1f"),
        "run": column.LinkColumn(_("Run"), help=_("Its page."), display_text=r"run=(\d+)", width="small"),
    }
