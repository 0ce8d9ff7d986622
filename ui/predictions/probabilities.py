"""Quality of a classifier's probabilities: ROC, precision against recall, calibration."""

from typing import Any

import pandas as pd
import streamlit as st

from engine.preparation.prepare import EVALUATED
from engine.readers.spreadsheets import plain_frame
from engine.runs import Run
from ui.charts.evaluation import Kind, calibration_figure, curves_height, threshold_curves
from ui.language import _
from ui.predictions.costs import draw_costs
from ui.theme import theme_name
from ui.widgets.live_plot import still_plot

_NOTABLE = 0.01  # a smaller distance between confidence and accuracy is not worth a word


def draw_thresholds(run: Run, split: str, evaluated: dict[str, Any]) -> None:
    """ROC, precision-recall, calibration and, between two classes, costs of mistakes; one at a time."""
    st.subheader(_("Probabilities"))
    two = len(evaluated["labels"]) == 2 and split in EVALUATED
    titles = [_("ROC"), _("Precision and recall"), _("Calibration"), *([_("Costs")] if two else [])]
    roc, precision_recall, calibration, *costs = st.tabs(titles, key="thresholds", on_change="rerun")
    if roc.open:
        with roc:
            _draw_curves(run, evaluated, "roc")
    if precision_recall.open:
        with precision_recall:
            _draw_curves(run, evaluated, "precision_recall")
    if calibration.open:
        with calibration:
            _draw_calibration(run, evaluated)
    for tab in costs:
        if tab.open:
            with tab:
                st.fragment(draw_costs)(run, split, evaluated["labels"])


def _draw_curves(run: Run, evaluated: dict[str, Any], kind: Kind) -> None:
    found = evaluated[kind]
    if found["area"] is None:
        st.caption(_("There are no curves: this split has examples of only one class."))
        return
    chart, side = st.columns([3, 2])
    name = _("AUC") if kind == "roc" else _("Average precision")
    with chart:
        words = _("ROC curves") if kind == "roc" else _("Precision-recall curves")
        still_plot(
            threshold_curves(found, kind, theme_name()),
            f"{kind}-{run.id}",
            _("{what}; mean area {area:.3f}").format(what=words, area=found["area"]),
            curves_height(found),
        )
    with side:
        if kind == "roc":
            st.caption(_("For each threshold: the share of a class that is found, and the share of "
                         "other examples taken for it. AUC: the probability that an example of the "
                         "class scores higher than one of another class."))  # fmt: skip
        else:
            st.caption(_("For each threshold: the share of a class that is found (recall), and the "
                         "share of those found that is right (precision). More informative than ROC "
                         "for rare classes."))  # fmt: skip
        rows = [
            {"label": label, "area": area}
            for label, area in zip(evaluated["labels"], found["areas"], strict=True)
            if area is not None
        ]
        st.dataframe(
            plain_frame(pd.DataFrame(rows)),
            hide_index=True,
            height=min(360, 40 + 35 * len(rows)),
            key=f"{kind}-areas-{run.id}",
            alt=_("Area under the curve of each class"),
            column_config={
                "label": st.column_config.TextColumn(_("Class")),
                "area": st.column_config.NumberColumn(name, format="%.3f", help=_("Area under the curve; 1 is best.")),
            },
        )


def _draw_calibration(run: Run, evaluated: dict[str, Any]) -> None:
    calibration = evaluated["calibration"]
    chart, side = st.columns([3, 2])
    with chart:
        still_plot(
            calibration_figure(calibration, theme_name()),
            f"calibration-{run.id}",
            _("Accuracy against confidence; calibration error {error:.1%}").format(error=calibration["ece"]),
            460,
        )
    with side:
        st.markdown(calibration_words(calibration))
        st.caption(_("Expected calibration error: the mean distance between confidence and accuracy "
                     "over 15 bins, weighted by their examples (Guo et al. 2017)."))  # fmt: skip


def calibration_words(calibration: dict[str, Any]) -> str:
    """Whether the network is as right as it is sure."""
    bins = calibration["bins"]
    total = sum(row["count"] for row in bins)
    sure = sum(row["confidence"] * row["count"] for row in bins) / total
    right = sum(row["accuracy"] * row["count"] for row in bins) / total
    if sure - right > _NOTABLE:
        words = _("The model is **overconfident**: its mean confidence is {sure:.1%}, its accuracy {right:.1%}.")
    elif right - sure > _NOTABLE:
        words = _("The model is **underconfident**: its mean confidence is {sure:.1%}, its accuracy {right:.1%}.")
    else:
        words = _(
            "The model is well calibrated on average: its accuracy is {right:.1%}, its mean confidence {sure:.1%}."
        )
    error = _("Over all bins the two are {points:.1f} points apart (calibration error).")
    return f"{words} {error}".format(sure=sure, right=right, points=100 * calibration["ece"])
