"""A number in the unit of the target: the number large, predicted against true values, the largest errors."""

from typing import Any

import streamlit as st

from engine.runs import Run
from ui.language import _
from ui.plain import plain_label
from ui.predictions.base import Renderer, Values, register
from ui.predictions.mistakes import draw_value_examples
from ui.predictions.residuals import draw_values


class Value(Renderer):
    """A number in the unit of the target."""

    def draw(self, values: Values, key: str) -> None:
        """The number large."""
        label = plain_label(values.get("target") or _("Prediction"))
        st.metric(label, f"{values['value']:,.5g}", help=_("The network's prediction for this input."))

    def row(self, values: Values) -> dict[str, Any]:
        """The number."""
        return {"value": values["value"]}

    def columns(self) -> dict[str, Any]:
        """The number with five digits."""
        words = _("The network's prediction for this input.")
        return {"value": st.column_config.NumberColumn(_("Prediction"), help=words, format="%.5g")}

    def text(self, values: Values) -> str:
        """The number with five digits."""
        return f"{values['value']:,.5g}"

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Predicted against true values, and the spread of the errors."""
        draw_values(run, dict(evaluated))

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """The values that were missed by most."""
        draw_value_examples(run, split, str(evaluated.get("unit", "")))


register("value", Value())
