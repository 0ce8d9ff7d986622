"""Quality of predicted numbers: predicted against true values, and the spread of the errors."""

from typing import Any

import streamlit as st

from engine.runs import Run
from ui.charts.evaluation import errors_figure, predicted_figure
from ui.language import _
from ui.theme import theme_name
from ui.widgets.halves import halves
from ui.widgets.live_plot import still_plot


def draw_values(run: Run, evaluated: dict[str, Any]) -> None:
    """Predicted against true values, and how the errors are spread."""
    st.subheader(_("Predicted and true values"))
    unit, residuals = evaluated.get("unit", ""), evaluated["residuals"]
    if len(residuals["true"]) < residuals["of"]:
        st.caption(_("{count:,} of {all:,} examples, drawn at random.").format(
            count=len(residuals["true"]), all=residuals["of"]
        ))  # fmt: skip
    points, errors = halves(st)
    with points:
        still_plot(
            predicted_figure(residuals, unit, theme_name()),
            f"predicted-{run.id}",
            _("Predicted against true values"),
            400,
        )
    with errors:
        still_plot(
            errors_figure(evaluated["histogram"], unit, theme_name()),
            f"errors-{run.id}",
            _("Distribution of the errors"),
            400,
        )
