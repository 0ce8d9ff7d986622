"""The picture of a dataset that is about to be trained on. Pure functions."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np
from PIL import Image

from engine.preparation.prepare import PreparedDataset
from ui.charts.thumbnails import webp_url
from ui.class_names import names_of
from ui.language import _
from ui.plain import plain_text
from ui.theme import THEMES, ThemeName

MAX_CLASSES = 20
"""Most classes that are shown; of more, the first ones."""
EXAMPLES_PER_CLASS = 12
_STRIP_PIXELS = 34  # height of one row of examples


def dataset_look(prepared: PreparedDataset, theme: ThemeName, show: Callable[[np.ndarray], str] | None = None) -> str:
    """A table in HTML: each class with some of its training examples and how many there are in all splits.

    `show` makes HTML of examples (count, ...); without it they are images.
    """
    show, where = show or _images, prepared.indices("train")
    if not prepared.codec.classes:
        return show(prepared.inputs[where[:EXAMPLES_PER_CLASS]])
    labels = names_of(prepared)[:MAX_CLASSES]
    counts = np.array([prepared.meta["counts"][split] for split in ("train", "validation", "test")])
    targets = prepared.strata(where)
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
    return webp_url(row)
