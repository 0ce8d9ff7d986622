"""Recommendations on pages: the ranking, what an evaluation says of whom, and how somebody says what they like."""

import json

from streamlit.testing.v1 import AppTest

from engine.tasks.contents import Recommended
from ui.charts.recommendations import groups_figure
from ui.predictions import renderer_for

VALUES = {
    "items": ["A Map of Tarn", "The Song of Salt"],
    "probabilities": [0.2, 0.05],
    "about": ["travel · 1987", ""],
    "chosen": ["An Atlas of Glass"],
    "not_known": 2,
}


def draw(values: dict[str, object]) -> None:
    """The answer on the demo page."""
    from ui.predictions import renderer_for

    renderer_for("recommended").draw(values, "answer")


def look() -> None:
    """What a dataset of choices shows."""
    from engine.datasets.base import datasets
    from engine.preparation.prepare import prepare
    from ui.modalities import modality_of

    prepared = prepare(datasets["bookshop"]())
    modality_of(prepared).look(prepared)
    modality_of(prepared).examples(prepared, [0, 5], ["first", "sixth"])


def test_a_ranking_is_drawn_with_what_is_known_of_each_item(home: object) -> None:
    Recommended.model_validate(VALUES)
    at = AppTest.from_function(draw, kwargs={"values": VALUES}, default_timeout=120).run()
    assert not at.exception
    [table] = at.dataframe
    assert table.value["item"].tolist() == VALUES["items"]
    assert any("2 of the chosen items" in warning.value for warning in at.warning)
    assert any("An Atlas of Glass" in caption.value for caption in at.caption)


def test_a_probe_says_how_many_were_right() -> None:
    renderer = renderer_for("recommended")
    assert renderer.probe(VALUES | {"hits": 1, "chosen_next": 4}, "") == (
        "1 of 4: A Map of Tarn · The Song of Salt",
        "right",
    )
    assert renderer.probe(VALUES | {"hits": 0, "chosen_next": 4}, "")[1] == "wrong"
    assert renderer.probe(VALUES, "")[1] == ""


def test_bars_stand_beside_the_best_possible_only_where_it_is_known() -> None:
    groups = [{"count": 3, "recall10": 0.2, "best": 0.4}, {"count": 1, "recall10": 0.1, "best": 0.5}]
    figure = groups_figure(["0", "1–4"], groups, "axis", "light")
    assert [bar["y"] for bar in figure["data"]] == [[0.2, 0.1], [0.4, 0.5]]
    assert len(groups_figure(["0"], [{"count": 3, "recall10": 0.2}], "axis", "dark")["data"]) == 1
    json.dumps(figure, allow_nan=False)


def test_a_dataset_of_choices_shows_its_items_and_people(home: object) -> None:
    at = AppTest.from_function(look, default_timeout=120).run()
    assert not at.exception
    items, people = at.dataframe
    assert {"Item", "genre", "Chosen"} <= set(items.value.columns)
    assert len(people.value) == 2


def choose() -> None:
    """The columns of a table without times."""
    from io import BytesIO

    import streamlit as st

    from engine.imports.understand import understand
    from engine.imports.understood import Choice
    from ui.data.import_table import draw_choice_columns

    found = understand(BytesIO(b"user,item\n1,a\n2,b\n1,c\n2,a\n"), "a.csv", kind="choices")
    made = draw_choice_columns(found, Choice("choices", "a"))
    st.text(f"{made.group_column}|{made.label_column}|{made.time_column}")


def test_a_column_of_times_is_not_invented(home: object) -> None:
    at = AppTest.from_function(choose, default_timeout=120).run()
    assert not at.exception, at.exception[0].message
    assert at.text[0].value == "user|item|"
