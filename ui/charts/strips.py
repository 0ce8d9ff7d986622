"""The two pictures that begin the Train page, in plain HTML: a browser has drawn them before a chart library has come."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

import numpy as np

from engine.schedules import Schedule, curve
from ui.language import _
from ui.plain import plain_text
from ui.theme import THEMES, ThemeName

_BOX = "border:1px solid {line};border-radius:6px;padding:0.3rem 0.7rem;line-height:1.35;font-size:0.9rem"
_HEIGHT, _WIDTH = 150, 200  # of the curve; it is stretched to the width of its place
_BANDS = 25  # parts of the run that tell their learning rate when pointed at


def pipeline(stages: Sequence[tuple[str, Sequence[str]]], theme: ThemeName) -> str:
    """Boxes in a row with arrows between them, each with its title and a few lines; they wrap where there is no room."""
    look = THEMES[theme]
    box = _BOX.format(line=look.grid)
    arrow = f'<span aria-hidden="true" style="color:{look.text};align-self:center">→</span>'
    items = [
        f'<li style="display:flex;align-items:stretch;gap:0.5rem;margin:0;padding:0">{arrow if position else ""}'
        f'<div style="{box}"><strong>{escape(plain_text(title))}</strong>'
        f"{''.join(f'<div>{escape(plain_text(detail))}</div>' for detail in details)}</div></li>"
        for position, (title, details) in enumerate(stages)
    ]
    name = escape(_("Pipeline from data to evaluation"))
    return (
        f'<ol aria-label="{name}" style="list-style:none;display:flex;flex-wrap:wrap;align-items:stretch;'
        f'gap:0.5rem;margin:0;padding:0">{"".join(items)}</ol>'
    )


def schedule_curve(schedule: Schedule, learning_rate: float, theme: ThemeName) -> str:
    """The learning rate over a whole run, from zero upwards; a part of it that is pointed at tells its value."""
    progress, values = curve(schedule, learning_rate)
    look = THEMES[theme]
    top = float(np.max(values)) or 1.0
    side = "display:flex;flex-direction:column;justify-content:space-between;text-align:right"
    line = f"1px solid {look.grid}"
    name, axis = escape(_("Learning rate over the run")), escape(_("Share of the run, in percent"))
    return (
        f'<div role="img" aria-label="{name}" style="display:grid;grid-template-columns:auto minmax(0,1fr);'
        f'gap:0.2rem 0.5rem;font-size:0.8rem;color:{look.text}">'
        f'<div style="{side}"><span>{top:.3g}</span><span>0</span></div>'
        f'<div style="position:relative;height:{_HEIGHT}px;border-left:{line};border-bottom:{line}">'
        f'<img src="{_line(progress, values / top, look.train)}" alt="" '
        'style="position:absolute;width:100%;height:100%">'
        f'<div style="position:absolute;inset:0;display:flex">{_bands(progress, values)}</div></div>'
        f'<span></span><div style="display:flex;justify-content:space-between"><span>0%</span>'
        f"<span>{axis}</span><span>100%</span></div></div>"
    )


def _line(progress: np.ndarray, heights: np.ndarray, colour: str) -> str:
    """Both (points,) from 0 to 1 -> the curve as the data URL of an SVG that can be stretched."""
    points = " ".join(
        f"{_WIDTH * x:.1f},{2 + (_HEIGHT - 3) * (1 - y):.1f}" for x, y in zip(progress, heights, strict=True)
    )
    return "data:image/svg+xml," + quote(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )


def _bands(progress: np.ndarray, values: np.ndarray) -> str:
    """Columns that cover the curve, each with what it is in its middle."""
    middles = (np.arange(_BANDS) + 0.5) / _BANDS
    return "".join(
        f'<div style="flex:1" title="{100 * x:.0f}%: {np.interp(x, progress, values):.3g}"></div>' for x in middles
    )
