"""Recording on the Data page: classes are named, added and removed, and become a dataset that leads to training."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from engine.imports.sets import describe_set, list_sets
from engine.store import Store
from tests.pages.opening import open_page, press, words
from tests.test_recorded import frames
from ui.modalities.recording import Example, Recording


def open_recording(count: int = 0) -> tuple[AppTest, Recording]:
    """The page with so many examples in both classes."""
    at = open_page("data", own="record")
    recording: Recording = at.session_state["record.state-image"]
    for shade, recorded in enumerate(recording.classes):
        for number, data in enumerate(frames(count, 100 * shade), 1):
            recording.keep(recorded, number, Example(data))
    at.run()
    return at, recording


def camera(at: AppTest, number: int) -> dict[str, Any]:
    """What the browser is given for the camera of a class."""
    data: dict[str, Any] = json.loads(at.get("bidi_component")[number].proto.json)
    return data


def test_two_classes_of_pictures_become_a_dataset_that_leads_to_training(store: Store) -> None:
    at, _recording = open_recording(6)
    assert (camera(at, 0)["count"], camera(at, 0)["received"], camera(at, 0)["room"]) == ("6 examples", 6, 194)
    at.text_input(key="record-image-0-1-name").set_value("My *cup*").run()
    at.text_input(key="record.title").set_value("Cups").run()
    press(at, "Create dataset")
    assert describe_set("cups").counts == {"Class 2": 6, "My *cup*": 6}
    assert "12 examples imported as 'cups'" in at.success[0].value
    link = next(link.proto for link in at.get("page_link") if link.proto.label == "Train on it")
    assert "dataset=folder&folder=cups" in link.query_string
    assert camera(at, 0)["count"] == "0 examples"


def test_what_cannot_become_a_dataset_is_a_sentence_and_nothing_is_lost(store: Store) -> None:
    at, recording = open_recording(2)
    press(at, "Create dataset")
    assert "'Class 1' has 2 examples; at least 3 are needed" in at.error[0].value
    assert list_sets() == []
    assert len(recording.classes[0].examples) == 2


def test_classes_are_added_and_removed_and_the_last_example_deleted(store: Store) -> None:
    at, recording = open_recording(3)
    press(at, "Add a class")
    assert [one.name for one in recording.classes] == ["Class 1", "Class 2", "Class 3"]
    at.button(key="record-image-0-2-remove").click().run()
    at.button(key="record-image-0-1-last").click().run()
    assert [(one.name, len(one.examples)) for one in recording.classes] == [("Class 1", 2), ("Class 3", 0)]


def test_sounds_are_recorded_with_a_widget_of_their_own(store: Store) -> None:
    at = open_page("data", own="record")
    at.segmented_control(key="record.modality").set_value("audio").run()
    assert not at.exception
    assert len(at.get("audio_input")) == 2
    assert "half a minute" in words(at)
