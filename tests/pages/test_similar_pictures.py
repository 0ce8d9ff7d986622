"""Whether two pictures show the same, on the pages: as an answer, in a table, as a tile, and as charts."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ui.charts.figures import to_json
from ui.charts.pairs import distances_figure, embedding_figure
from ui.predictions import renderer_for


def values(distance: float = 0.4, **more: Any) -> dict[str, Any]:
    """An answer of a network that is trained."""
    told = {"same": distance < 0.5, "threshold": 0.5, "probability": 0.93, "false_accepts": 0.01}
    return {"distance": distance, **told, "same_pairs": 164, "different_pairs": 26_732, **more}


def answer(calibrated: bool) -> None:
    """A page with an answer."""
    from tests.pages.test_similar_pictures import values
    from ui.predictions import renderer_for

    renderer_for("similarity").draw(values() if calibrated else {"distance": 0.4}, "answer")


def test_an_answer_says_how_sure_it_is_and_what_that_rests_on() -> None:
    at = AppTest.from_function(answer, args=(True,), default_timeout=60).run()
    assert not at.exception
    [metric] = at.metric
    assert (metric.value, metric.delta) == ("The same", "93.0% likely the same")
    [caption] = at.caption
    assert "below 0.500" in caption.value
    assert "26,732 different pairs of the validation split: at most 1.0%" in caption.value


def test_while_a_run_trains_an_answer_is_a_distance() -> None:
    at = AppTest.from_function(answer, args=(False,), default_timeout=60).run()
    assert not at.exception
    assert [metric.value for metric in at.metric] == ["0.400"]
    assert "when training has ended" in at.info[0].value
    assert renderer_for("similarity").text({"distance": 0.4}) == "distance 0.400"


def test_cells_and_tiles_have_what_is_needed() -> None:
    found = renderer_for("similarity")
    assert found.row(values(0.6)) == {"same": False, "probability": 0.93, "distance": 0.6}
    assert found.text(values()) == "The same (93%, distance 0.400)"
    assert found.text(values(0.6)) == "Not sure (93%, distance 0.600)"
    assert found.text(values(0.9, probability=0.1)) == "Different (10%, distance 0.900)"
    watched = values(nearest="<b>egg", right=False, picture="AAAA")
    assert found.probe(watched, "") == ("<b>egg", "wrong")
    assert found.probe_picture(watched, "pair") == "data:image/png;base64,AAAA"
    assert found.probe_picture(values(), "pair") == "pair"


@pytest.mark.parametrize("things", [3, 40])
def test_distances_and_embeddings_are_drawn(things: int) -> None:
    edges = [0.0, 0.5, 1.0]
    drawn = distances_figure({"edges": edges, "same": [1.0, 0.0], "different": [0.1, 0.9]}, 0.4, "dark")
    assert [trace["x"] for trace in drawn["data"]] == [[0.25, 0.75]] * 2
    assert drawn["layout"]["shapes"][0]["x0"] == 0.4
    assert (
        "shapes" not in distances_figure({"edges": edges, "same": [1, 0], "different": [0, 1]}, None, "light")["layout"]
    )
    points = [[float(i), 0.0] for i in range(things)]
    known = {
        "first": points,
        "second": points,
        "identities": list(range(things)),
        "found": [i % 2 == 0 for i in range(things)],
    }
    figure = embedding_figure(known, [f"<i>{i}" for i in range(things)], "light")
    assert len(figure["data"]) == (3 if things == 3 else 2)
    assert sum(len(trace["x"]) for trace in figure["data"]) == 2 * things
    assert "<i>" not in to_json(figure)
