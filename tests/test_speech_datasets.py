"""The embedded audio datasets, and Speech Commands in its real format from a server on this machine."""

import io
import tarfile
import wave
from typing import Any

import numpy as np
import pytest

from engine.datasets.base import Dataset, datasets
from engine.datasets.sources import packs, voices
from engine.datasets.sources.packs import read_pack
from engine.datasets.speech_commands import WORDS, SpeechCommands
from engine.errors import TrainyardError
from engine.preparation.fetch import fetch
from engine.preparation.prepare import SPLITS, prepare
from tests.test_fetch import Server, register, server

__all__ = ["register", "server"]  # fixtures


# -- what ships ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "samples"), [("spoken-digits", 16_000), ("voice-commands", 16_000), ("spoken-languages", 32_000)]
)
def test_clips_are_heard_and_their_labels_are_those_of_the_task(name: str, samples: int) -> None:
    examples = datasets[name]().load()
    assert datasets[name].tasks == ("audio-classification",)
    assert examples.inputs.shape == (datasets[name].num_examples, samples)
    assert examples.inputs.dtype == np.int16
    assert np.abs(examples.inputs).max(axis=1).min() > 5_000
    assert len(examples.labels) == datasets[name].num_classes


@pytest.mark.parametrize("name", ["spoken-digits", "voice-commands"])
def test_synthetic_voices_are_called_synthetic_wherever_they_are_named(name: str) -> None:
    dataset = datasets[name]
    for text in (
        dataset.title,
        dataset.summary(),
        dataset.limits,
        dataset.licence if "digits" in name else dataset.title,
    ):
        assert "ynthetic" in text


@pytest.mark.parametrize("name", ["spoken-digits", "voice-commands"])
def test_a_voice_at_three_speeds_is_one_speaker_and_each_split_has_every_program(name: str, home: Any) -> None:
    dataset = datasets[name]()
    speakers, prepared = dataset.load().groups, prepare(dataset)
    assert speakers is not None
    assert {speaker for speaker in speakers if speaker.startswith("fli")} == {
        "fli-awb",
        "fli-kal",
        "fli-rms",
        "fli-slt",
    }
    assert len(set(speakers)) == 68
    parts = [set(speakers[prepared.indices(split)]) for split in SPLITS]
    assert sum(map(len, parts)) == 68
    assert all({speaker[:3] for speaker in part} == {"esp", "fli", "kok"} for part in parts)


def test_speeds_are_cut_off_names_of_one_program_only() -> None:
    assert voices.speakers(["fli-kal160.9", "fli-slt1.4", "esp-klatt2", "kok-af_sky"]).tolist() == [
        "fli-kal", "fli-slt", "esp-klatt2", "kok-af_sky",
    ]  # fmt: skip


def test_words_that_are_no_command_are_unknown() -> None:
    examples = datasets["voice-commands"]().load()
    assert examples.labels[-1] == "unknown"
    assert np.bincount(examples.targets).tolist() == [76] * 10 + [580]


def test_three_people_say_each_digit_outside_of_the_splits() -> None:
    people = datasets["spoken-digits"]().extra_test("human_voices")
    assert people.inputs.shape == (30, 16_000)
    assert np.bincount(people.targets).tolist() == [3] * 10
    assert people.labels == datasets["spoken-digits"]().load().labels
    assert len(set(people.groups)) == 3  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [name for name in datasets if datasets[name].extra_tests])
def test_extra_tests_look_like_the_dataset(name: str) -> None:
    dataset = datasets[name]()
    whole = dataset.load()
    for extra, title in dataset.extra_tests.items():
        assert title
        assert extra not in SPLITS
        examples = dataset.extra_test(extra)
        first = whole.inputs[0]
        if whole.inputs.dtype == object:  # of different length: an extra test is filled up to its longest
            assert (examples.inputs.ndim, examples.inputs.dtype) == (1 + first.ndim, first.dtype)
        else:
            assert (examples.inputs.shape[1:], examples.inputs.dtype) == (first.shape, first.dtype)
        assert examples.labels == whole.labels


def test_a_dataset_without_extra_tests_says_so() -> None:
    with pytest.raises(NotImplementedError, match="extra_test for 'human_voices'"):
        datasets["iris"]().extra_test("human_voices")


def test_what_the_datasets_suggest_reaches_the_augmentation() -> None:
    from engine.runs import RunSpec

    spec = RunSpec.build({"dataset": "spoken-digits"})
    assert spec.model.name == "audio-cnn"
    assert spec.augmentation is not None
    assert spec.augmentation.copies > 1
    assert RunSpec.build({"dataset": "spoken-digits", "shift_ms": 0, "speed": 0, "noise": 0}).augmentation.copies == 1  # type: ignore[union-attr]


def test_a_pack_whose_table_does_not_fit_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in packs._files("digits_real_30"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "digits_real_30.tsv").write_text("0\tsomebody\n")
    monkeypatch.setattr(packs, "_FOLDER", tmp_path)
    with pytest.raises(TrainyardError, match="has 480,000 values at 16,000 Hz; expected 1 clips"):
        read_pack("digits_real_30", 16_000)


