"""The demo takes an input, asks the predictor and shows its answer, errors included."""

import io
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from engine.access import Actor, Role
from engine.errors import TrainyardError
from engine.modalities.seen import Seen
from engine.store import Store
from engine.tasks.base import Prediction
from tests import seeding
from tests.pages.opening import choose_way, open_page, press, words
from tests.pages.warm import Blind
from ui import lab


@dataclass
class Answer:
    """Return what the predictor gives for one file."""

    name: str
    prediction: Prediction | None
    error: str = ""


class BrightnessPredictor(Blind):
    """Tells bright images from dark ones: no network, but real bytes in and real predictions out."""

    def predict(self, run_id: int, files: list[tuple[str, bytes]], parameters: object = None) -> list[Answer]:
        """Answer for each file."""
        return [self._one(name, data) for name, data in files]

    def _one(self, name: str, data: bytes) -> Answer:
        try:
            image = Image.open(io.BytesIO(data)).convert("L").resize((1, 1))
        except OSError:
            return Answer(name, None, f"{name!r} is not an image.")
        bright = float(image.getpixel((0, 0))) / 255
        label = "bright" if bright > 0.5 else "dark"
        values = {"label": label, "probability": max(bright, 1 - bright)}
        return Answer(name, Prediction("classes", values | {"probabilities": {"bright": bright, "dark": 1 - bright}}))


class BusyPredictor(Blind):
    """Refuses everything."""

    def predict(self, run_id: int, files: list[tuple[str, bytes]], parameters: object = None) -> list[Answer]:
        """Say why not."""
        raise TrainyardError("The predictor is busy. Try again in a moment.")


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (28, 28), shade).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def _predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", BrightnessPredictor)


def upload(run_id: int, *files: tuple[str, bytes]):
    """The demo after these files were uploaded."""
    at = open_page("demo", run=run_id)
    choose_way(at, "upload")
    for name, data in files:
        at.file_uploader[0].upload(name, data, "image/png")
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def test_without_a_model_the_page_says_how_to_get_one(store: Store) -> None:
    seeding.queued(store)
    assert "There are no trained models yet" in open_page("demo").info[0].value


def test_the_run_of_the_address_is_chosen(store: Store) -> None:
    first, _second = seeding.completed(store, epochs=1), seeding.completed(store, epochs=1)
    assert open_page("demo", run=first.id).selectbox(key="demo_run").value == first.id


@pytest.mark.parametrize("asked", ["99", "x", "9" * 30])
def test_a_run_that_does_not_exist_is_told_and_another_offered(store: Store, asked: str) -> None:
    run = seeding.completed(store, epochs=1)
    at = open_page("demo", run=asked)
    assert "does not exist" in at.warning[0].value
    assert at.selectbox(key="demo_run").value == run.id


def test_a_run_that_still_trains_cannot_be_tried(store: Store) -> None:
    assert "does not have a model yet" in open_page("demo", run=seeding.running(store).id).warning[0].value


def test_one_image_gives_a_label_and_a_chart(store: Store) -> None:
    at = upload(seeding.completed(store, epochs=1).id, ("grey.png", picture(60)))
    assert at.metric[0].value == "dark"
    sent = [json.loads(e.proto.json) for e in at.get("bidi_component")]
    assert any("highest: dark" in chart["label"] for data in sent for chart in data.get("charts", []))


