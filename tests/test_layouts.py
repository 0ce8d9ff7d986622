"""Files in nested folders, in splits, and with a table that describes them."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli import main
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.collected import read_stored
from engine.imports.folders import Folders, guess_folders
from engine.imports.importing import import_data
from engine.imports.understand import understand
from engine.imports.understood import Choice, Reading
from engine.preparation.prepare import prepare
from engine.readers.unpack import open_members
from tests.bad_files.make import sound
from tests.test_archive import pictures, png, unzipped, zipped


def imported(source: io.BytesIO | Path, reading: Reading | None = None) -> Any:
    """Import what is understood of files."""
    found = understand(source, "mine.zip", reading=reading)
    chosen = Choice(found.kind, "mine", arrangement=found.arrangement, names_encoding=found.names_encoding)
    return found, import_data(source, "mine.zip", chosen)


def split_pictures(*names: str, each: int = 4) -> dict[str, bytes]:
    """Two classes in each of the splits."""
    return {
        f"{split}/{label}/{index}.png": png(100 * number + 10 * index + len(label))
        for number, split in enumerate(names)
        for label in ("cat", "lion")
        for index in range(each)
    }


# -- splits by folders -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("train", "valid", "test"), ("Training_set", "val", "testing")])
def test_splits_given_by_folders_are_taken(names: tuple[str, ...], home: Path) -> None:
    found, report = imported(zipped(split_pictures(*names)))
    assert report.made.counts == {"cat": 12, "lion": 12}
    assert not report.problems
    assert any("taken as splits" in remark for remark in found.remarks)
    prepared = prepare(datasets["folder"].parse({"folder": "mine", "image_size": 28}))
    assert prepared.meta["counts"] == {"train": [4, 4], "validation": [4, 4], "test": [4, 4]}


def test_splits_may_lie_inside_of_the_classes(home: Path) -> None:
    files = {"/".join((path.split("/")[1], path.split("/")[0], path.split("/")[2])): data
             for path, data in split_pictures("train", "test").items()}  # fmt: skip
    _, report = imported(zipped(files))
    assert report.made.counts == {"cat": 8, "lion": 8}
    assert np.bincount(read_stored("mine", "images").more["split"]).tolist() == [8, 0, 8]


def test_splits_by_folders_can_be_refused(home: Path) -> None:
    _, report = imported(zipped(split_pictures("train", "test")), Reading(class_level=1, split_level=0))
    assert report.made.counts == {"test": 8, "train": 8}
    assert "split" not in read_stored("mine", "images").more


def test_classes_called_like_splits_are_classes_where_there_is_nothing_else() -> None:
    with open_members(zipped({f"{name}/{i}.png": b"x" for name in ("train", "test") for i in range(3)})) as members:
        assert guess_folders(members) == Folders(class_level=1)


# -- folders in folders ------------------------------------------------------------------------------------------------


def topics() -> dict[str, bytes]:
    """Two topics of two subtopics, and some files of a topic itself."""
    files = {
        f"{topic}/{sub}/{index}.png": png(sum(map(ord, sub)) + 1000 * index)
        for topic, subs in (("animals", ("cat", "dog")), ("plants", ("oak", "rose")))
        for sub in subs
        for index in range(4)
    }
    return files | {f"animals/{index}.png": png(5000 + index) for index in range(3)}


def test_no_file_of_a_topic_with_subtopics_is_left_out(home: Path) -> None:
    found, report = imported(zipped(topics()))
    assert report.made.counts == {"animals": 11, "plants": 8}
    assert found.left_out == 0
    assert any("--class-level" in remark for remark in found.remarks)
    assert [(level.number, level.names, level.files) for level in found.levels] == [(1, 2, 19), (2, 4, 16)]


def test_another_level_can_be_the_class_and_what_is_left_out_is_counted(home: Path) -> None:
    found, report = imported(zipped(topics()), Reading(class_level=2, group_level=1))
    assert report.made.counts == {"cat": 4, "dog": 4, "oak": 4, "rose": 4}
    assert found.left_out == 3 == len(report.problems)
    assert len(set(read_stored("mine", "images").more["group"].tolist())) == 2


def test_files_of_one_group_stay_in_one_split(home: Path) -> None:
    rng = np.random.default_rng(0)
    files = {
        f"{word}/{speaker}/{index}.wav": sound(rng.normal(0, 0.1, 800))
        for word in ("yes", "no")
        for speaker in "abcdef"
        for index in range(3)
    }
    _, report = imported(zipped(files), Reading(group_level=2))
    assert report.made.counts == {"no": 18, "yes": 18}
    stored = read_stored("mine", "clips")
    prepared = prepare(datasets["my-clips"].parse({"clips": "mine", "clip_seconds": 0.5}))
    homes: dict[int, set[str]] = {}
    for split in ("train", "validation", "test"):
        for index in prepared.indices(split):
            homes.setdefault(int(stored.more["group"][index]), set()).add(split)
    assert all(len(splits) == 1 for splits in homes.values())


def test_recordings_of_a_mac_are_taken(home: Path) -> None:
    rng = np.random.default_rng(0)
    files = {
        f"{word}/{index}.aiff": sound(rng.normal(0, 0.1, 800), kind="AIFF")
        for word in ("yes", "no")
        for index in range(3)
    }
    _, report = imported(zipped(files))
    assert report.made.kind == "clips"
    assert report.made.counts == {"no": 3, "yes": 3}


def test_stereo_that_cancels_is_kept_and_said(home: Path) -> None:
    rng = np.random.default_rng(0)
    files = {}
    for word in ("yes", "no"):
        for index in range(3):
            noise = rng.normal(0, 0.1, 800)
            files[f"{word}/{index}.wav"] = sound(np.stack([noise, -noise], axis=1))
    _, report = imported(zipped(files))
    assert report.made.counts == {"no": 3, "yes": 3}
    assert "The channels cancel each other" in report.problems[0].reason


# -- a table beside the files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_table_says_class_group_and_split_of_each_file(ending: str, home: Path) -> None:
    rows = [
        {"file_name": f"images/{index}.png", "label": ("cat", "dog")[index % 2], "source": f"camera {index % 5}",
         "split": ("train", "train", "test")[index % 3]}
        for index in range(30)
    ]  # fmt: skip
    lines = [json.dumps(row) for row in rows] if ending == "jsonl" else [",".join(row.values()) for row in rows]
    head = [] if ending == "jsonl" else ["file_name,label,source,split"]
    table = "\n".join([*head, *lines]).encode()
    files = {f"images/{index}.png": png(index) for index in range(31)}
    found, report = imported(zipped(files | {f"metadata.{ending}": table}))
    assert report.made.counts == {"cat": 15, "dog": 15}
    assert [problem.file for problem in report.problems] == ["images/30.png"]
    assert "is not in the table" in report.problems[0].reason
    stored = read_stored("mine", "images")
    assert len(set(stored.more["group"].tolist())) == 5
    assert np.bincount(stored.more["split"]).tolist() == [20, 0, 10]
    assert any("'label'" in remark and "'source'" in remark for remark in found.remarks)


def test_a_table_without_classes_leaves_them_to_the_folders(home: Path) -> None:
    table = "path,speaker\n" + "\n".join(f"{name},{index % 3}" for index, name in enumerate(pictures()))
    _, report = imported(zipped(pictures() | {"speakers.csv": table.encode()}))
    assert report.made.counts == {"cat": 5, "dog": 5}
    assert len(set(read_stored("mine", "images").more["group"].tolist())) == 3


def test_a_split_that_is_none_is_a_sentence(home: Path) -> None:
    table = "file,label,part\n" + "\n".join(f"{name},a,first" for name in pictures())
    reading = Reading()
    found = understand(zipped(pictures() | {"labels.csv": table.encode()}), "a.zip", reading=reading)
    assert found.labels_file is not None
    assert found.labels_file.split_column == ""
    with pytest.raises(TrainyardError, match=r"has the value 'first'\. Allowed are train, validation and test"):
        understand(
            zipped(pictures() | {"labels.csv": table.encode()}),
            "a.zip",
            reading=Reading(columns=type(reading.columns)(split="part")),
        )


# -- the command line --------------------------------------------------------------------------------------------------


def test_the_command_says_what_was_chosen_and_how_many_files_are_left_out(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = unzipped(topics(), tmp_path / "topics")
    assert main(["import", str(root), "--class-level", "2"]) == 0
    said = capsys.readouterr().out
    assert "cat 4, dog 4, oak 4, rose 4" in said
    assert "3 of 19 files were left out" in said
    assert "Folders are nested: the 4 folders at level 2 are taken as classes" in said
