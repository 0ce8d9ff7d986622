"""Whether a machine fails soon: its probability beside the one above which there is an alarm."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.data_info import DataInfo
from engine.runs import Run
from ui.charts.alarms import alarm_figure
from ui.language import _, plural
from ui.predictions.base import Values, register
from ui.predictions.classes import Classes
from ui.theme import theme_name
from ui.widgets.live_plot import still_plot
from ui.widgets.tiles import Verdict

_HEIGHT = 110


class Alarm(Classes):
    """A probability and a threshold."""

    def scope(self, info: DataInfo) -> None:
        """What is asked, and what the network sees for it."""
        if (line := info.timeline) is None:
            return
        words = _(
            "This network tells whether a failure begins within {horizon} steps. It sees {window} steps of the past."
        )
        st.caption(words.format(horizon=line.horizon, window=line.window))

    def draw(self, values: Values, key: str) -> None:
        """The probability large, and where it lies beside the threshold."""
        st.metric(
            _("Probability of a failure"),
            f"{values['failing']:.1%}",
            delta=self._decision(values) or None,
            delta_color="off",
            delta_arrow="off",
            help=_(
                "There is an alarm where it exceeds the threshold, which the budget of alarms and the validation split have set."
            ),
        )
        if values.get("threshold") is not None:
            still_plot(alarm_figure(values, theme_name()), f"{key}-alarm", _("Probability and threshold"), _HEIGHT)

    def _decision(self, values: Values) -> str:
        """Whether it is an alarm; empty where that is not known yet."""
        if values.get("alarm") is None:
            return ""
        words = _("Alarm: above {threshold:.1%}") if values["alarm"] else _("No alarm: below {threshold:.1%}")
        return words.format(threshold=values["threshold"])

    def text(self, values: Values) -> str:
        """The probability, and whether it is an alarm."""
        decision = self._decision(values)
        told = _("{share:.1%} for a failure").format(share=values["failing"])
        return f"{told} · {decision}" if decision else told

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """The probability; right where the likelier class is the true one."""
        return f"{values['failing']:.0%}", "right" if values["label"] == truth else "wrong"

    def row(self, values: Values) -> dict[str, Any]:
        """Probability and alarm."""
        return {"failing": values["failing"], "alarm": values.get("alarm")}

    def shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """As they are."""
        return dict(row)

    def columns(self) -> dict[str, Any]:
        """Probability as a bar."""
        return {
            "failing": st.column_config.ProgressColumn(
                _("Probability of a failure"),
                help=_("Within the steps to come."),
                format="percent",
                min_value=0.0,
                max_value=1.0,
            ),
            "alarm": st.column_config.CheckboxColumn(
                _("Alarm"), help=_("Whether the probability exceeds the threshold.")
            ),
        }

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """What the alarms are worth, and all that is known of a classifier."""
        if found := evaluated.get("alarms"):
            st.subheader(_("Alarms"))
            st.caption(_worth(found))
        super().evaluate(run, split, evaluated)


register("alarm", Alarm())


def _worth(found: Mapping[str, Any]) -> str:
    """How many there are, and how many are right."""
    words = _(
        "Alarms allowed a week and machine: {budget:g}. From {threshold:.1%} on, so many were raised on the validation split. On this "
        "split, {weeks:.0f} weeks of machines, it raises {count} ({rate:.2g} a week): a failure follows {right} of them. {announced} of "
        "{failures} failures are announced."
    )
    return words.format(
        budget=found["budget"],
        threshold=found["threshold"],
        weeks=found["weeks"],
        count=plural("{count:,} alarm", "{count:,} alarms", found["count"]).format(count=found["count"]),
        rate=found["count"] / max(found["weeks"], 1e-9),
        right=found["right"],
        announced=found["announced"],
        failures=found["failures"],
    )
