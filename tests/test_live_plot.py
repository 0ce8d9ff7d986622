"""The wrapper gives the browser data only, and the right address of Plotly."""

import json
import re
from hashlib import sha256
from pathlib import Path

import plotly.graph_objects
import pytest
import streamlit as st
from plotly.basedatatypes import BaseTraceType
from streamlit.testing.v1 import AppTest

from ui.widgets import live_plot as module
from ui.widgets.live_plot import VENDOR_FOLDER, Chart, board_data

UI = Path(module.__file__).parents[1]


def data_of(**changes):
    return board_data([Chart(**({"name": "loss", "spec": "{}", "label": "Loss"} | changes))], failed="No chart.")


def test_plotly_comes_from_this_server_under_a_name_that_tells_its_content() -> None:
    [bundle] = VENDOR_FOLDER.glob("*.js")
    assert bundle.name == f"plotly.{sha256(bundle.read_bytes()).hexdigest()[:8]}.js"
    assert data_of()["src"] == f"/vendor/plotly/{bundle.name}"
    assert "plotly.js 4." in (VENDOR_FOLDER / "LICENSES.txt").read_text()


def test_the_address_includes_the_base_path_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda name: "/lab/" if name == "server.baseUrlPath" else None)
    assert data_of()["src"].startswith("/lab/vendor/plotly/plotly.")


def test_the_bundle_draws_every_kind_of_trace_that_the_charts_have() -> None:
    [bundle] = VENDOR_FOLDER.glob("*.js")
    drawn = set(re.findall(r'moduleType:"trace",name:"(\w+)"', bundle.read_text()))
    assert {"scatter", "bar", "heatmap", "contour", "parcoords"} <= drawn
    traces = (getattr(plotly.graph_objects, name) for name in dir(plotly.graph_objects))
    kinds = {kind.__name__.lower() for kind in traces if isinstance(kind, type) and issubclass(kind, BaseTraceType)}
    lines = [line for file in UI.rglob("*.py") for line in re.findall(r'"type": (.*)', file.read_text())]
    assert {word for line in lines for word in re.findall(r'"(\w+)"', line)} & kinds <= drawn


def test_what_people_wrote_stays_data() -> None:
    nasty = "</script><script>alert(1)</script>"
    assert data_of(label=nasty)["charts"][0]["label"] == nasty
    assert nasty not in module._JS


def test_a_page_mounts_the_figure_with_its_step_and_label() -> None:
    def page() -> None:
        from ui.widgets.live_plot import live_plot

        live_plot('{"data": [], "layout": {}}', key="plot", label="Loss of run 1", failed="No chart.", step=12)

    at = AppTest.from_function(page).run(timeout=120)
    assert not at.exception
    [sent] = json.loads(at.get("bidi_component")[0].proto.json)["charts"]
    assert (sent["step"], sent["label"], sent["height"]) == (12, "Loss of run 1", 320)


def test_a_tick_changes_the_chart_in_place() -> None:
    assert "Plotly.react(" in module._JS
    assert "Plotly.newPlot" not in module._JS
