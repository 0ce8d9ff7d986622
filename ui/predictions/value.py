"""A number in the unit of the target: the number large, predicted against true values, the largest errors."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from engine.data_info import DataInfo
from engine.probes import Map
from engine.runs import Run
from engine.sentences import from_json
from ui.charts.figures import Figure
from ui.charts.maps import value_map
from ui.language import _
from ui.plain import plain_label
from ui.predictions.base import Renderer, Values, register
from ui.predictions.mistakes import draw_value_examples
from ui.predictions.residuals import draw_values
from ui.sentences import said
from ui.theme import ThemeName


class Value(Renderer):
    """A number in the unit of the target."""

    def scope(self, info: DataInfo) -> None:
        """The target and its range in training."""
        if info.target_range:
            words = _("This model predicts {target}. Its training values are {range}.")
            st.caption(words.format(target=plain_label(info.target or _("a number")), range=_range(info.target_range)))

    def draw(self, values: Values, key: str) -> None:
        """The number large."""
        label = plain_label(values.get("target") or _("Prediction"))
        interval = values.get("interval")
        st.metric(
            label,
            f"{values['value']:,.5g}",
            delta=_interval(interval, values["level"]) if interval else None,
            delta_color="off",
            delta_arrow="off",
            help=_("The model's prediction for this input.")
            + (
                " "
                + _(
                    "The true value lies within the interval for {level:.0%} of inputs like those of the data; it follows "
                    "from the errors on the validation split."
                ).format(level=values["level"])
                if interval
                else ""
            ),
        )
        if outside := values.get("outside"):
            words = _("This is far outside of the targets that it was trained on ({range}): do not rely on it.")
            st.warning(words.format(range=_range(outside)), icon=":material/warning:")

    def map(self, known: Map, heights: str, info: DataInfo, theme: ThemeName) -> Figure:
        """The predicted value everywhere."""
        return value_map(known, heights, info.target, theme)

    def effect(self, values: Values, loss: float) -> str:
        """The difference of the number."""
        return f"{-loss:+,.4g}"

    def row(self, values: Values) -> dict[str, Any]:
        """The number, its interval, and the range of the training targets where it lies well outside of it."""
        outside, interval = values.get("outside"), values.get("interval")
        return (
            {"value": values["value"]}
            | ({"lower": interval[0], "upper": interval[1]} if interval else {})
            | ({"outside": _range(outside)} if outside else {})
        )

    def columns(self) -> dict[str, Any]:
        """The number with five digits."""
        words = _("The model's prediction for this input.")
        outside = _("The training targets, where the prediction lies far outside of them: do not rely on it.")
        ends = _(
            "End of the interval that contains the true value with the probability that the run was evaluated for."
        )
        return {
            "value": st.column_config.NumberColumn(_("Prediction"), help=words, format="%.5g"),
            "lower": st.column_config.NumberColumn(_("From"), help=ends, format="%.5g"),
            "upper": st.column_config.NumberColumn(_("To"), help=ends, format="%.5g"),
            "outside": st.column_config.TextColumn(_("Outside"), help=outside),
        }

    def text(self, values: Values) -> str:
        """The number with five digits, and its interval."""
        interval = values.get("interval")
        return f"{values['value']:,.5g}" + (f" ({_interval(interval, values['level'])})" if interval else "")

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Predicted against true values, the spread of the errors, and how often intervals held the true value."""
        draw_values(run, dict(evaluated))
        if words := _coverage(evaluated.get("interval") or {}):
            st.caption(words)

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """The values that were missed by most."""
        draw_value_examples(run, split, str(evaluated.get("unit", "")))


def _interval(ends: Sequence[float], level: float) -> str:
    return _("{level:.0%}: {least} to {largest}").format(
        level=level, least=f"{ends[0]:,.5g}", largest=f"{ends[1]:,.5g}"
    )


def _coverage(found: Values) -> str:
    if problem := found.get("problem"):
        return said(from_json(problem))
    if not found:
        return ""
    return _(
        "{level:.0%} intervals, made from the errors on the validation split, contain {share:.1%} of the {of:,} true values."
    ).format(level=found["level"], share=found["within"] / found["of"], of=found["of"])


def _range(targets: Sequence[float]) -> str:
    return _("{least} to {largest}").format(least=f"{targets[0]:,.6g}", largest=f"{targets[1]:,.6g}")


register("value", Value())
