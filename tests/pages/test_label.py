"""The page Label: a labelling is begun, its pictures are shown one after the other, and it becomes a dataset."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine import service
from engine.access import default_owner, local_owner
from engine.imports.labelled import Labelled, Said
from engine.imports.sets import describe_set
from engine.store import Store
from tests.pages.opening import labels, open_page, press, words
from tests.test_archive import png
from tests.test_labelling import BOX, Seeing
from ui import lab
from ui.labelling.editing import Progress, take
from ui.widgets.labeller import Told


class Warm(Seeing):
    """A predictor that answers at once."""

    def ready(self) -> bool:
        """Always."""
        return True


def begun(store: Store, kind: str = "boxed-pictures", done: int = 0) -> int:
    """A labelling of twelve pictures, of which the first so many are labelled."""
    number = store.labellings.create(default_owner(), "My *cups*", kind, ["cup", "spoon"], "", most=1)
    said = Said((BOX,), (1,)) if kind == "boxed-pictures" else Said(label=1)
    store.labellings.add(number, [Labelled(0, f"{n}.png", png(n), said if n < done else Said()) for n in range(12)])
    return number


def shown(at: AppTest) -> dict[str, Any]:
    """What the browser is given."""
    data: dict[str, Any] = json.loads(at.get("bidi_component")[0].proto.json)
    return data


def test_files_are_opened_and_shown_with_proposals(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", Warm)
    at = open_page("label", lang="en")
    assert "Begin labelling" not in labels(at)
    at.get_by_key("label.files").upload("one.png", png(1))
    at.get_by_key("label.title-").set_value("Kitchen")
    at.get_by_key("label.classes").set_value("cup, <b>spoon</b>").run()
    press(at, "Begin labelling")
    assert dict(at.query_params) == {"lang": "en", "labelling": "1", "picture": "1"}
    data = shown(at)
    assert [one["name"] for one in data["classes"]] == ["cup", "<b>spoon</b>"]
    assert (data["picture"]["width"], data["picture"]["height"], data["total"]) == (40, 30, 1)
    assert [one["name"] for one in data["said"]["proposals"]] == ["Cat"]
    assert "Make dataset" not in labels(at)  # a proposal is no box


def test_reloading_shows_the_first_picture_without_a_label_and_a_dataset_leads_to_training(store: Store) -> None:
    number = begun(store, done=11)
    at = open_page("label", labelling=number)
    assert (shown(at)["picture"]["number"], shown(at)["boxed"]) == (12, True)
    assert "1 picture without a label is left out." in words(at)
    press(at, "Make dataset")
    assert describe_set("my-cups").counts == {"spoon": 11}
    link = next(link.proto for link in at.get("page_link") if link.proto.label == "Train on it")
    assert "dataset=my-scenes&pictures=my-cups" in link.query_string


def test_classes_are_added_and_renamed_by_name(store: Store) -> None:
    number = begun(store, "images")
    at = open_page("label", labelling=number)
    at.get_by_key(f"label.new-{number}-0").set_value("fork").run()
    at.get_by_key(f"label.class-{number}-0-1").set_value("mug").run()
    assert [one["name"] for one in shown(at)["classes"]] == ["mug", "spoon", "fork"]
    at.get_by_key(f"label.new-{number}-2").set_value("mug").run()
    assert "Two classes are called 'mug'" in at.error[0].value


def test_what_the_browser_tells_is_stored_once_and_undone(store: Store) -> None:
    labelling = service.labellings.get(local_owner(), begun(store, "images"))
    state, said = Progress(), Said(label=0).to_dict()
    take(labelling, state, Told(1, 1, said, 0))
    take(labelling, state, Told(2, 2, Said().to_dict(), 1, None, undoes=True))
    assert service.labellings.get(local_owner(), labelling.id).num_done == 0
    assert (state.received, state.turn, state.failed) == (2, 1, False)
    take(labelling, state, Told(3, 1, {"boxes": 3}, 0))
    assert state.failed
    assert "no label of a picture" in state.problem


def test_a_labelling_of_somebody_else_is_not_there(store: Store) -> None:
    at = open_page("label", labelling=99)
    assert "Labelling 99 does not exist" in at.error[0].value
    assert at.title[0].value == "Label pictures"
