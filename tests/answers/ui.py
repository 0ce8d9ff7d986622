"""Display of the three answers."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from engine.preparation.prepare import PreparedDataset
from ui.predictions import Renderer, Values, register


class Written(Renderer):
    """A text."""

    def text(self, values: Values) -> str:
        """As it is."""
        return str(values["text"])


class Box(Renderer):
    """Four sides."""

    def text(self, values: Values) -> str:
        """Left, top, right, bottom."""
        return " ".join(f"{values[side]:.2f}" for side in ("left", "top", "right", "bottom"))

    def browse(self, prepared: PreparedDataset, positions: Sequence[int]) -> None:
        """The pictures with what lies outside of their boxes darkened."""
        st.caption("Each rectangle in its box")
        pictures = np.asarray(prepared.inputs[np.asarray(positions)]).copy()
        for picture, box in zip(pictures, prepared.targets[np.asarray(positions)], strict=True):
            left, top, right, bottom = np.rint(box * len(picture)).astype(int)
            inside = np.zeros(picture.shape, bool)
            inside[top:bottom, left:right] = True
            picture[~inside] //= 2
        st.image(list(pictures[..., 0]), width=64)


class Picture(Renderer):
    """Pixels."""

    def text(self, values: Values) -> str:
        """Return its cells in a table."""
        return f"{len(base64.b64decode(values['pixels']))} pixels"

    def draw(self, values: Values, key: str) -> None:
        """The picture."""
        pixels: Any = np.frombuffer(base64.b64decode(values["pixels"]), np.uint8)
        side = int(len(pixels) ** 0.5)
        st.image(pixels.reshape(side, side), width=160)


for kind, renderer in (("written", Written()), ("box", Box()), ("picture", Picture())):
    register(kind, renderer)
