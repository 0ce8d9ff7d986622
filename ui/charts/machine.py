"""CPU, GPU and memory of a run over its epochs."""

from collections.abc import Mapping

from engine.runs import Run
from ui.charts.curves import curve, epoch_layout
from ui.charts.figures import Figure
from ui.charts.series import Series, rounded
from ui.language import _
from ui.theme import THEMES, ThemeName


def machine_curve(series: Mapping[tuple[str, str, str], Series], run: Run, theme: ThemeName) -> Figure:
    """CPU and GPU load in per cent on the left, memory in GB on the right, over epochs."""
    look = THEMES[theme]
    wanted = (
        ("cpu_percent", _("CPU"), 1.0, "y", "solid"),
        ("gpu_percent", _("GPU"), 1.0, "y", "solid"),
        ("memory_bytes", _("Memory"), 1e-9, "y2", "dot"),
        ("gpu_memory_bytes", _("GPU memory"), 1e-9, "y2", "dot"),
    )
    traces = []
    for (name, title, factor, axis, dash), colour in zip(wanted, look.extra, strict=False):
        found = series.get(("system", name, "step"))
        if found is None or not found.values:
            continue
        trace = curve(found, title, colour, markers=False)
        trace["y"] = [None if y is None else rounded(y * factor) for y in trace["y"]]
        unit = "%" if axis == "y" else " GB"
        trace |= {"yaxis": axis, "hovertemplate": f"%{{y:.4~g}}{unit}<extra>{title}</extra>"}
        trace["line"]["dash"] = dash
        traces.append(trace)
    layout = epoch_layout(look, _("CPU, GPU and memory"), run, y_title="")
    layout["yaxis"] |= {"rangemode": "tozero", "ticksuffix": "%", "nticks": 5}
    layout["yaxis2"] = layout["yaxis"] | {
        "overlaying": "y",
        "side": "right",
        "showgrid": False,
        "ticksuffix": " GB",
        "tickformat": "~g",
        "tickmode": "auto",  # by default the ticks of an overlaid axis stand where those below it do
    }
    return {"data": traces, "layout": layout}