def test_several_images_give_a_table_with_an_error_for_the_broken_one(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    at = upload(run.id, ("white.png", picture(255)), ("black.png", picture(0)), ("broken.png", b"no image"))
    table = at.dataframe[0].value
    assert list(table["label"])[:2] == ["bright", "dark"]
    assert "'broken.png' is not an image." in list(table["error"])
    assert "1 of 3 inputs" in at.warning[0].value
    assert at.get("download_button")


def test_an_example_of_the_test_split_is_one_click_away(store: Store) -> None:
    at = open_page("demo", run=seeding.completed(store, epochs=1, dataset="fashion").id)
    choose_way(at, "example")
    press(at, "Trouser")
    assert at.metric[0].value in ("bright", "dark")


def test_what_the_predictor_refuses_is_shown_as_its_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", BusyPredictor)
    at = upload(seeding.completed(store, epochs=1).id, ("white.png", picture(255)))
    assert "The predictor is busy" in at.error[0].value


def test_the_camera_is_not_asked_for_until_a_photo_is_to_be_taken(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    at = open_page("demo", run=run.id, by="camera")
    assert not at.get("camera_input")
    at.toggle(key=f"live-{run.id}").set_value(False).run()
    assert at.get("camera_input")


@pytest.mark.parametrize(("asked", "found"), [("upload", True), ("camera", False), ("teleport", False)])
def test_the_address_says_how_an_input_is_given(store: Store, asked: str, found: bool) -> None:
    run = seeding.completed(store, epochs=1)
    at = open_page("demo", run=run.id, by=asked)
    assert (f"upload-{run.id}" in [uploader.key for uploader in at.file_uploader]) is found


def test_the_newest_frame_of_a_live_camera_is_predicted(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    at = open_page("demo", run=run.id, by="camera")
    assert not at.metric
    frames = [[n, f"data:image/jpeg;base64,{b64encode(picture(shade)).decode()}"] for n, shade in ((1, 0), (2, 255))]
    at.session_state[f"live-camera-{run.id}"] = {"frames": frames}
    at.run()
    assert not at.exception
    at.toggle(key=next(toggle.key for toggle in at.toggle if toggle.key.startswith("invert"))).set_value(False).run()
    assert at.metric[0].value == "bright"


def canvases(at: AppTest) -> list[dict[str, Any]]:
    """What the canvases on the page were told."""
    told = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    return [one for one in told if "stroke" in str(one)]


def test_a_canvas_stands_first_where_the_data_are_drawings_with_ink_like_theirs(store: Store) -> None:
    [canvas] = canvases(open_page("demo", run=seeding.completed(store, epochs=1, dataset="mnist").id))
    assert "#FFFFFF" in str(canvas)
    at = open_page("demo", run=seeding.completed(store, epochs=1, dataset="fashion").id)
    assert not canvases(at), "clothes are no drawings"
    choose_way(at, "draw")
    assert canvases(at)


def test_an_image_with_light_and_dark_exchanged_is_inverted_unless_somebody_minds(store: Store) -> None:
    at = upload(seeding.completed(store, epochs=1, dataset="mnist").id, ("white.png", picture(255)))
    assert at.metric[0].value == "dark", "digits are light on dark"
    at.toggle[0].set_value(False).run()
    assert at.metric[0].value == "bright"
    at = upload(seeding.completed(store, epochs=1, dataset="mnist").id, ("black.png", picture(0)))
    assert not at.toggle[0].value


def test_the_classes_are_named_before_there_is_an_input(store: Store) -> None:
    assert "knows 10 classes: 0, 1, 2" in words(
        open_page("demo", run=seeding.completed(store, epochs=1, dataset="mnist").id)
    )


def test_what_the_network_sees_stands_beside_the_answer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sees = [Seen(picture=picture(9)), Seen(words=("*good*", "")), Seen(numbers=(("a", None, 0.5), ("b", "", 1.0)))]
    monkeypatch.setattr(BrightnessPredictor, "sees", sees)
    at = upload(seeding.completed(store, epochs=1).id, ("white.png", picture(255)))
    assert "What the network sees: 28 × 28" in [caption for image in at.get("image") for caption in image.captions]
    assert r":gray-badge[\*good\*] :orange-badge[?]" in words(at)
    table = at.dataframe[0].value
    assert table.fillna("").to_numpy().tolist() == [["a", "", 0.5], ["b", "missing", 1.0]]


def test_a_visitor_is_told_that_nothing_is_published(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "actor", lambda: Actor("visitor", Role.VISITOR))
    at = open_page("demo")
    assert [info.value for info in at.info] == ["Nothing is published here yet. Log in to train a network yourself."]
    assert not at.get("page_link")
    assert "went wrong" not in words(at)
