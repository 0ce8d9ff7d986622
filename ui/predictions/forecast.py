"""A forecast: a chart of the past and the future with its band, and the simple forecasts beside it."""

from typing import Any

import pandas as pd
import streamlit as st

from engine.data_info import DataInfo
from engine.readers.spreadsheets import plain_frame
from engine.runs import Run
from engine.timeline import Timeline
from ui.charts.forecasts import ahead_figure, forecast_figure, origins_figure, step_words, visible_figure
from ui.language import _
from ui.plain import plain_label
from ui.predictions.base import Renderer, Values, register
from ui.theme import theme_name
from ui.widgets.halves import halves
from ui.widgets.live_plot import still_plot
from ui.words import metric_text

_HEIGHT = 380


class Forecast(Renderer):
    """The next values of a series."""

    def text(self, values: Values) -> str:
        """The first and the last value that is told, and the band of the last."""
        told = values["forecast"]
        band = f" ({_number(values['low'][-1])} … {_number(values['high'][-1])})" if values.get("low") else ""
        return f"{_number(told[0])} … {_number(told[-1])}{band}"

    def scope(self, info: DataInfo) -> None:
        """What is told, how far, and what the network sees for it."""
        if (line := info.timeline) is None:
            return
        words = _("This network tells {target} for {horizon} steps. It sees {window} steps of the past.")
        st.caption(words.format(target=plain_label(info.target), horizon=line.horizon, window=line.window))

    def draw(self, values: Values, key: str) -> None:
        """The chart, and the numbers as a table."""
        still_plot(forecast_figure(values, theme_name()), f"{key}-forecast", _("Forecast"), _HEIGHT)
        with st.expander(_("Numbers"), icon=":material/table:", key=f"{key}-numbers", on_change="rerun") as opened:
            if opened.open:
                st.dataframe(plain_frame(_table(values)), hide_index=True, alt=_("The forecast, step by step"))

    def row(self, values: Values) -> dict[str, Any]:
        """A cell for each step."""
        return {f"step {i}": value for i, value in enumerate(values["forecast"], 1)}

    def columns(self) -> dict[str, Any]:
        """As they are."""
        return {}

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Forecasts from several origins, errors by step ahead and by origin, and what the network saw."""
        if not evaluated.get("shown"):
            return
        st.subheader(_("Forecasts from several origins"))
        st.caption(_verdict(evaluated))
        self._shown(run, split, evaluated)
        left, right = halves(st)
        with left:
            still_plot(ahead_figure(evaluated, theme_name()), f"ahead-{run.id}-{split}", _("Error by step ahead"), 320)
        with right:
            still_plot(origins_figure(evaluated, theme_name()), f"origins-{run.id}-{split}", _("Error by origin"), 320)
        line = Timeline.from_dict(evaluated["timeline"])
        st.subheader(_("What the network sees"))
        st.caption(
            _("Filled cells are seen when a forecast is made. All others lie in the future and cannot be known.")
        )
        figure = visible_figure(line.visible(), line.names, line.window, line.step, theme_name())
        still_plot(figure, f"visible-{run.id}-{split}", _("Cells that the network sees"), 120 + 28 * len(line.names))

    def _shown(self, run: Run, split: str, evaluated: Values) -> None:
        shown, line = evaluated["shown"], evaluated["timeline"]
        place = st.segmented_control(
            _("Origin"),
            range(len(shown)),
            default=len(shown) - 1,
            required=True,
            format_func=lambda i: f"{i + 1}",
            key=f"origin-{run.id}-{split}",
            help=_("Some of the origins, from the earliest to the latest."),
        )
        one = shown[place if place is not None else -1]
        *told, seasonal, moved = one["told"]
        band = {"low": told[0], "high": told[-1], "level": 0.8} if len(told) > 1 else {}
        values = {"history": one["history"], "forecast": told[len(told) // 2], "seasonal": seasonal, "drift": moved}
        values |= {"target": evaluated["target"], "step": line["step"]} | band
        still_plot(
            forecast_figure(values, theme_name(), one["truth"]), f"shown-{run.id}-{split}", _("Forecast"), _HEIGHT
        )


def _verdict(evaluated: Values) -> str:
    means = evaluated["means"]
    return _(
        "{count:,} origins. Mean error (MASE) of the network: {network}; of the values of one season before: {seasonal}; of the "
        "drift: {drift}. From {share:.0%} of the origins the network is better than the season before."
    ).format(
        count=evaluated["origins"],
        share=evaluated["better"],
        **{name: metric_text("mase", means[name]) for name in ("network", "seasonal", "drift")},
    )


def _table(values: Values) -> pd.DataFrame:
    columns: dict[str, Any] = {step_words(values["step"]): list(range(1, len(values["forecast"]) + 1))}
    columns[_("Forecast")] = values["forecast"]
    if values.get("low"):
        columns |= {_("From"): values["low"], _("To"): values["high"]}
    return pd.DataFrame(columns | {_("One season before"): values["seasonal"], _("Drift"): values["drift"]})


def _number(value: float) -> str:
    return f"{value:,.5g}"


register("forecast", Forecast())
