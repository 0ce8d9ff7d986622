"""Attention as a heat map: for each token that was written, where the network looked in what it read."""

from collections.abc import Sequence

from ui.charts.figures import Figure, plain_layout
from ui.language import _
from ui.plain import chart_text
from ui.theme import THEMES, ThemeName

_TICK = 14  # characters of a token on an axis
_ROOM = 40  # characters that stand beside each other
_END = "\N{BLACK SQUARE FOR STOP}"


def attention_figure(
    attention: Sequence[Sequence[float]], source: Sequence[str], written: Sequence[str], theme: ThemeName
) -> Figure:
    """A heat map: what was read from left to right, what was written from top to bottom."""
    look = THEMES[theme]
    trace = {
        "type": "heatmap",
        "z": [list(row) for row in attention],
        "zmin": 0,
        "zmax": 1,
        "customdata": [[[chart_text(token), chart_text(read)] for read in source] for token in written],
        "hovertemplate": "%{customdata[0]} ← %{customdata[1]}: %{z:.0%}<extra></extra>",
        "colorscale": [[i / 3, colour] for i, colour in enumerate(look.heat)],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    return {
        "data": [trace],
        "layout": plain_layout(look)
        | {
            "xaxis": _axis(source) | {"title": {"text": _("Read")}, "side": "top", "tickangle": _angle(source)},
            "yaxis": _axis(written) | {"title": {"text": _("Written")}, "autorange": "reversed"},
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "hovermode": "closest",
        },
    }


def attention_height(tokens: int) -> int:
    """Pixels that keep the rows readable."""
    return min(900, max(220, 120 + 26 * tokens))


def _axis(tokens: Sequence[str]) -> Figure:
    """An axis whose places are named by tokens, which may be the same."""
    return {
        "tickvals": list(range(len(tokens))),
        "ticktext": [_named(token) for token in tokens],
        "automargin": True,
        "showgrid": False,
        "zeroline": False,
    }


def _named(token: str) -> str:
    """The font of charts has no sign for the end of a text."""
    return _("the end") if token == _END else chart_text(token.strip() or "␣", _TICK)


def _angle(tokens: Sequence[str]) -> int:
    return -45 if sum(min(len(token) + 1, _TICK) for token in tokens) > _ROOM else 0
