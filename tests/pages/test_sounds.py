"""Audio clips on the pages: seen and heard on Train, given on Demo, evaluated on Run."""

import json
from base64 import b64encode
from dataclasses import dataclass, replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.artifacts import artifacts_of
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.modalities.audio.samples import encode_wav
from engine.modalities.audio.spectrograms import spectrogram_png
from engine.modalities.seen import Seen
from engine.preparation.prepare import prepare
from engine.readers.sounds import decode_sound
from engine.runs import Run
from engine.store import Store
from engine.tasks.base import Prediction
from tests import seeding
from tests.pages.opening import choose_way, open_page, press, words
from tests.pages.warm import Blind
from ui import lab
from ui.evaluation.overview import final_figures
from ui.modalities.audio import EXAMPLES, WAYS, held_out_examples
from ui.modalities.ways import made_way
from ui.widgets.microphone import read_clip

SOUNDS = {"dataset": "spoken-digits"}


@dataclass
class Answer:
    """Return what the predictor gives for one file."""

    name: str
    prediction: Prediction | None
    error: str = ""


class LoudnessPredictor(Blind):
    """Tells loud sounds from quiet ones: no network, but real bytes in and real predictions out."""

    def ready(self) -> bool:
        """Never warm enough to draw networks."""
        return False

    def predict(self, run_id: int, files: list[tuple[str, bytes]], parameters: object = None) -> list[Answer]:
        """Answer for each file."""
        return [self._one(name, data) for name, data in files]

    def _one(self, name: str, data: bytes) -> Answer:
        try:
            loud = min(1.0, float(np.abs(decode_sound(data, name)).max()) / 20_000)
        except TrainyardError as error:
            return Answer(name, None, str(error))
        values = {"label": "loud" if loud > 0.5 else "quiet", "probability": max(loud, 1 - loud)}
        return Answer(name, Prediction("classes", values | {"probabilities": {"loud": loud, "quiet": 1 - loud}}))


@pytest.fixture(autouse=True)
def _predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", LoudnessPredictor)


def data_url(data: bytes) -> str:
    """What a browser sends."""
    return f"data:audio/wav;base64,{b64encode(data).decode()}"


def wav(peak: int) -> bytes:
    """Half a second of a tone."""
    return encode_wav((peak * np.sin(np.arange(8_000) / 5)).astype(np.int16))


def demo(store: Store, way: str):
    """The demo of a run on sounds, with a way to give one chosen."""
    at = open_page("demo", run=seeding.completed(store, epochs=1, **SOUNDS).id)
    choose_way(at, way)
    assert not at.exception, at.exception[0].message
    return at


def upload(store: Store, *files: tuple[str, bytes]):
    """The demo after these files were uploaded."""
    at = demo(store, "upload")
    for name, data in files:
        at.file_uploader[0].upload(name, data, "audio/wav")
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def test_train_shows_spectrograms_counts_and_a_player_for_the_chosen_class(store: Store) -> None:
    at = open_page("train", **SOUNDS)
    assert "760 examples in 10 classes, 1 s of audio: 500 to train, 100 to validate, 160 to test" in words(at)
    assert "their mean and spread over time" in words(at)  # the network that the dataset suggests
    [look] = [html.proto.body for html in at.get("html") if "data:image/webp" in html.proto.body]
    assert look.count("<img") == 10
    [first] = [player.proto.url for player in at.get("audio")]
    key = f"listen-{prepare(datasets['spoken-digits']()).path.name}"
    at.session_state[key] = "nine"
    at.run()
    [second] = [player.proto.url for player in at.get("audio")]
    assert first != second


def test_the_microphone_is_offered_first_and_asks_for_what_networks_take(store: Store) -> None:
    run = seeding.completed(store, epochs=1, **SOUNDS)
    at = open_page("demo", run=run.id)
    [told] = [told for element in at.get("bidi_component") if "seconds" in (told := json.loads(element.proto.json))]
    assert (told["seconds"], told["rate"]) == (2.0, 16_000)
    assert "as soon as there is an input" in words(at)
    assert next(iter(WAYS)) == made_way(WAYS) == "record"
    at.session_state[f"microphone-{run.id}"] = {"clip": [1, data_url(wav(20_000))]}
    at.run()
    assert at.metric[0].value == "loud"
    assert len(at.get("audio")) == 1