# -- Speech Commands -----------------------------------------------------------------------------------------------------


def wav(samples: int = 16_000, value: int = 100, channels: int = 1, rate: int = 16_000) -> bytes:
    """A WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.full(samples * channels, value, "<i2").tobytes())
    return buffer.getvalue()


def archive(members: dict[str, bytes | None]) -> bytes:
    """A tar.gz like the publisher's; a member without content is a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            if data is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                info.size = len(data)
            file.addfile(info, io.BytesIO(data or b""))
    return buffer.getvalue()


def clips(speakers: int = 6) -> dict[str, bytes | None]:
    """Two takes of each word by each speaker, and what else is in the archive."""
    found: dict[str, bytes | None] = {
        f"./{word}/{speaker:08x}_nohash_{take}.wav": wav(value=100 * speaker + take)
        for word in WORDS
        for speaker in range(speakers)
        for take in range(2)
    }
    tested = "".join(f"{word}/{0:08x}_nohash_{take}.wav\n" for word in WORDS for take in range(2))
    return {
        "./_background_noise_/pink_noise.wav": wav(200_000),
        "./README.md": b"words",
        **found,
        "./testing_list.txt": tested.encode(),
        "./validation_list.txt": b"bed/00000001_nohash_0.wav\n",
    }


def stored(register: Any, members: dict[str, bytes | None]) -> Dataset:
    """Speech Commands with these members, on disk."""
    made = register("tiny-commands", SpeechCommands, {"speech_commands_v0.02.tar.gz": b""}, "")
    made.folder().mkdir(parents=True)
    made.paths()[0].write_bytes(archive(members))
    dataset: Dataset = made()
    return dataset


def test_the_archive_is_fetched_and_split_by_who_speaks(server: Server, register: Any) -> None:
    server.files = {"speech_commands_v0.02.tar.gz": archive(clips())}
    register("tiny-commands", SpeechCommands, server.files, server.url)
    fetch("tiny-commands")
    dataset = datasets["tiny-commands"]()
    examples, prepared = dataset.load(), prepare(dataset)
    assert examples.inputs.shape == (35 * 6 * 2, 16_000)
    assert set(np.bincount(examples.targets)) == {12}
    speakers = examples.groups
    assert speakers is not None
    assert set(speakers[prepared.indices("test")]) == {"00000000"}  # as the publisher says
    parts = [set(speakers[prepared.indices(split)]) for split in SPLITS]
    assert sum(map(len, parts)) == 6
    assert np.array_equal(examples.inputs[:, 0] // 100, [int(speaker) for speaker in speakers])


def test_ten_commands_alone_can_be_chosen(register: Any) -> None:
    stored(register, clips(4))
    examples = datasets["tiny-commands"].parse({"words": "commands"}).load()
    assert len(examples.inputs) == 80
    assert examples.labels[:3] == ("yes", "no", "up")


def test_a_clip_that_ends_early_is_filled_and_one_that_is_too_long_is_cut(register: Any) -> None:
    members = clips(4) | {"./bed/00000001_nohash_0.wav": wav(9_000), "./bed/00000001_nohash_1.wav": wav(17_000)}
    inputs = stored(register, members).load().inputs
    lengths = (inputs != 0).sum(axis=1)
    assert (lengths == 9_000).sum() == 1
    assert lengths.max() == 16_000


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("./bed/00000001_nohash_0.wav", b"RIFF", "is not a WAV file"),
        ("./bed/00000001_nohash_0.wav", wav(channels=2), "is not 16-bit mono"),
        ("./bed/00000001_nohash_0.wav", wav(rate=8_000), "is not 16-bit mono"),
        ("./bed/00000001_nohash_0.wav", wav(60_000), "does not have the expected size"),
        ("./bed/00000001_nohash_0.wav", None, "does not have the expected size"),
        ("./testing_list.txt", b"x" * 2_000_001, "does not have the expected size"),
    ],
)
def test_a_broken_archive_is_a_sentence(register: Any, name: str, data: bytes | None, reason: str) -> None:
    with pytest.raises(TrainyardError, match=rf"'speech_commands_v0.02.tar.gz' cannot be read: .*{reason}"):
        stored(register, clips(3) | {name: data}).load()


@pytest.mark.parametrize(
    ("lacking", "reason"), [("testing_list", "testing_list.txt is missing"), ("nohash", "clips is missing")]
)
def test_an_archive_that_lacks_something_is_a_sentence(register: Any, lacking: str, reason: str) -> None:
    with pytest.raises(TrainyardError, match=reason):
        stored(register, {name: data for name, data in clips(3).items() if lacking not in name}).load()


def test_names_that_lead_elsewhere_are_not_read(register: Any) -> None:
    members = clips(4) | {"../bed/00000001_nohash_0.wav": wav(), "./bed/../bed/00000001_nohash_0.wav": wav()}
    assert len(stored(register, members).load().inputs) == 35 * 8
