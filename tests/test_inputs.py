"""Inputs become files, and untrusted pictures stay small."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.modalities.image.strokes import find_strokes, inversion_suits
from engine.settings import settings
from engine.tasks.base import tasks
from ui.charts.thumbnails import data_url, thumbnail
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
    blank = np.zeros((280, 280, 4), dtype=np.uint8)
    assert drawing({"objects": []}, blank) == []
    assert drawing(None, None) == []


def test_a_drawing_keeps_its_ink() -> None:
    pixels = np.zeros((280, 280, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    pixels[100:120, 50:200, :3] = 255
    [(_name, data)] = drawing({"objects": [{"type": "path"}]}, pixels)
    image = np.asarray(Image.open(io.BytesIO(data)))
    assert image.shape == (280, 280, 3)
    assert image[110, 100].tolist() == [255, 255, 255]
    assert image[0, 0].tolist() == [0, 0, 0]


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
    assert all(thumbnail(picture) for _label, picture in examples)


def test_a_thumbnail_fits_its_frame() -> None:
    small = thumbnail(png((400, 100)), 96)
    assert small is not None
    assert Image.open(io.BytesIO(small)).size == (96, 24)
    assert (data_url(small) or "").startswith("data:image/png;base64,")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I", "F"])
def test_any_kind_of_pixels_gives_a_thumbnail(mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (8, 8)).save(buffer, format="TIFF")
    assert thumbnail(buffer.getvalue())


@pytest.mark.parametrize("data", [b"", b"no image", png((64, 64))[:60]])
def test_what_is_no_picture_gives_no_thumbnail(data: bytes) -> None:
    assert thumbnail(data) is None
    assert data_url(None) is None


def test_a_picture_over_the_limit_is_not_decoded(home: Path) -> None:
    side = int(settings().max_image_pixels ** 0.5) + 1
    assert thumbnail(png_header(side, side)) is None


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
