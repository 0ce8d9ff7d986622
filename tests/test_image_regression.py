"""Numbers from images: files with a number each are imported, and a network learns to say it."""

import io
import itertools
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.cli import main
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.collected import read_stored
from engine.imports.importing import import_data
from engine.imports.labels_file import ChosenColumns
from engine.imports.measured import suited
from engine.imports.own_kinds import own_kind
from engine.imports.understand import understand
from engine.imports.understood import Choice, Reading, Understood
from engine.runs import RunSpec
from engine.targets import Values
from engine.tasks.base import tasks


def picture(number: int) -> bytes:
    """A grey picture that is as bright as its number says."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 40 + 5 * number, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> io.BytesIO:
    """A zip of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made


def pictures(count: int = 30) -> dict[str, bytes]:
    """Pictures without folders."""
    return {f"{index:02}.png": picture(index) for index in range(count)}


def with_table(table: str, files: dict[str, bytes] | None = None, name: str = "ages.csv") -> io.BytesIO:
    """A zip of pictures, and a table beside them."""
    return zipped((files or pictures()) | {name: table.encode()})


AGES = "file,age,note\n" + "\n".join(f"{index:02}.png,{index / 2},x" for index in range(30))


def choice(found: Understood, kind: str = "") -> Choice:
    """What was understood, as it is."""
    return Choice(kind or found.kind, "mine", arrangement=found.arrangement, names_encoding=found.names_encoding)


def test_pictures_with_a_table_of_numbers_are_imported_with_them(home: Path) -> None:
    source = with_table(AGES)
    found = understand(source, "faces.zip")
    assert found.kind == "measured-images"
    assert any("the number of each in 'age'" in str(remark) for remark in found.remarks)
    made = import_data(source, "faces.zip", choice(found)).made
    assert (made.num_examples, made.counts, made.roles, made.tasks) == (
        30,
        {},
        {"target": "age"},
        ("image-regression",),
    )
    stored = read_stored("mine", "measured-images")
    by_name = dict(zip(stored.names.tolist(), stored.targets.tolist(), strict=True))
    assert by_name == {f"{index:02}.png": index / 2 for index in range(30)}
    examples = datasets["my-measured-images"](measured="mine", image_size=28).load()
    assert examples.inputs.shape == (30, 28, 28, 3)
    assert (examples.target, examples.labels) == ("age", ())
    spec = RunSpec.build({"dataset": "my-measured-images", "measured": "mine"})
    assert spec.task.name == "image-regression"


def test_decimal_commas_splits_and_groups_are_understood(home: Path) -> None:
    rows = (f"{i:02}.png;{i},5;{'test' if i % 3 == 0 else 'train'};who{i % 7}" for i in range(30))
    source = with_table("path;value;split;person\n" + "\n".join(rows))
    found = understand(source, "a.zip")
    import_data(source, "a.zip", choice(found))
    stored = read_stored("mine", "measured-images")
    assert sorted(stored.targets.tolist()) == [index + 0.5 for index in range(30)]
    assert np.bincount(stored.more["split"]).tolist() == [20, 0, 10]
    assert len(set(stored.more["group"].tolist())) == 7


@pytest.mark.parametrize(
    ("cell", "said"), [("", "no number for it in the column 'age'"), ("inf", "no number"), (None, "no number")]
)
def test_files_without_a_number_are_left_out_and_listed(cell: str | None, said: str, home: Path) -> None:
    rows = [f"{i:02}.png,{i}" for i in range(30)]
    rows[7:8] = [] if cell is None else [f"07.png,{cell}"]
    source = with_table("file,age\n" + "\n".join(rows))
    found = understand(source, "a.zip")
    assert found.left_out == 1
    assert said in str(found.problems[0].reason)
    report = import_data(source, "a.zip", choice(found))
    assert report.made.num_examples == 29
    assert [problem.file for problem in report.problems] == ["07.png"]


def test_few_numbers_in_a_column_of_labels_stay_classes(home: Path) -> None:
    table = "file,label\n" + "\n".join(f"{index:02}.png,{index % 3}" for index in range(30))
    assert understand(with_table(table), "a.zip").kind == "images"
    found = understand(with_table(table), "a.zip", "measured-images")
    assert found.kind == "measured-images"
    assert found.counts == {"0.0": 10, "1.0": 10, "2.0": 10}


def test_folders_are_classes_whatever_a_table_says_beside_them(home: Path) -> None:
    files = {f"{('cat', 'dog')[index % 2]}/{index}.png": picture(index) for index in range(30)}
    table = "file,width\n" + "\n".join(f"{name},{index}" for index, name in enumerate(files))
    found = understand(with_table(table, files), "a.zip")
    assert (found.kind, found.counts) == ("images", {"cat": 15, "dog": 15})


def test_another_column_and_another_kind_can_be_chosen(home: Path) -> None:
    table = "file,left,right\n" + "\n".join(f"{index:02}.png,{index},{100 + index}" for index in range(30))
    reading = Reading(columns=ChosenColumns(label="right"))
    found = understand(with_table(table), "a.zip", "measured-images", reading=reading)
    assert list(found.counts)[:2] == ["100.0", "101.0"]
    classes = suited(understand(with_table(AGES), "a.zip"), own_kind("images"))
    assert classes is not None
    assert not classes.measure
    assert suited(found, own_kind("measured-images")) == found.arrangement


def test_numbers_that_no_table_gives_are_a_sentence(home: Path) -> None:
    files = {f"{('cat', 'dog')[index % 2]}/{index}.png": picture(index) for index in range(30)}
    found = understand(zipped(files), "a.zip")
    with pytest.raises(TrainyardError, match="No table beside the files gives each a number"):
        suited(found, own_kind("measured-images"))
    with pytest.raises(TrainyardError, match="No table beside the files gives each a number"):
        import_data(zipped(files), "a.zip", choice(found, "measured-images"))


def test_too_few_numbers_are_a_sentence(home: Path) -> None:
    source = with_table("file,age\n" + "\n".join(f"{i:02}.png,{i}" for i in range(9)), pictures(9))
    found = understand(source, "a.zip", "measured-images")
    assert "at least 10 are needed" in str(found.too_few)
    with pytest.raises(TrainyardError, match="There are 9 images with a number; at least 10 are needed"):
        import_data(source, "a.zip", choice(found))


def test_the_command_line_imports_what_the_page_does(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "faces.zip").write_bytes(with_table(AGES).getvalue())
    assert main(["import", str(tmp_path / "faces.zip"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["num_examples"]) == ("measured-images", 30)


def test_the_embedded_pictures_show_as_many_emoji_as_they_say() -> None:
    examples = datasets["emoji-counts"]().load()
    assert examples.inputs.shape == (4_000, 64, 64, 3)
    assert np.bincount(examples.targets.astype(int)).tolist() == [400] * 10
    assert examples.test is not None
    assert examples.test.sum() == 600
    empty = examples.inputs[examples.targets == 0]
    assert (empty == empty[:, :1, :1]).all()  # nothing but ground
    covered = (examples.inputs != examples.inputs[:, :1, :1]).any(-1).mean((1, 2))
    means = [covered[examples.targets == count].mean() for count in range(1, 9)]
    assert all(one < other for one, other in itertools.pairwise(means))


def test_targets_of_images_are_plain_numbers() -> None:
    assert isinstance(tasks["image-regression"].targets, Values)
    assert tasks["image-regression"].modality == "image"
