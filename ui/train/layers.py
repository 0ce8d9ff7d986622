"""The layers of a network as a table of plain HTML: Streamlit's grid would be a fifth of what the page has to load."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ui.language import _
from ui.plain import plain_text
from ui.theme import THEMES, ThemeName

if TYPE_CHECKING:
    from engine.serving.answers import Layer

_MOST_PIXELS = 396  # a longer table scrolls
_CELL = "padding:0.35rem 0.6rem;border:0;border-bottom:1px solid {line};text-align:{side};white-space:nowrap"


def layers_table(boxes: "Sequence[Layer]", theme: ThemeName) -> str:
    """One row for each layer, from input to output."""
    look = THEMES[theme]
    heads = [_("Layer"), _("Kind"), _("Output"), _("Parameters"), _("Trainable")]
    above = f"position:sticky;top:0;background:{look.surface};font-weight:600"
    head = "".join(_cell("th", text, place, look.grid, above) for place, text in enumerate(heads))
    name = escape(_("Layers of the network"))
    rows = "".join(f"<tr>{_row(box, look.grid)}</tr>" for box in boxes)
    return (
        f'<div role="region" tabindex="0" aria-label="{name}" '
        f'style="max-height:{_MOST_PIXELS}px;overflow:auto;border:1px solid {look.grid};border-radius:6px">'
        f'<table style="width:100%;border-collapse:collapse;font-size:0.875rem;color:{look.text};margin:0">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(box: "Layer", line: str) -> str:
    shape = " × ".join("?" if n is None else str(n) for n in box.output_shape)
    cells = [box.name, box.kind, shape, f"{box.parameters:,}", _("yes") if box.trainable else _("no")]
    return "".join(_cell("td", text, place, line) for place, text in enumerate(cells))


def _cell(tag: str, text: str, place: int, line: str, more: str = "") -> str:
    look = _CELL.format(line=line, side="right" if place == 3 else "left")
    return f'<{tag} style="{look};{more}">{escape(plain_text(text))}</{tag}>'
