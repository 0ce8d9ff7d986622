"""Display of the three answers."""

import base64
from typing import Any

import numpy as np
import streamlit as st

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
