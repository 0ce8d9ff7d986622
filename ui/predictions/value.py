"""A number in the unit of the target: the number large, predicted against true values, the largest errors."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from engine.data_info import DataInfo
from engine.probes import Map
from engine.runs import Run
from ui.charts.figures import Figure
from ui.charts.maps import value_map
from ui.language import _
from ui.plain import plain_label
from ui.predictions.base import Renderer, Values, register
from ui.predictions.mistakes import draw_value_examples
from ui.predictions.residuals import draw_values
from ui.theme import ThemeName


class Value(Renderer):
    """A number in the unit of the target."""

    def scope(self, info: DataInfo) -> None:
        """The target and its range in training."""
        if info.target_range:
            words = _("This network predicts {target}. Its training values are {range}.")
            st.caption(words.format(target=plain_label(info.target or _("a number")), range=_range(info.target_range)))

    def draw(self, values: Values, key: str) -> None:
        """The number large."""
        label = plain_label(values.get("target") or _("Prediction"))
        st.metric(label, f"{values['value']:,.5g}", help=_("The network's prediction for this input."))
        if outside := values.get("outside"):
            words = _("This is far outside of the targets that it was trained on ({range}): do not rely on it.")
            st.warning(words.format(range=_range(outside)), icon=":material/warning:")

    def map(self, known: Map, heights: str, info: DataInfo, theme: ThemeName) -> Figure:
        """The predicted value everywhere."""
        return value_map(known, heights, info.target, theme)

    def row(self, values: Values) -> dict[str, Any]:
        """The number, and the range of the training targets where it lies well outside of it."""
        outside = values.get("outside")
        return {"value": values["value"]} | ({"outside": _range(outside)} if outside else {})

    def columns(self) -> dict[str, Any]:
        """The number with five digits."""
        words = _("The network's prediction for this input.")
        outside = _("The training targets, where the prediction lies far outside of them: do not rely on it.")
        return {
            "value": st.column_config.NumberColumn(_("Prediction"), help=words, format="%.5g"),
            "outside": st.column_config.TextColumn(_("Outside"), help=outside),
        }

    def text(self, values: Values) -> str:
        """The number with five digits."""
        return f"{values['value']:,.5g}"

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Predicted against true values, and the spread of the errors."""
        draw_values(run, dict(evaluated))

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """The values that were missed by most."""
        draw_value_examples(run, split, str(evaluated.get("unit", "")))


def _range(targets: Sequence[float]) -> str:
    return _("{least} to {largest}").format(least=f"{targets[0]:,.6g}", largest=f"{targets[1]:,.6g}")


register("value", Value())
