"""Forecasts on pages: the chart with its band and the simple forecasts, and what a network sees."""

import json

from streamlit.testing.v1 import AppTest

from engine.tasks.contents import Forecast

VALUES = {
    "target": "CO₂ (ppm)",
    "step": "month",
    "history": [1.0, 2.0, 3.0],
    "forecast": [4.0, 5.0],
    "low": [3.5, 4.0],
    "high": [4.5, 6.0],
    "level": 0.8,
    "seasonal": [2.0, 3.0],
    "drift": [4.0, 5.0],
}


def draw(values: dict[str, object]) -> None:
    """The answer on the demo page."""
    from ui.predictions import renderer_for

    renderer_for("forecast").draw(values, "answer")


def look() -> None:
    """What a dataset of series shows."""
    from engine.datasets.base import datasets
    from engine.preparation.prepare import prepare
    from ui.modalities import modality_of

    prepared = prepare(datasets["co2"]())
    modality_of(prepared).look(prepared)
    modality_of(prepared).examples(prepared, [0, 5], ["first", "sixth"])


def test_a_forecast_is_drawn_with_its_band_and_the_simple_forecasts(home: object) -> None:
    Forecast.model_validate(VALUES)
    at = AppTest.from_function(draw, kwargs={"values": VALUES}, default_timeout=120).run()
    assert not at.exception


def test_every_trace_of_a_forecast_begins_at_the_last_value(home: object) -> None:
    from ui.charts.forecasts import forecast_figure

    figure = forecast_figure(VALUES, "light", truth=[4.2, 5.1])
    traces = {trace["name"]: trace for trace in figure["data"]}
    assert set(traces) == {"Past", "Lower end", "80% band", "Forecast", "One season before", "Drift", "True values"}
    assert traces["Past"]["x"] == [-2, -1, 0]
    for name in set(traces) - {"Past"}:
        assert (traces[name]["x"], traces[name]["y"][0]) == ([0, 1, 2], 3.0)
    json.dumps(figure, allow_nan=False)


def test_a_point_has_no_band() -> None:
    from ui.charts.forecasts import forecast_figure

    point = {name: value for name, value in VALUES.items() if name not in ("low", "high", "level")}
    assert len(forecast_figure(point, "dark")["data"]) == 4


def test_a_dataset_of_series_shows_windows_and_what_is_seen_of_them(home: object) -> None:
    at = AppTest.from_function(look, default_timeout=120).run()
    assert not at.exception
    assert any("cannot be known" in caption.value for caption in at.caption)