@pytest.mark.parametrize(
    "told", [None, "x", [1], ["1", "x"], [1, "data:audio/wav;base64,%"], [1, data_url(bytes(999))]]
)
def test_a_browser_may_send_anything_for_a_clip(told: object) -> None:
    assert read_clip(told, 500) is None


def test_one_sound_gives_a_label_a_player_and_its_picture(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoudnessPredictor, "sees", [Seen(spectrogram_png(np.eye(40)))])
    at = upload(store, ("loud.wav", wav(20_000)))
    assert at.metric[0].value == "loud"
    assert len(at.get("audio")) == 1
    assert at.get("image")


def test_a_silent_recording_is_told(store: Store) -> None:
    at = upload(store, ("silent.wav", wav(0)))
    assert "recording is silent" in at.warning[0].value


def test_several_sounds_give_a_table_with_an_error_for_the_broken_one(store: Store) -> None:
    at = upload(store, ("loud.wav", wav(20_000)), ("quiet.wav", wav(900)), ("broken.wav", b"no sound"))
    table = at.dataframe[0].value
    assert list(table["label"])[:2] == ["loud", "quiet"]
    assert [isinstance(picture, str) for picture in table["picture"]] == [True, True, False]
    assert "'broken.wav' is" in table["error"][2]


def test_an_example_of_the_test_split_is_one_click_away(store: Store) -> None:
    at = demo(store, "example")
    press(at, held_out_examples(datasets["spoken-digits"]())[0][0])
    assert at.metric[0].value in ("loud", "quiet")
    assert len(at.get("audio")) == 1


def test_examples_are_of_as_many_classes_as_there_are_places(home: object) -> None:
    examples = held_out_examples(datasets["spoken-digits"]())
    assert len({label for label, _ in examples}) == EXAMPLES
    assert all(len(decode_sound(data, "x.wav")) == 16_000 for _, (data, _) in examples)


def evaluated_on_people(store: Store) -> Run:
    """A completed run with an extra test."""
    run = seeding.completed(store, epochs=1, **SOUNDS)
    path = artifacts_of(run.id).evaluation
    evaluated = json.loads(path.read_text())
    people = evaluated["test"] | {"metrics": {"accuracy": 0.9321}}
    path.write_text(json.dumps(evaluated | {"human_voices": people}))
    return run


def test_what_people_say_is_a_further_evaluation(store: Store) -> None:
    at = open_page("run", run=evaluated_on_people(store).id)
    at.session_state["evaluated_on"] = "human_voices"
    at.run()
    assert not at.exception, at.exception[0].message
    assert "93.2%" in [metric.value for metric in at.metric if metric.label == "Accuracy"]


def test_and_a_figure_of_its_own(store: Store) -> None:
    run = seeding.completed(store, epochs=1, **SOUNDS)
    evaluated = replace(run, result=run.result | {"human_voices_accuracy": 0.9, "human_voices_macro_f1": 0.8})
    assert final_figures(evaluated)[-1] == ("Human voices: accuracy", "90.0%", "accuracy")
    assert len(final_figures(evaluated)) == len(final_figures(run)) + 1


def gallery() -> None:
    """A page with two examples of a dataset."""
    from engine.datasets.base import datasets
    from engine.preparation.prepare import prepare
    from ui.modalities import modality

    modality("audio").examples(prepare(datasets["spoken-digits"]()), [3, 700], ["one of three", "the last"])


def test_examples_of_a_dataset_are_seen_and_heard(home: object) -> None:
    at = AppTest.from_function(gallery, default_timeout=120).run()
    assert not at.exception, at.exception[0].message
    assert [caption for image in at.get("image") for caption in image.captions] == ["one of three", "the last"]
    assert len({player.proto.url for player in at.get("audio")}) == 2
