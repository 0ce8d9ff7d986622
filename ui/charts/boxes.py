"""Boxes drawn over pictures: images in SVG of our making, so that the browser writes the names in its own fonts."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from PIL import Image

from engine.preparation.prepare import PreparedDataset
from ui.charts.thumbnails import as_image, small_url, webp_url
from ui.class_names import class_name
from ui.plain import LONGEST_CAPTION, plain_text
from ui.theme import THEMES

_COLOURS = THEMES[
    "dark"
].extra  # of Okabe and Ito: distinct under all common forms of colour blindness, on pictures, too
_DASHES = ("", "6 3", "2 3")  # with six colours: eighteen classes look different
_TILE_PIXELS = 176
_LONGEST_NAME = 24


@dataclass(frozen=True)
class Box:
    """One box over a picture, in its pixels."""

    left: float
    top: float
    right: float
    bottom: float
    name: str
    """What is written beside it."""
    index: int
    """Index of its class, which decides its colour."""
    true: bool = False
    """Whether it is the truth beside answers: drawn white, without a name."""


def colour(index: int) -> str:
    """Return the colour of a class."""
    return _COLOURS[index % len(_COLOURS)]


def dash(index: int) -> str:
    """Return the pattern of its line."""
    return _DASHES[index // len(_COLOURS) % len(_DASHES)]


def boxed_url(picture: str, size: tuple[int, int], boxes: Iterable[Box], shown: int) -> str:
    """Return a picture, which is given as a data URL, under its boxes as the data URL of an SVG.

    `size`: width and height in which the boxes are measured; `shown`: pixels of the screen that the longer side will have,
    so that lines and letters are as thick as elsewhere.
    """
    width, height = size
    unit = max(width, height) / max(shown, 1)
    parts = [_shapes(box, unit, width) for box in boxes]
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image href="{escape(picture)}" width="{width}" height="{height}" preserveAspectRatio="none"/>'
        f"{''.join(parts)}</svg>"
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(text.encode('utf-8', 'replace')).decode()}"


def _shapes(box: Box, unit: float, width: int) -> str:
    x, y = min(box.left, box.right), min(box.top, box.bottom)
    wide, high = abs(box.right - box.left), abs(box.bottom - box.top)
    place = f'x="{x:.2f}" y="{y:.2f}" width="{wide:.2f}" height="{high:.2f}" fill="none"'
    if box.true:
        return f'<rect {place} stroke="#fff" stroke-width="{3.5 * unit:.3f}" stroke-opacity="0.9"/>'
    dashes = " ".join(f"{float(part) * unit:.2f}" for part in dash(box.index).split())
    pattern = f' stroke-dasharray="{dashes}"' if dashes else ""
    shapes = (
        f'<rect {place} stroke="#000" stroke-width="{4 * unit:.3f}" stroke-opacity="0.55"/>'
        f'<rect {place} stroke="{colour(box.index)}" stroke-width="{2 * unit:.3f}"{pattern}/>'
    )
    return shapes + (_name(box, x, y, unit, width) if box.name else "")


def _name(box: Box, x: float, y: float, unit: float, width: int) -> str:
    """The name on a plate of the colour, above the box where there is room; it ends inside of the picture."""
    words = plain_text(box.name, _LONGEST_NAME)
    size = 11 * unit
    wide = sum(1.0 if ord(letter) > 0x2E80 else 0.58 for letter in words) * size + 6 * unit
    left, top = max(0.0, min(x, width - wide)), y - 15 * unit if y >= 15 * unit else y
    return (
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{wide:.2f}" height="{15 * unit:.2f}" fill="{colour(box.index)}"/>'
        f'<text x="{left + 3 * unit:.2f}" y="{top + 11.5 * unit:.2f}" font-size="{size:.2f}" fill="#000" '
        f'font-family="Source Sans, Noto Sans, Noto Sans CJK SC, sans-serif">{escape(words)}</text>'
    )


def answer_boxes(values: Mapping[str, Any], called: Mapping[str, str], scale: float = 1.0) -> list[Box]:
    """Return the boxes of an answer, the likeliest last, so that it lies on top; `called`: what classes are called."""
    return [
        Box(
            left=scale * one["left"],
            top=scale * one["top"],
            right=scale * one["right"],
            bottom=scale * one["bottom"],
            name=f"{called.get(one['label'], one['label'])} {one['probability']:.0%}",
            index=int(one["index"]),
        )
        for one in reversed(values["objects"])
    ]


def true_boxes(prepared: PreparedDataset, position: int, *, named: bool) -> list[Box]:
    """Return the true boxes of an example, in the colours of their classes and with their names, or white."""
    labels = prepared.info.labels
    found = []
    for left, top, right, bottom, label in np.asarray(prepared.targets[position], float).reshape(-1, 5).tolist():
        name = class_name(prepared.dataset, labels[int(label)])
        found.append(Box(left, top, right, bottom, name, int(label), true=not named))
    return found


def scene(pixels: np.ndarray, boxes: Iterable[Box], shown: int = _TILE_PIXELS) -> str:
    """(height, width, channels) uint8 under boxes -> a data URL."""
    height, width = pixels.shape[:2]
    return boxed_url(small_url(pixels), (width, height), boxes, shown)


def sharp_scene(picture: Image.Image, boxes: Iterable[Box], shown: int) -> str:
    """The same of a picture, without loss."""
    return boxed_url(webp_url(picture), picture.size, boxes, shown)


def tiles_html(urls: Sequence[str], captions: Sequence[str], pixels: int = _TILE_PIXELS) -> str:
    """Return pictures side by side, each with its caption, as many in a row as there is room for."""
    tiles = [
        _tile(url, escape(plain_text(caption, LONGEST_CAPTION)), pixels)
        for url, caption in zip(urls, captions, strict=True)
    ]
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px 10px">{"".join(tiles)}</div>'


def _tile(url: str, words: str, pixels: int) -> str:
    return (
        f'<figure style="margin:0;width:{pixels}px;max-width:100%"><img src="{url}" alt="{words}" '
        f'style="width:100%;display:block;border-radius:3px">'
        f'<figcaption style="font-size:0.8rem;line-height:1.25;overflow-wrap:anywhere">{words}</figcaption></figure>'
    )


def draw_scenes(prepared: PreparedDataset, positions: Sequence[int]) -> str:
    """Return examples of a dataset with their true boxes, as HTML."""
    pictures = np.asarray(prepared.inputs[np.asarray(positions, np.int64)])
    urls = [
        scene(one, true_boxes(prepared, position, named=True))
        for one, position in zip(pictures, positions, strict=True)
    ]
    return tiles_html(urls, [prepared.describe(position) for position in positions])


def picture_of(pixels: np.ndarray, most: int) -> Image.Image:
    """(height, width, channels) uint8 -> a picture of at most so many pixels a side."""
    found = as_image(pixels).convert("RGB")
    found.thumbnail((most, most))
    return found
