"""The tables of a comparison: metrics at one epoch with the baseline as a row, and hyperparameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.comparing.differences import baseline_metrics, hyperparameters, tested_metrics
from engine.readers.spreadsheets import plain_cell
from engine.runs import Run
from ui.compare.columns import field_label, finite, known_fields, metric_names, value_words
from ui.evaluation.baselines import baseline_title
from ui.language import _
from ui.navigation import page
from ui.plain import plain_text
from ui.words import dataset_of, is_share, metric_label, metric_word, run_title, section_title, state_text, title_of

_ROW_PIXELS, _HEAD_PIXELS, _TALLEST, _NAME_PIXELS = 35, 38, 560, 190


def draw_metrics(runs: Sequence[Run], last: Mapping[int, Mapping[str, float]] | None) -> None:
    """One row a run: the values of its best epoch, or of the `last` one by run, and what the test said at the end."""
    rows = [_row(run, run.best if last is None else last.get(run.id, {})) for run in runs]
    rows += _baseline_rows(runs)
    if len({row["dataset"] for row in rows}) == 1:
        rows = [row | {"dataset": None} for row in rows]
    names = list(dict.fromkeys(name for row in rows for name in row if name not in _FACTS))
    order = [*_FACTS, *sorted(names, key=lambda name: _place(name, metric_names(runs)))]
    frame = pd.DataFrame(rows, columns=order)
    st.dataframe(
        frame.dropna(axis="columns", how="all"),
        hide_index=True,
        key="compared-metrics",
        placeholder="–",
        height=_height(len(rows)),
        alt=_("Metrics of each run and of the baseline"),
        column_config={
            "run": st.column_config.LinkColumn(_("Run"), display_text=r"run=(\d+)", width="small", pinned=True),
            "title": st.column_config.TextColumn(_("Name"), width=_NAME_PIXELS, pinned=True),
            "name": st.column_config.TextColumn(_("Model"), width=_NAME_PIXELS, pinned=True),
            "dataset": st.column_config.TextColumn(_("Dataset")),
            "state": st.column_config.TextColumn(_("State"), width=110),
            "epoch": st.column_config.NumberColumn(_("Epoch"), format="%d", width="small"),
            **{name: _number(name) for name in names},
        },
    )


_FACTS = ("run", "title", "name", "dataset", "state", "epoch")


def _row(run: Run, at_epoch: Mapping[str, float]) -> dict[str, Any]:
    found = {name: finite(value) for name, value in at_epoch.items() if name != "epoch"}
    return {
        "run": f"{page('run').stem}?run={run.id}",
        "title": plain_cell(run.name) or None,
        "name": title_of(run, "model"),
        "dataset": plain_cell(dataset_of(run)),
        "state": state_text(run.state),
        "epoch": at_epoch.get("epoch"),
        **found,
        **{f"test_{name}": finite(value) for name, value in tested_metrics(run).items()},
    }


def _baseline_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The baseline of each dataset, once."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        values = baseline_metrics(run)
        if values:
            title = _("Baseline: {name}").format(name=baseline_title(str(run.result.get("baseline_name", ""))))
            dataset = plain_cell(dataset_of(run))
            found[repr((dataset, sorted(values.items())))] = {"name": title, "dataset": dataset, **values}
    return list(found.values())


def _place(name: str, known: Sequence[str]) -> tuple[int, int, str]:
    """Validation, then test, then training; in each the headline first."""
    kind = 0 if name.startswith("val_") else 1 if name.startswith("test_") else 2
    bare = name.removeprefix("val_").removeprefix("test_")
    return kind, known.index(bare) if bare in known else len(known), bare


def _number(name: str) -> Any:
    if name.startswith("val_"):
        label = _("Validation {metric}").format(metric=metric_word(name.removeprefix("val_")))
    elif name.startswith("test_"):
        label = _("Test {metric}").format(metric=metric_word(name.removeprefix("test_")))
    else:
        label = _("Train {metric}").format(metric=metric_word(name))
    return st.column_config.NumberColumn(label, format="percent" if is_share(name) else "%.4g", help=metric_label(name))


def draw_hyperparameters(runs: Sequence[Run], *, everything: bool) -> None:
    """One row a hyperparameter, one column a run: those that differ, or all."""
    found = hyperparameters(runs, different=not everything)
    if not found:
        st.caption(_("These runs have the same hyperparameters."))
        return
    fields = known_fields(runs)
    rows = [
        {"part": section_title(place[0]), "field": field_label(place, fields)}
        | {str(run.id): value_words(value) for run, value in zip(runs, values, strict=True)}
        for place, values in found.items()
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="compared-hyperparameters",
        height=_height(len(rows)),
        alt=_("Hyperparameters of each run"),
        column_config={
            "part": st.column_config.TextColumn(_("Part"), width="small"),
            "field": st.column_config.TextColumn(_("Hyperparameter"), width=_NAME_PIXELS, pinned=True),
            **{str(run.id): st.column_config.TextColumn(plain_text(run_title(run))) for run in runs},
        },
    )


def _height(rows: int) -> int:
    return min(_TALLEST, _HEAD_PIXELS + _ROW_PIXELS * rows)
