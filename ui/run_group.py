"""Runs that were started together: each with its figures, and their mean and spread."""

import statistics

import pandas as pd
import streamlit as st

from engine.runs import Run
from ui import lab
from ui.charts import metric_label
from ui.language import _
from ui.navigation import page
from ui.run_words import STATES, metric_text


def draw_group(run: Run) -> None:
    """The group of a run as a table, and what all of its ended runs say together. Nothing for a run of its own."""
    if run.group_id is None:
        return
    members = lab.store().group(run.group_id)
    st.header(_("Cross-validation"))
    rows = [_row(member) for member in members]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key=f"group-{run.group_id}",
        alt=_("The runs of this group and their metrics"),
        column_config={"link": st.column_config.LinkColumn(_("Run"), display_text=r"run=(\d+)")},
    )
    figures = spread(members)
    if not figures:
        st.caption(_("Mean and spread follow when two of the runs have ended."))
        return
    with st.container(horizontal=True):
        for name, (mean, deviation, count) in figures.items():
            st.metric(
                metric_label(name.removeprefix("validation_")),
                f"{metric_text(name, mean)} ± {metric_text(name, deviation)}",
                border=True,
                help=_("Mean and standard deviation over the validation parts of {count} ended runs.").format(
                    count=count
                ),
            )


def spread(members: list[Run]) -> dict[str, tuple[float, float, int]]:
    """For each validation metric of the ended runs: mean, standard deviation, number. Empty for fewer than two."""
    found: dict[str, list[float]] = {}
    for member in members:
        for name, value in member.result.items():
            if name.startswith("validation_") and isinstance(value, float):
                found.setdefault(name, []).append(value)
    return {
        name: (statistics.fmean(values), statistics.stdev(values), len(values))
        for name, values in found.items()
        if len(values) > 1
    }


def _row(member: Run) -> dict[str, str | int]:
    names = [name for name in member.result if name.startswith("validation_")]
    return {
        "link": f"{page('run').stem}?run={member.id}",
        _("Fold"): int(member.spec["dataset"].get("fold", 0)) + 1,
        _("State"): _(STATES[member.state].word),
        **{metric_label(n.removeprefix("validation_")): metric_text(n, member.result[n]) for n in names},
    }
