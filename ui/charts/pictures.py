"""Pictures of what is about to be trained: the pipeline, the learning rate, the dataset. Pure functions."""

import re
from collections.abc import Callable, Sequence
from html import escape

import numpy as np
from PIL import Image

from engine.preparation.prepare import PreparedDataset
from engine.schedules import Schedule, curve
from ui.charts.figures import Figure
from ui.charts.thumbnails import data_url, png
from ui.language import _
from ui.plain import plain_text
from ui.theme import THEMES, ThemeName

MAX_CLASSES = 20
"""Most classes that are shown; of more, the first ones."""
EXAMPLES_PER_CLASS = 12
_STRIP_PIXELS = 34  # height of one row of examples


def schedule_curve(schedule: Schedule, learning_rate: float, theme: ThemeName) -> Figure:
    """The learning rate over a whole run."""
    progress, values = curve(schedule, learning_rate)
    colours = THEMES[theme]
    axis = {"gridcolor": colours.grid, "zeroline": False, "color": colours.text}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": 100 * progress,
                "y": values,
                "line": {"color": colours.train, "width": 2},
                "hovertemplate": "%{x:.0f} %: %{y:.3g}<extra></extra>",
            }
        ],
        "layout": {
            "height": 190,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": colours.text},
            "xaxis": axis | {"title": {"text": _("Share of the run, in percent")}, "automargin": True},
            "yaxis": axis | {"rangemode": "tozero", "tickformat": "~g", "automargin": True},
            "showlegend": False,
        },
    }


def pipeline(stages: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A Mermaid flowchart from left to right: each stage a box with its title and a few lines."""
    lines = ["flowchart LR"]
    for position, (title, details) in enumerate(stages):
        words = [f"**{_mermaid(title)}**", *(_mermaid(detail) for detail in details)]
        label = "\n".join(words)
        lines.append(f'    s{position}["`{label}`"]')
        if position:
            lines.append(f"    s{position - 1} --> s{position}")
    return "\n".join(lines)


def _mermaid(text: str) -> str:
    """`text` with everything that Mermaid or HTML could read as its own turned into character entities."""
    return re.sub(r"[^\w\s.,()×+-]", lambda sign: f"#{ord(sign.group())};", plain_text(text))


def dataset_look(prepared: PreparedDataset, theme: ThemeName, show: Callable[[np.ndarray], str] | None = None) -> str:
    """A table in HTML: each class with some of its training examples and how many there are in all splits.

    `show` makes HTML of examples (count, ...); without it they are images.
    """
    show = show or _images
    labels = prepared.info.labels[:MAX_CLASSES] if prepared.codec.classes else ("",)
    counts = np.array([prepared.meta["counts"][split] for split in ("train", "validation", "test")])
    where = prepared.indices("train")
    targets = prepared.strata(where) if prepared.codec.classes else np.zeros(len(where))
    colours = THEMES[theme]
    rows = [
        _row(
            label,
            show(prepared.inputs[where[targets == position][:EXAMPLES_PER_CLASS]]),
            counts[:, position],
            int(counts.sum(axis=0).max()),
            colours.train,
        )
        for position, label in enumerate(labels)
    ]
    more = len(prepared.info.labels) - len(labels)
    rest = f"<p>{escape(_('… and {count} more classes').format(count=more))}</p>" if more > 0 else ""
    return (
        '<div style="display:grid;grid-template-columns:minmax(4rem,auto) minmax(0,1fr) 6.5rem;'
        'gap:3px 12px;align-items:center;font-size:0.85rem">' + "".join(rows) + f"</div>{rest}"
    )


def _row(label: str, examples: str, counts: np.ndarray, most: int, colour: str) -> str:
    train, validation, test = map(int, counts)
    spoken = _("{train} to train, {validation} to validate, {test} to test").format(
        train=train, validation=validation, test=test
    )
    total, words = train + validation + test, escape(plain_text(label))
    return (
        f'<div style="overflow:hidden;text-overflow:ellipsis;white-space:nowrap" title="{words}">'
        f"{words}</div>"
        f"{examples}"
        f'<div title="{escape(spoken)}" style="display:flex;align-items:center;gap:6px">'
        f'<div style="height:10px;border-radius:2px;background:{colour};width:{60 * total / max(most, 1):.0f}%;'
        f'min-width:2px"></div><span>{total:,}</span></div>'
    )


def _images(examples: np.ndarray) -> str:
    """(examples, height, width, channels) uint8 -> an element with all of them in a row."""
    return strip_of([Image.fromarray(example[..., 0] if example.shape[-1] == 1 else example) for example in examples])


def strip_of(pictures: Sequence[Image.Image]) -> str:
    """Pictures of one size -> an element with all of them in a row, as much of it as there is room for."""
    return (
        f'<div style="overflow:hidden;height:{_STRIP_PIXELS}px"><img src="{_strip(pictures)}" alt="" '
        f'style="height:{_STRIP_PIXELS}px;max-width:none;border-radius:3px"></div>'
    )


def _strip(pictures: Sequence[Image.Image]) -> str:
    """The pictures with gaps between them, as a data URL."""
    width, height = pictures[0].size
    scale = max(1, round(2 * _STRIP_PIXELS / height))  # twice the size, for sharp screens
    side, gap = width * scale, max(2, height * scale // 20)
    row = Image.new("RGBA", (len(pictures) * (side + gap), height * scale))
    for position, picture in enumerate(pictures):
        row.paste(picture.resize((side, height * scale), Image.Resampling.NEAREST), (position * (side + gap), 0))
    row.thumbnail((row.width, 2 * _STRIP_PIXELS))
    return data_url(png(row)) or ""
