"""Base of all figures: plain dictionaries for Plotly, cheap to build and to send; layout, axes, short names."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ui.plain import chart_text, plain_text
from ui.theme import Theme

Figure = dict[str, Any]

MAX_POINTS = 600
"""Most points of one trace; longer series are thinned before they are drawn."""


def to_json(figure: Figure) -> str:
    """The figure as the browser reads it. NaN and infinities become gaps."""
    return json.dumps(figure, separators=(",", ":"), allow_nan=False)


def plain_layout(look: Theme) -> Figure:
    """Return the layout that all charts share: no background of their own, the page's font and colours, the legend below."""
    return {
        "template": {},  # importing Streamlit sets a default template of placeholder colours
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": look.text, "family": "Source Sans, Noto Sans CJK SC, sans-serif", "size": 12},
        "margin": {"l": 8, "r": 8, "t": 44, "b": 8},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": look.surface, "font": {"color": look.text}, "bordercolor": look.grid},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "bottom", "yref": "container"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": look.text, "activecolor": look.train},
        "autosize": True,
    }


SHARES: Figure = {"minallowed": -0.05, "maxallowed": 1.05}
"""An axis of shares: no further than they go, also where there is no value yet, or only one."""


def plain_axis(look: Theme) -> Figure:
    """An axis with quiet lines and room for its labels."""
    return {"gridcolor": look.grid, "zerolinecolor": look.grid, "linecolor": look.grid, "automargin": True}


def short_names(labels: Sequence[str], most: int = 24) -> list[str]:
    """Return names of people as Plotly draws them, short enough for an axis, still all different: it would merge equal ones."""
    short = [plain_text(label, most) for label in labels]
    count = Counter(short)
    return [chart_text(f"{name} {i}" if count[name] > 1 else name) for i, name in enumerate(short)]
