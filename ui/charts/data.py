"""The chart of a dataset's classes by split. A pure function."""

import numpy as np

from engine.preparation.prepare import SPLITS, PreparedDataset
from ui.charts.figures import Figure, plain_axis, plain_layout, short_names
from ui.class_names import names_of
from ui.language import N_, _
from ui.theme import THEMES, ThemeName

MOST_BARS = 40
"""Most classes in a chart; of more, the largest."""
SPLIT_WORDS = {"train": N_("Train"), "validation": N_("Validation"), "test": N_("Test")}
_ROW_PIXELS, _FRAME_PIXELS = 26, 90


def balance_by_split(prepared: PreparedDataset, theme: ThemeName) -> Figure:
    """Stacked bars: how many examples of each class each split has; the largest class first."""
    look = THEMES[theme]
    counts = np.array([prepared.meta["counts"][split] for split in SPLITS])
    order = np.argsort(-counts.sum(axis=0), kind="stable")[:MOST_BARS]
    names = short_names([names_of(prepared)[index] for index in order])
    places = list(range(len(order)))
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": _(SPLIT_WORDS[split]),
            "y": places,
            "x": counts[row, order].tolist(),
            "customdata": names,
            "marker": {"color": colour},
            "hovertemplate": "%{customdata}: %{x:,}<extra>%{fullData.name}</extra>",
        }
        for row, (split, colour) in enumerate(zip(SPLITS, (look.train, look.validation, look.best), strict=True))
    ]
    layout = plain_layout(look) | {
        "barmode": "stack",
        "hovermode": "closest",
        "height": _ROW_PIXELS * len(order) + _FRAME_PIXELS,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 40},
        "legend": plain_layout(look)["legend"] | {"traceorder": "normal"},
        "xaxis": plain_axis(look) | {"fixedrange": True},
        "yaxis": plain_axis(look)
        | {"autorange": "reversed", "tickvals": places, "ticktext": names, "showgrid": False, "fixedrange": True},
    }
    return {"data": traces, "layout": layout}
