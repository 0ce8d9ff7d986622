"""The looks that all charts of parallel coordinates share."""

from ui.charts.figures import Figure
from ui.theme import Theme

MARGIN = {"l": 64, "r": 100, "t": 112, "b": 24}
"""Room for labels, of which the last one leans out of the chart."""


def parallel_fonts(look: Theme) -> Figure:
    """Return the fonts of a trace; labels lean so far that they do not meet where axes are 30 pixels apart."""
    return {
        "labelfont": {"color": look.text, "size": 12},
        "tickfont": {"color": look.text, "size": 11},
        "rangefont": {"color": "rgba(0,0,0,0)", "size": 1},  # the ticks say it
        "labelangle": -35,
    }
