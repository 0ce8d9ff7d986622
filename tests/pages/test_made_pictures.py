"""Pictures that were made, on the pages: side by side, along their way, in a table and as a tile."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from engine.modalities.image.looks import png
from ui.predictions import renderer_for


def values(label: str = "<b>bag") -> dict[str, Any]:
    """Three pictures, of which two are recognised, with the way of four moments."""
    made = np.stack([np.full((8, 8, 1), 60 * number, np.uint8) for number in range(1, 4)])
    way = [np.concatenate([one // (4 - moment) for one in made], axis=1) for moment in range(4)]
    packed = [[base64.b64encode(png(one)).decode() for one in pictures] for pictures in (made, way)]
    return {"label": label, "pictures": packed[0], "way": packed[1], "seen_as": ["<b>bag", "shoe", "<b>bag"]}


def answer() -> None:
    """A page with an answer."""
    from tests.pages.test_made_pictures import values
    from ui.predictions import renderer_for

    renderer_for("drawn").draw(values(), "answer")


def test_an_answer_is_drawn_with_its_way_and_what_is_recognised() -> None:
    at = AppTest.from_function(answer, default_timeout=60).run()
    assert not at.exception
    words = "A small classifier of true pictures recognises the class in 2 of 3 pictures."
    assert [caption.value for caption in at.caption] == [words]
    [way] = at.slider
    assert (way.min, way.max, way.value) == (0, 3, 3)
    at = way.set_value(0).run()
    assert not at.exception
    assert not at.caption, "noise is not judged"


def test_without_a_class_it_is_said_what_is_seen() -> None:
    found = renderer_for("drawn")
    assert "shoe" in found._recognised(values(""))  # type: ignore[attr-defined]
    assert "<b>" not in found._recognised(values(""))  # type: ignore[attr-defined]
    assert found.text(values("")) == "3 pictures: Any"


def test_a_table_holds_all_pictures_in_one_and_a_tile_the_first() -> None:
    found = renderer_for("drawn")
    row = found.row(values())
    sheet = Image.open(io.BytesIO(base64.b64decode(row["pictures"])))
    assert sheet.size == (3 * 96 + 2 * 2, 96)
    assert sheet.convert("L").getpixel((5, 5)) == 60
    assert found.shown(row)["pictures"].startswith("data:image/png;base64,")
    assert found.shown({"pictures": None})["pictures"] is None
    assert found.probe(values(), "") == ("<b>bag", "right")
    assert found.probe(values("shoe"), "") == ("shoe", "wrong")
    assert found.probe_picture(values(), "").endswith(values()["pictures"][0])
