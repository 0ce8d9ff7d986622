"""Inputs become files, and untrusted pictures stay small."""

import base64
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.modalities.image.strokes import find_strokes, inversion_suits
from engine.tasks.base import tasks
from ui.demo.results import result_table
from ui.modalities import modality
from ui.modalities.image_ways import EXAMPLES, drawing, held_out_examples
from ui.predictions import renderer_for


def png(size: tuple[int, int], mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("task", sorted(tasks))
def test_every_task_has_inputs_and_a_renderer(task: str) -> None:
    assert modality(tasks[task].modality)
    assert renderer_for(tasks[task].prediction)


def test_an_unknown_modality_or_kind_is_an_error_with_a_sentence() -> None:
    with pytest.raises(TrainyardError, match="modality 'smell'"):
        modality("smell")
    with pytest.raises(TrainyardError, match="kind 'smell'"):
        renderer_for("smell")


def test_an_empty_canvas_is_no_input() -> None:
    assert drawing({"objects": []}, canvas(png((280, 280), "RGBA"))) == []
    assert drawing(None, canvas(None)) == []


def test_a_drawing_is_the_file_that_the_browser_sent() -> None:
    sent = png((280, 280), "RGBA")
    assert drawing({"objects": [{"type": "path"}]}, canvas(sent)) == [("drawing", sent)]


@pytest.mark.parametrize("told", [None, "", "x", "data:image/png;base64,a", 7, ["a"]])
def test_a_browser_may_send_anything_for_a_drawing(told: Any) -> None:
    assert drawing({"objects": [{"type": "path"}]}, Canvas(told)) == []


class Canvas:
    """As the component gives it, which can only be imported in a running server."""

    def __init__(self, told: Any) -> None:
        self._told = told

    @property
    def image_bytes(self) -> bytes | None:
        """What the browser sent."""
        return None if self._told is None else base64.b64decode(self._told.split(";base64,", 1)[1])


def canvas(data: bytes | None) -> Any:
    """What a browser says of a canvas."""
    return Canvas(None if data is None else f"data:image/png;base64,{base64.b64encode(data).decode()}")


def test_drawing_is_offered_first_only_where_the_data_are_drawings(home: Path) -> None:
    ways = {name: list(modality("image").ways(datasets[name]())) for name in ("mnist", "fashion", "folder")}
    assert ways["mnist"][0] == "draw"
    assert ways["fashion"][0] == "example"
    assert ways["fashion"][-1] == "draw"
    assert "draw" not in ways["folder"]


@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("width", [2, 4, 8])
def test_a_pen_is_as_wide_as_the_strokes_of_the_images(light: bool, width: int) -> None:
    images = np.stack([stroke(width, angle, light=light) for angle in range(0, 180, 15)])
    found = find_strokes(images)
    assert found.light == light
    assert found.width * 64 == pytest.approx(width, rel=0.25)
    assert inversion_suits(1 - found.brightness, found)
    assert not inversion_suits(found.brightness, found)


def stroke(width: int, angle: int, *, light: bool) -> np.ndarray:
    """(64, 64, 1): a line through the middle."""
    image = Image.new("L", (64, 64), 0 if light else 255)
    x, y = 24 * np.cos(np.radians(angle)), 24 * np.sin(np.radians(angle))
    ImageDraw.Draw(image).line((32 - x, 32 - y, 32 + x, 32 + y), 255 if light else 0, width)
    return np.asarray(image)[..., None]


def test_examples_come_from_the_test_split_and_cover_the_classes(home: Path) -> None:
    examples = held_out_examples(datasets["fashion"]())
    assert len(examples) == EXAMPLES
    assert len({label for label, _picture in examples}) == EXAMPLES
    assert all(Image.open(io.BytesIO(picture)).size == (28, 28) for _label, picture in examples)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has almost no data: decoding it would take the memory of the whole claim."""
    header = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    body = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = [len(c[4:]).to_bytes(4) + c + zlib.crc32(c).to_bytes(4) for c in (header, body)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_file_name_cannot_become_a_formula_in_a_spreadsheet() -> None:
    class Failed:
        name = '=HYPERLINK("http://example.org")'
        prediction = None
        error = "No image."

    table = result_table(renderer_for("classes"), [Failed()])
    assert table["name"][0].startswith("'=")
    assert list(table.columns) == ["name", "error"]
