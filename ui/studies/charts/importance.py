"""Importance of each hyperparameter."""

from collections.abc import Mapping

from ui.charts.figures import Figure, plain_axis, plain_layout
from ui.studies.charts.goal import Goal


def importance_figure(shares: Mapping[str, float], goal: Goal) -> Figure:
    """Importance of each hyperparameter, as horizontal bars."""
    look = goal.look
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [round(share, 4) for share in shares.values()],
        "y": [goal.labels[name] for name in shares],
        "text": [f"{share:.0%}" for share in shares.values()],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": look.train},
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }
    layout = plain_layout(look) | {
        "showlegend": False,
        "xaxis": plain_axis(look) | {"range": [0, 1.1 * max([*shares.values(), 0.01])], "tickformat": ".0%"},
        "yaxis": plain_axis(look) | {"autorange": "reversed", "type": "category", "showgrid": False},
        "margin": {"l": 8, "r": 24, "t": 12, "b": 8},
        "bargap": 0.35,
        "hovermode": "closest",
    }
    return {"data": [trace], "layout": layout}
