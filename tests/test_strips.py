"""The pipeline, the schedule and the layers are drawn without a chart library: true, and safe with any name."""

import re
from html import unescape
from urllib.parse import unquote

import numpy as np
import pytest

from engine.schedules import schedules
from engine.serving.client import Layer
from ui.charts.strips import pipeline, schedule_curve
from ui.theme import THEMES
from ui.train.layers import layers_table

NASTY = '"><script>alert(1)</script>'


def texts(html: str) -> list[str]:
    """What can be read."""
    return [unescape(text) for text in re.findall(r">([^<>]+)<", html)]


def test_the_pipeline_is_a_list_in_order_with_arrows_that_are_not_read_aloud() -> None:
    html = pipeline([("Data", ["Digits"]), ("Network", ["MLP", "1,290 parameters"])], "light")
    assert texts(html) == ["Data", "Digits", "→", "Network", "MLP", "1,290 parameters"]
    assert html.count("<li") == 2
    assert html.count('aria-hidden="true"') == 1
    assert "flex-wrap:wrap" in html


def test_signs_of_any_language_are_shown_as_they_are() -> None:
    assert texts(pipeline([("数据", ["时装（灰度）"])], "dark")) == ["数据", "时装（灰度）"]


def test_a_name_cannot_break_out() -> None:
    layer = Layer(NASTY, NASTY, (None, 10), 7, False, "x")
    for html in (pipeline([(NASTY, [NASTY])], "light"), layers_table([layer], "light")):
        assert "<script" not in html
        assert texts(html)[:1] == [NASTY] or NASTY in texts(html)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", list(schedules))
def test_the_curve_begins_and_ends_as_the_schedule_says(name: str, theme) -> None:
    schedule = schedules[name]()
    html = schedule_curve(schedule, 0.5, theme)
    [points] = re.findall(r'points="([^"]+)"', unquote(html))
    x, y = np.array([point.split(",") for point in points.split()], float).T
    heights = (y.max() - y) / 147 if y.max() > y.min() else np.ones_like(y)
    top = float(texts(html)[0])
    factors = schedule.factor(np.array([0.0, 1.0]))
    assert (x[0], x[-1]) == (0, 200)
    assert top == pytest.approx(0.5 * schedule.factor(np.linspace(0, 1, 200)).max(), rel=1e-2)
    assert (147 - y[[0, -1]] + 2) / 147 * top == pytest.approx(0.5 * factors, abs=0.01 * top)
    assert len(heights) == 200


def test_a_part_of_the_curve_tells_its_learning_rate_when_pointed_at() -> None:
    html = schedule_curve(schedules["constant"](), 0.001, "light")
    assert 'title="50%: 0.001"' in html
    assert 'role="img" aria-label="Learning rate over the run"' in html


def test_the_layers_are_a_table_in_order() -> None:
    layers = [
        Layer("image", "InputLayer", (None, None, 1), 0, False, "image"),
        Layer("scores", "Dense", (10,), 1290, True, "s"),
    ]
    assert texts(layers_table(layers, "light")) == [
        *("Layer", "Kind", "Output", "Parameters", "Trainable"),
        *("image", "InputLayer", "? × ? × 1", "0", "no"),
        *("scores", "Dense", "10", "1,290", "yes"),
    ]
