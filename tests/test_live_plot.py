"""The wrapper gives the browser data only, and the right address of Plotly."""

import json
from pathlib import Path

import plotly
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.widgets import live_plot as module
from ui.widgets.live_plot import Chart, board_data


def data_of(**changes):
    return board_data([Chart(**({"name": "loss", "spec": "{}", "label": "Loss"} | changes))], failed="No chart.")


def test_plotly_comes_from_this_server() -> None:
    assert data_of()["src"] == "/vendor/plotly/plotly.min.js"
    assert (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").is_file()


def test_the_address_includes_the_base_path_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda name: "/lab/" if name == "server.baseUrlPath" else None)
    assert data_of()["src"] == "/lab/vendor/plotly/plotly.min.js"


def test_what_people_wrote_stays_data() -> None:
    nasty = "</script><script>alert(1)</script>"
    assert data_of(label=nasty)["charts"][0]["label"] == nasty
    assert nasty not in module._JS


def test_a_page_mounts_the_figure_with_its_step_and_label() -> None:
    def page() -> None:
        from ui.widgets.live_plot import live_plot

        live_plot('{"data": [], "layout": {}}', key="plot", label="Loss of run 1", failed="No chart.", step=12)

    at = AppTest.from_function(page).run(timeout=20)
    assert not at.exception
    [sent] = json.loads(at.get("bidi_component")[0].proto.json)["charts"]
    assert (sent["step"], sent["label"], sent["height"]) == (12, "Loss of run 1", 320)


def test_a_tick_changes_the_chart_in_place() -> None:
    assert "Plotly.react(" in module._JS
    assert "Plotly.newPlot" not in module._JS
