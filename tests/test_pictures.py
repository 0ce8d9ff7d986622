"""Pictures before training: true to the data, and safe with any name."""

import base64
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from engine.datasets.base import Dataset, Examples
from engine.preparation.prepare import prepare
from ui.charts.pictures import MAX_CLASSES, dataset_look


class Coloured(Dataset):
    """Squares whose grey tells the class."""

    def fingerprint(self) -> str:
        """Always the same."""
        return "coloured"

    def load(self) -> Examples:
        """Ten examples of more classes than are shown; the first has a name that would be HTML."""
        count = MAX_CLASSES + 3
        targets = np.repeat(np.arange(count), 10)
        inputs = np.broadcast_to((targets * 10).astype(np.uint8)[:, None, None, None], (len(targets), 8, 8, 1)).copy()
        return Examples(inputs, targets, ("<b>bold</b>", *(f"class {k}" for k in range(1, count))))


def test_each_class_shows_its_own_examples_and_their_number(home: Path) -> None:
    html = dataset_look(prepare(Coloured()), "light")
    strips = re.findall(r"base64,([^\"]+)", html)
    assert len(strips) == MAX_CLASSES
    for position, strip in enumerate(strips):
        picture = Image.open(io.BytesIO(base64.b64decode(strip))).convert("RGBA")
        assert picture.getpixel((5, 5)) == (*[position * 10] * 3, 255)
    assert html.count("<span>10</span>") == MAX_CLASSES
    assert "3 more classes" in html


def test_a_class_name_is_text_and_never_html(home: Path) -> None:
    html = dataset_look(prepare(Coloured()), "dark")
    assert "<b>" not in html
    assert "&lt;b&gt;bold" in html
