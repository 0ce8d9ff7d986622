"""Texts without labels become a set to learn to write from, however they come."""

import io
from pathlib import Path
from typing import Any

import pytest

from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.folders import Arrangement
from engine.imports.importing import import_data
from engine.imports.sets import ImportReport
from engine.imports.understand import understand
from engine.imports.understood import Choice
from engine.modalities.text.pieces import LONGEST, pieces
from engine.preparation.prepare import prepare
from engine.runs import RunSpec, RunState
from engine.store import Store
from engine.training import fit
from tests.test_own_data import reviews, upload, zipped

POEMS = "\n\n".join(f"The {n} of us went out\nand {n * 7} came home again." for n in range(30))
WRITING = {"task": "text-generation", "dataset": "my-texts", "texts": "mine"}


def imported(file: io.BytesIO, filename: str, **changes: Any) -> ImportReport:
    """Import as understood, with what is chosen instead."""
    found = understand(file, filename)
    values = {"text_column": found.text_column, "label_column": found.label_column, "arrangement": found.arrangement}
    return import_data(file, filename, Choice(found.kind, "mine", layout=found.layout, **values | changes), found=found)


def texts() -> list[str]:
    """What was imported."""
    return list(datasets["my-texts"](texts="mine").load().inputs)


def test_one_text_file_is_cut_at_its_blank_lines_and_that_is_said(home: Path) -> None:
    report = imported(upload(POEMS), "poems.txt")
    assert (report.made.kind, report.made.tasks, report.made.counts) == ("texts", ("text-generation",), {})
    assert texts() == POEMS.split("\n\n")
    assert "cut into 30 texts, at blank lines" in report.problems[0].reason


def test_short_files_stay_whole_whatever_folder_they_are_in(home: Path) -> None:
    files = {
        f"{'spring' if n % 2 else '.'}/{n}.txt".removeprefix("./"): f"poem {n}\n\nends".encode() for n in range(12)
    }
    report = imported(zipped(files), "poems.zip")
    assert sorted(texts()) == sorted(f"poem {n}\n\nends" for n in range(12))
    assert report.problems == ()


def test_long_files_are_cut_although_their_folders_could_be_classes(home: Path) -> None:
    novels = {
        f"{who}/{n}.txt": "".join(f"{who} wrote {n}.{m}. " for m in range(3_000)).encode() for who in "ab" for n in "12"
    }
    report = imported(zipped(novels | {"a/cover.png": b"no text"}), "novels.zip")
    assert report.made.num_examples > 40
    assert "not a file of texts" in str(next(one.reason for one in report.problems if one.file == "a/cover.png"))


def test_folders_called_like_splits_are_splits(home: Path) -> None:
    files = {f"{split}/{n}.txt": f"{split} text {n}".encode() for split in ("train", "test") for n in range(10)}
    imported(zipped(files), "texts.zip")
    prepared = prepare(datasets["my-texts"](texts="mine"))
    assert set(prepared.arrays("test")[0]) == {f"test text {n}" for n in range(10)}


def test_a_column_of_a_table_alone_is_a_set_and_labels_can_be_left_aside(home: Path) -> None:
    lines = [f"a rather long sentence with the number {n} in it" for n in range(20)]
    report = imported(upload("text\n" + "".join(f'"{line}"\n' for line in lines) + '""\n'), "t.csv")
    assert (report.made.kind, report.made.tasks) == ("texts", ("text-generation",))
    assert texts() == lines
    assert imported(upload(reviews()), "films.csv", label_column="").made.counts == {}


def test_texts_with_labels_can_be_learned_to_write_too(home: Path) -> None:
    made = imported(upload(reviews()), "films.csv").made
    assert made.tasks == ("text-classification", "text-generation")
    spec = RunSpec.build(WRITING)
    assert (spec.dataset.task(), spec.dataset.load().targets) == ("text-generation", None)
    assert RunSpec.build(WRITING | {"task": "text-classification"}).dataset.load().labels == ("bad", "good")


def test_texts_without_labels_cannot_be_told_apart_and_the_sentence_says_what_they_can_be_used_for(home: Path) -> None:
    imported(upload(POEMS), "poems.txt")
    assert RunSpec.build({"dataset": "my-texts", "texts": "mine"}).task.name == "text-generation"
    with pytest.raises(TrainyardError, match="have no labels: they can be used for the task 'text-generation'"):
        prepare(RunSpec.build(WRITING | {"task": "text-classification"}).dataset)


@pytest.mark.parametrize(
    ("content", "number"),
    [("one line only", 1), ("", 0), (" \n\n \r\n", 0), ("again\n\n" * 100, 1), ("x" * 10_000_000, 1)],
)
def test_too_little_is_a_sentence(home: Path, content: str, number: int) -> None:
    with pytest.raises(TrainyardError, match=f"At least 10 different texts are needed; there are {number}"):
        imported(upload(content), "mine.txt")


def test_ten_megabytes_without_a_line_break_and_any_script_survive(home: Path) -> None:
    line = "".join(f"{n}שלום🙂" for n in range(600_000))
    assert len(line.encode()) > 10_000_000
    assert imported(upload(line), "mine.txt").made.num_examples > 1_000
    assert "".join(texts()) == line


def test_the_pieces_of_a_text_end_at_lines_and_words_where_there_are_any() -> None:
    assert all(len(piece) <= LONGEST for piece in pieces("word " * 10_000, alone=False))
    assert pieces("one\r\n \r\ntwo", alone=True) == ["one", "two"]
    assert pieces("one\n\ntwo", alone=False) == ["one\n\ntwo"]
    assert {piece[-4:] for piece in pieces("a few words\nin lines\n" * 500, alone=False)} <= {"ords", "ines"}
    assert "".join(pieces("ab" * 9_000, alone=True)) == "ab" * 9_000


def test_a_file_without_an_arrangement_is_read_as_one_without_labels(home: Path) -> None:
    file = upload(POEMS)
    assert import_data(file, "poems.md", Choice("texts", "mine")).made.num_examples == 30
    assert understand(file, "poems.md").arrangement == Arrangement(
        understand(file, "poems.md").arrangement.folders, labelled=False
    )  # type: ignore[union-attr]


def test_a_network_learns_to_write_like_them(store: Store) -> None:
    imported(upload(POEMS), "poems.txt")
    values = {"model": "lstm-lm", "units": 16, "epochs": 1, "batch_size": 8, "context_length": 16}
    run = store.runs.create(RunSpec.build(WRITING | values), slot="terminal")
    assert fit.train_run(store, run) is RunState.COMPLETED
    assert "test_perplexity" in store.runs.get(run.id).result
