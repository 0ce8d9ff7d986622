"""Parts of an input that are hidden one after the other, and what the answer loses without them."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from engine.data_info import Column, DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.modalities.occlusions import cuts
from engine.modalities.table.occlusions import typical_row
from engine.modalities.table.rows import make_rows
from engine.serving.loaded import answer_together
from engine.serving.occluding import Occluded
from engine.serving.outputs import Signature
from engine.serving.sources import LoadedModel
from engine.serving.wire import from_bytes, unpack
from engine.tasks.base import tasks

ROWS = make_rows(np.array([[1.0, 5.0], [2.0, np.nan], [9.0, 7.0]]), np.array([["a"], ["b"], ["a"]], object))
COLUMNS = DataInfo((), (), (Column("x", "number"), Column("y", "number"), Column("z", "category", ("a", "b"))), "price")


def test_cuts_are_as_equal_as_they_can_be_and_no_more_than_there_is() -> None:
    assert cuts(10, 3) == [(0, 3), (3, 7), (7, 10)]
    assert cuts(2, 5) == [(0, 1), (1, 2)]
    assert cuts(0, 5) == []


def test_squares_of_a_picture_get_its_median_colour_and_cover_it() -> None:
    image = np.zeros((1, 12, 12, 1), np.uint8)
    image[0, 3, 4] = 255
    found = modalities["image"].occlude(image, 16, DataInfo((12, 12, 1), ("a", "b")), None)
    assert len(found.parts) == len(found.variants) == 16
    assert sum((p["bottom"] - p["top"]) * (p["right"] - p["left"]) for p in found.parts) == pytest.approx(1)
    gone = [part for part, variant in zip(found.parts, found.variants, strict=True) if variant.max() == 0]
    assert len(gone) == 9  # a square is three steps wide
    assert modalities["image"].occlude(image, 1, DataInfo((12, 12, 1), ("a", "b")), None).variants.max() == 0


def test_words_are_left_out_and_characters_where_a_script_has_no_spaces() -> None:
    info, text = DataInfo((), ("a", "b")), modalities["text"]
    found = text.occlude(np.array(["not  a good film"], object), 100, info, None)
    assert [part["text"] for part in found.parts] == ["not", "a", "good", "film"]
    assert found.variants.tolist() == ["  a good film", "not   good film", "not  a  film", "not  a good "]
    assert [p["text"] for p in text.occlude(np.array(["很好看"], object), 100, info, None).parts] == ["很", "好", "看"]
    assert len(text.occlude(np.array(["word " * 90], object), 10, info, None).parts) == 10


def test_a_field_of_a_spectrogram_is_silenced_and_the_rest_is_left() -> None:
    seconds = np.arange(16_000) / 16_000
    clip = (8_000 * np.sin(2 * np.pi * 440 * seconds)).astype(np.int16)
    found = modalities["audio"].occlude(clip[None], 60, DataInfo((16_000,), ("a", "b")), None)
    assert found.variants.shape == (60, 16_000)
    lost = np.square(clip[None] - found.variants.astype(float)).sum(axis=1)
    best = found.parts[int(lost.argmax())]
    assert best["bottom"] - best["top"] == pytest.approx(1 / 6)
    assert best["top"] < 1 - 549.6 / 2840 < best["bottom"]  # 440 Hz on the mel scale
    assert np.median(lost) < lost.max() / 100


def test_cells_become_typical_and_those_that_are_are_left_out() -> None:
    typical = typical_row(ROWS)
    assert typical == {"numbers": [2.0, 6.0], "categories": ["a"]}
    found = modalities["table"].occlude(ROWS[1:2], 9, COLUMNS, json.loads(json.dumps(typical)))
    assert [part["column"] for part in found.parts] == ["y", "z"]
    assert found.variants["numbers"].tolist()[0] == [2.0, 6.0]
    assert found.variants["categories"].tolist() == [["b"], ["a"]]
    with pytest.raises(TrainyardError, match="does not say which values are typical"):
        modalities["table"].occlude(ROWS[:1], 9, COLUMNS, None)


def brightness(inputs: np.ndarray, extra: object = None) -> np.ndarray:
    """The more light in the first column of a picture, the likelier the second class."""
    share = inputs[:, :, 0].mean(axis=(1, 2)) / 255
    return np.stack([1 - share, share], axis=1)


def test_the_part_that_mattered_has_the_largest_effect() -> None:
    model = LoadedModel(Signature(tasks["image-classification"](), DataInfo((8, 8, 1), ("dark", "light"))), brightness)
    pixels = np.zeros((8, 8), np.uint8)
    pixels[:, 0] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    (answer,) = answer_together(model, [Occluded("a.png", buffer.getvalue())])
    found, (given,) = unpack(answer)
    assert np.array_equal(from_bytes(given), pixels[..., None]), "nobody else decodes the file again"
    assert found["values"]["label"] == "light"
    effects = np.array(found["effects"])
    left = np.array([part["left"] for part in found["parts"]])
    assert len(effects) == 64
    assert (effects[left > 0.3] == 0).all()
    assert effects.max() == effects[left == 0].max() == pytest.approx(3 / 8)
    (wrong,) = answer_together(model, [Occluded("b.png", b"no picture")])
    assert isinstance(wrong, TrainyardError)
