"""Tiles: examples with their answers, side by side, changed in place so that one sees which of them change."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import streamlit as st

from engine.modalities.base import Face
from ui.charts.thumbnails import data_url, png
from ui.language import _
from ui.plain import plain_text

Verdict = Literal["right", "wrong", ""]
_TEXT_CHARACTERS = 90  # more has no room in a tile

_CSS = """
.tiles { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 0.6rem; margin: 0; padding: 0;
  list-style: none; font-family: var(--st-font); color: var(--st-text-color); }
.tile { display: flex; flex-direction: column; gap: 0.35rem; padding: 0.5rem; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); transition: border-color 0.4s, background 0.4s; min-width: 0; }
.tile.right { border-color: var(--st-green-color); }
.tile.wrong { border-color: var(--st-orange-color); }
.tile.turned { background: var(--st-secondary-background-color); }
.look { height: 5rem; display: flex; align-items: safe center; justify-content: center; overflow: hidden; font-size: 0.8rem;
  line-height: 1.3; overflow-wrap: anywhere; }
.look img { max-width: 100%; height: 100%; object-fit: contain; border-radius: 3px; }
.look img.few { image-rendering: pixelated; }
.answer { font-size: 0.9rem; font-weight: 600; line-height: 1.25; overflow-wrap: anywhere; }
.truth { font-size: 0.8rem; line-height: 1.25; overflow-wrap: anywhere; min-height: 1em; }
.tile audio { width: 100%; height: 2rem; }
@media (max-width: 900px) { .tiles { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
@media (max-width: 640px) { .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.4rem; } }
"""
# Whatever people wrote reaches the script as JSON in `data`, and the page as text nodes only.
_JS = """
const MARKS = { right: '✓ ', wrong: '✗ ' };

function tile(list, i) {
  if (list.children[i]) return list.children[i];
  const item = document.createElement('li');
  for (const name of ['look', 'answer', 'truth']) {
    const part = document.createElement('div');
    part.className = name;
    item.append(part);
  }
  list.append(item);
  return item;
}

function look(part, shown) {
  const wanted = shown.image || shown.text;
  if (part.shown === wanted) return;
  part.shown = wanted;
  if (!shown.image) { part.textContent = shown.text; return; }
  const image = document.createElement('img');
  image.alt = shown.text;
  image.onload = () => image.classList.toggle('few', image.naturalHeight < 80);
  image.src = shown.image;
  part.replaceChildren(image);
}

function sound(item, shown) {
  let player = item.querySelector('audio');
  if (!shown.sound) { player?.remove(); return; }
  if (!player) {
    player = document.createElement('audio');
    player.controls = true;
    player.preload = 'none';
    item.append(player);
  }
  if (player.heard === shown.sound) return;
  player.heard = shown.sound;
  player.src = shown.sound;
  player.setAttribute('aria-label', shown.text);
}

function draw(item, shown) {
  const turned = item.verdict !== undefined && item.verdict !== shown.verdict;
  item.verdict = shown.verdict;
  item.className = ['tile', shown.verdict, turned ? 'turned' : ''].join(' ').trim();
  item.dataset.verdict = shown.verdict;
  const [picture, answer, truth] = item.children;
  look(picture, shown);
  answer.textContent = (MARKS[shown.verdict] ?? '') + shown.answer;
  truth.textContent = shown.truth;
  sound(item, shown);
}

export default function ({ data, parentElement }) {
  const list = parentElement.querySelector('.tiles');
  list.setAttribute('aria-label', data.label);
  data.tiles.forEach((shown, i) => draw(tile(list, i), shown));
  [...list.children].slice(data.tiles.length).forEach((item) => item.remove());
}
"""
_mount = st.components.v2.component("trainyard_tiles", html="<ul class='tiles'></ul>", css=_CSS, js=_JS)


@dataclass(frozen=True)
class Look:
    """Face of one example: a picture, or words; with both, the words are read aloud in place of the picture."""

    image: str = ""
    """A picture as a data URL."""
    text: str = ""


def look_of(face: Face) -> Look:
    """Return how an example looks in a browser."""
    return Look(data_url(png(face.picture)) or "" if face.picture else "", plain_text(face.text, _TEXT_CHARACTERS))


@dataclass(frozen=True)
class Tile:
    """One example with its answer. All texts are shown as they are, never as Markdown or HTML."""

    image: str
    text: str
    answer: str
    truth: str = ""
    verdict: Verdict = ""
    sound: str = ""
    """What is to be heard, as a data URL."""


def draw_tiles(tiles: Sequence[Tile], *, key: str, label: str) -> None:
    """Draw the tiles, and change those in place that differ at the next run. `label` is read aloud for the whole."""
    _mount(key=key, data=tiles_data(tiles, label))


def tiles_data(tiles: Sequence[Tile], label: str) -> dict[str, Any]:
    """Return what the browser is given."""
    return {"label": label or _("Examples"), "tiles": [asdict(tile) for tile in tiles]}
