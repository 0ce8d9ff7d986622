"""The table of studies: what is in a row."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from engine import service
from engine.errors import TrainyardError
from engine.readers.spreadsheets import plain_cell
from engine.runs import RunSpec
from engine.search.grid import most_trials
from engine.studies import Study
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.studies.words import objective_text, objective_title, study_state_text

if TYPE_CHECKING:
    from engine.store.study_lists import TrialCounts

MOST_LISTED = 100
"""The newest studies that the list shows."""


def rows(studies: Sequence[Study]) -> pd.DataFrame:
    """One row a study, plain values only."""
    counts = service.studies.count_trials(lab.actor(), studies)
    best = service.studies.best_values(lab.actor(), studies)
    frame = pd.DataFrame([_row(study, counts[study.id], best.get(study.id)) for study in studies])
    return frame if any(study.tags for study in studies) else frame.drop(columns="tags")


def _row(study: Study, counts: "TrialCounts", best: float | None) -> dict[str, Any]:
    name, found = study.spec.objectives[0], ""
    if best is not None:
        metric = RunSpec.build(study.spec.values).task.objective
        found = f"{objective_title(name, metric)} {objective_text(name, metric, best)}"
    wanted = _wanted(study, counts)
    return {
        "id": f"{page('study').stem}?study={study.id}",
        "name": plain_cell(study.name),
        "tags": [plain_cell(tag) for tag in study.tags] or None,
        "state": study_state_text(study.state),
        "progress": min(1.0, counts.ended / wanted) if wanted else None,
        "trials": f"{counts.ended:,} / {wanted:,}" if wanted else f"{counts.ended:,}",
        "best": found,
        "owner": plain_cell(study.owner),
        "created": study.created_at,
    }


def _wanted(study: Study, counts: "TrialCounts") -> int:
    """Return the planned number of trials; 0 where that is not known any more."""
    try:
        return 0 if study.unreadable else max(most_trials(study.spec), counts.begun)
    except TrainyardError:
        return 0


def columns() -> dict[str, Any]:
    """Return the format of each column."""
    column = st.column_config
    return {
        "id": column.LinkColumn(
            _("Study"), help=_("Open its page."), display_text=r"study=(\d+)", width="small", pinned=True
        ),
        "name": column.TextColumn(_("Name"), help=_("Name given by its owner.")),
        "tags": column.ListColumn(_("Tags"), help=_("Tags of the study."), width="small"),
        "state": column.TextColumn(_("State"), width="small"),
        "progress": column.ProgressColumn(
            _("Progress"),
            help=_("Share of the trials that have ended."),
            format="percent",
            min_value=0.0,
            max_value=1.0,
        ),
        "trials": column.TextColumn(_("Trials"), help=_("Ended trials, out of all planned."), width="small"),
        "best": column.TextColumn(
            _("Best so far"), help=_("Best value of the first objective among completed trials.")
        ),
        "owner": column.TextColumn(_("Owner"), help=_("The person who started it."), width="small"),
        "created": column.DatetimeColumn(_("Started"), help=_("When it was started."), format="distance"),
    }
