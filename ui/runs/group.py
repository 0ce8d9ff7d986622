"""Runs that were started together, folds or seeds: each with its figures, and their mean, spread and interval."""

import pandas as pd
import streamlit as st

from engine import service
from engine.comparing.seeds import Mean, mean_of
from engine.comparing.words import level_text
from engine.runs import Run
from engine.settings import settings
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.words import STATES, metric_help, metric_label, metric_text


def draw_group(run: Run) -> None:
    """The group of a run as a table, and what all of its ended runs say together. Nothing for a run of its own."""
    members = service.runs.group(lab.actor(), run)
    if len(members) < 2:
        return
    split = evaluated_on(members)
    st.header(_("Cross-validation") if split == "validation" else _("Seeds"))
    st.dataframe(
        pd.DataFrame([_row(member, split) for member in members]),
        hide_index=True,
        key=f"group-{run.group_id}",
        alt=_("The runs of this group and their metrics"),
        column_config={"link": st.column_config.LinkColumn(_("Run"), display_text=r"run=(\d+)")},
    )
    _draw_spread(members, split)
    shown = members[: settings().max_compared_runs]
    st.page_link(
        page("compare"),
        label=_("Compare them"),
        icon=":material/compare_arrows:",
        help=_("Their curves and verdicts side by side."),
        query_params={"runs": ",".join(str(member.id) for member in shown)},
    )


def _draw_spread(members: list[Run], split: str) -> None:
    figures = spread(members, split)
    if not figures:
        st.caption(_("Mean and spread appear when two of the runs have ended."))
        return
    with st.container(horizontal=True):
        for name, found in figures.items():
            st.metric(
                metric_label(name),
                f"{metric_text(name, found.mean)} ± {metric_text(name, found.deviation)}",
                delta=_interval(name, found),
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=metric_help(
                    name,
                    _("Mean and standard deviation over {count} ended runs, with the interval of the mean.").format(
                        count=found.count
                    ),
                ),
            )


def _interval(name: str, found: Mean) -> str | None:
    """The interval of a mean; none where nothing varies, which says nothing of many more."""
    return f"{level_text()}: {metric_text(name, found.low)} – {metric_text(name, found.high)}" if found.varies else None


def evaluated_on(members: list[Run]) -> str:
    """Folds differ in what they validate on, so that counts; seeds in what they reach on the test examples."""
    folds = {member.spec["dataset"].get("fold", 0) for member in members}
    return "validation" if len(folds) > 1 else "test"


def spread(members: list[Run], split: str) -> dict[str, Mean]:
    """Mean and spread of each metric of the ended runs on a split. Empty for fewer than two."""
    found: dict[str, list[float]] = {}
    for member in members:
        for name, value in member.result.items():
            if name.startswith(f"{split}_") and isinstance(value, float):
                found.setdefault(name.removeprefix(f"{split}_"), []).append(value)
    return {name: mean_of(values, name) for name, values in found.items() if len(values) > 1}


def _row(member: Run, split: str) -> dict[str, str | int | None]:
    names = [name for name in member.result if name.startswith(f"{split}_")]
    number = (
        {_("Fold"): int(member.spec["dataset"].get("fold", 0)) + 1}
        if split == "validation"
        else {_("Seed"): int(member.spec["training"]["seed"])}
    )
    return {
        "link": f"{page('run').stem}?run={member.id}",
        **number,
        _("State"): _(STATES[member.state].word),
        **{metric_label(n.removeprefix(f"{split}_")): metric_text(n, member.result[n]) for n in names},
    }
