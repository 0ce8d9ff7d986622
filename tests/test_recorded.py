"""What is recorded in a browser: a dataset by class and split, bounded in memory, hostile like any upload."""

import base64
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine import service
from engine.access import local_owner
from engine.data_info import SAMPLE_RATE_HZ
from engine.datasets.stored.folder import Folder
from engine.errors import TrainyardError
from engine.imports.recorded import pack, splits_of
from engine.imports.sets import describe_set, list_sets
from engine.modalities.audio.samples import encode_wav
from engine.preparation.prepare import prepare
from engine.settings import settings
from tests.pages.warm import Blind
from tests.test_archive import png
from ui import lab
from ui.modalities.by_microphone import cut, keep_clips
from ui.modalities.recording import Example, Recording, recorders
from ui.widgets.camera import MOST_FRAME_BYTES, MOST_FRAMES, Frame, read_frames


def frames(count: int, shade: int = 0) -> list[bytes]:
    """Pictures that differ."""
    return [png(shade + number) for number in range(count)]


# -- the dataset -------------------------------------------------------------------------------------------------------


def test_the_last_examples_of_each_class_are_held_out() -> None:
    assert splits_of(20) == ["train"] * 14 + ["validation"] * 3 + ["test"] * 3
    assert splits_of(3) == ["train", "validation", "test"]


@pytest.mark.parametrize("name", ["../../etc", "猫/狗", "train", "a\\b", "<b>cup</b>"])
def test_a_recording_becomes_a_dataset_whatever_its_classes_are_called(name: str, home: object) -> None:
    classes = [(name, frames(10)), ("other", frames(7, 100))]
    report = service.datasets.import_recorded(local_owner(), "images", classes, ".jpg", "cups", "My cups")
    assert describe_set("cups").counts == {name: 10, "other": 7} == report.made.counts
    prepared = prepare(Folder(folder="cups"))
    sizes = Counter(split for _, examples in classes for split in splits_of(len(examples)))
    assert {split: len(prepared.indices(split)) for split in ("train", "validation", "test")} == sizes


def test_a_example_that_is_no_picture_is_left_out_and_reported(home: object) -> None:
    classes = [("a", [*frames(5), b"<script>"]), ("b", frames(5, 100))]
    report = service.datasets.import_recorded(local_owner(), "images", classes, ".jpg", "cups", "")
    assert report.made.counts == {"a": 5, "b": 5}
    assert [problem.file for problem in report.problems] == ["1/0006.jpg"]


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ([("a", [b"1"] * 5)], "at least two classes"),
        ([("a", [b"1"] * 5), (" ", [b"1"] * 5)], "Class 2 has no name"),
        ([("a", [b"1"] * 5), ("a ", [b"1"] * 5)], "Two classes are called 'a'"),
        ([("a", [b"1"] * 5), ("b", [b"1"] * 2)], "Class 'b' has 2 examples"),
    ],
)
def test_too_little_is_a_sentence_and_leaves_nothing(
    home: Path, classes: list[tuple[str, list[bytes]]], words: str
) -> None:
    with pytest.raises(TrainyardError, match=words):
        pack(classes, ".jpg")
    assert list_sets() == []


# -- what the browser sends --------------------------------------------------------------------------------------------


def sent(number: object, data: bytes = b"x", kind: str = "image/jpeg") -> list[object]:
    """A frame as the browser sends it."""
    return [number, f"data:{kind};base64,{base64.b64encode(data).decode()}"]


def test_frames_are_taken_once_and_in_order() -> None:
    assert read_frames([sent(1), sent(2), sent(3)], received=1) == [Frame(2, b"x"), Frame(3, b"x")]
    assert len(read_frames([sent(number) for number in range(1, 2 * MOST_FRAMES)], 0)) == MOST_FRAMES


@pytest.mark.parametrize(
    "told",
    [None, "text", {"a": 1}, [7], [[1]], [[1, 2]], [["1", sent(1)[1]]], [sent(1, kind="text/html")],
     [[1, "data:image/jpeg;base64,no base64!"]], [sent(1, b"x" * (MOST_FRAME_BYTES + 9))]],
)  # fmt: skip
def test_what_is_no_frame_is_left_out(told: object) -> None:
    assert read_frames(told, 0) == []


# -- limits ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three classes of four examples, and one megabyte."""
    for name, value in {"CLASSES": 3, "EXAMPLES": 4, "MB": 1}.items():
        monkeypatch.setenv(f"TRAINYARD_MAX_RECORDED_{name}", str(value))
    settings.cache_clear()


@pytest.mark.usefixtures("small")
def test_classes_examples_and_memory_are_bounded() -> None:
    recording = Recording()
    for _unused in range(5):
        recording.add_class()
    assert [one.name for one in recording.classes] == ["Class 1", "Class 2", "Class 3"]
    first, second, third = recording.classes
    assert [recording.keep(first, number, Example(b"x")) for number in range(1, 6)] == [True] * 4 + [False]
    assert "TRAINYARD_MAX_RECORDED_EXAMPLES" in first.notice
    assert recording.keep(second, 1, Example(b"x" * 900_000))
    assert not recording.keep(third, 1, Example(b"x" * 200_000))
    assert "TRAINYARD_MAX_RECORDED_MB" in third.notice
    recording.remove_class(second.number)
    assert recording.keep(third, 2, Example(b"x" * 200_000))
    assert third.notice == ""


def test_one_or_the_last_example_is_deleted() -> None:
    recording = Recording()
    first = recording.classes[0]
    for number in (1, 2, 3, 4):
        recording.keep(first, number, Example(bytes([number])))
    first.delete(2)
    first.delete()
    first.delete(77)
    assert recording.examples()[0] == ("Class 1", [b"\1", b"\3"])


# -- sounds ------------------------------------------------------------------------------------------------------------


def tone(seconds: float) -> np.ndarray:
    """(samples,) int16."""
    return (9_000 * np.sin(np.arange(round(seconds * SAMPLE_RATE_HZ)) / 8)).astype(np.int16)


def test_a_recording_is_cut_into_clips_without_the_silent_ones() -> None:
    heard = np.concatenate([tone(2), np.zeros(SAMPLE_RATE_HZ, np.int16), tone(1.5)])
    assert [len(clip) for clip in cut(heard)] == [SAMPLE_RATE_HZ] * 3
    assert [len(clip) for clip in cut(tone(0.4))] == [round(0.4 * SAMPLE_RATE_HZ)]


@pytest.mark.usefixtures("small")
def test_clips_are_kept_as_far_as_there_is_room_and_no_sound_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", Blind)
    recording = Recording()
    first, second = recording.classes
    keep_clips(recording, first, encode_wav(tone(9)))
    assert len(first.examples) == 4
    assert "TRAINYARD_MAX_RECORDED_EXAMPLES" in first.notice
    keep_clips(recording, second, encode_wav(np.zeros(2 * SAMPLE_RATE_HZ, np.int16)))
    assert "Nothing was heard" in second.notice
    with pytest.raises(TrainyardError):
        keep_clips(recording, second, b"RIFF nonsense")


def test_recorders_say_what_their_datasets_are() -> None:
    assert {name: recorder.kind for name, recorder in recorders.all().items()} == {"image": "images", "audio": "clips"}
