"""Pictures of one's own with boxes: three formats, turned pictures, and boxes that cannot be used, which are listed."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.boxed import LEAST_PICTURES
from engine.imports.importing import import_data
from engine.imports.sets import ImportReport
from engine.imports.understand import understand
from engine.imports.understood import Choice
from engine.modalities.scene.own import LARGEST_SIDE
from engine.preparation.prepare import PreparedDataset, prepare
from engine.readers.images import upright_transform
from engine.settings import settings

WIDE, HIGH, COUNT = 60, 40, 12
BOX = (10, 6, 34, 30)
"""Left, top, right, bottom of the bright rectangle in each picture."""


def picture(number: int = 0, orientation: int = 1, size: tuple[int, int] = (WIDE, HIGH)) -> bytes:
    """A dark picture with a bright rectangle, as it lies in its file."""
    pixels = np.full((size[1], size[0], 3), number, np.uint8)
    pixels[BOX[1] : BOX[3], BOX[0] : BOX[2]] = 255
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def zipped(files: Mapping[str, bytes | str]) -> io.BytesIO:
    """A zip of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    file.seek(0)
    return file


def pictures(count: int = COUNT) -> dict[str, bytes | str]:
    """Pictures that differ."""
    return {f"images/{i:02}.jpg": picture(i) for i in range(count)}


def coco(count: int = COUNT, **more: list[Any]) -> str:
    """One box in each picture but the first, two classes in turn."""
    found: dict[str, list[Any]] = {
        "images": [{"id": i, "file_name": f"{i:02}.jpg", "width": WIDE, "height": HIGH} for i in range(count)],
        "annotations": [
            {
                "id": i,
                "image_id": i,
                "category_id": 1 + i % 2,
                "bbox": [BOX[0], BOX[1], BOX[2] - BOX[0], BOX[3] - BOX[1]],
            }
            for i in range(1, count)
        ],
        "categories": [{"id": 1, "name": "猫"}, {"id": 2, "name": "dog"}],
    }
    return json.dumps({key: values + more.get(key, []) for key, values in found.items()})


def voc(name: str, label: str = "dog", box: tuple[float, ...] = BOX) -> str:
    """One object."""
    sides = "".join(f"<{side}>{at}</{side}>" for side, at in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
    size = f"<size><width>{WIDE}</width><height>{HIGH}</height><depth>3</depth></size>"
    return f"<annotation><filename>{name}</filename>{size}<object><name>{label}</name><bndbox>{sides}</bndbox></object></annotation>"


def yolo(index: int = 1, box: tuple[float, ...] = BOX) -> str:
    """One object."""
    left, top, right, bottom = box
    return f"{index} {(left + right) / 2 / WIDE} {(top + bottom) / 2 / HIGH} {(right - left) / WIDE} {(bottom - top) / HIGH}\n"


def imported(file: io.BytesIO) -> ImportReport:
    """Import what is understood."""
    found = understand(file, "mine.zip")
    assert found.kind == "boxed-pictures"
    choice = Choice(found.kind, "mine", "Mine", arrangement=found.arrangement)
    return import_data(file, "mine.zip", choice, found=found)


def prepared(report: ImportReport, **values: Any) -> PreparedDataset:
    """The dataset as networks get it."""
    return prepare(datasets["my-scenes"].parse({"pictures": report.made.reference} | values))


def bright(pixels: np.ndarray) -> list[int]:
    """Left, top, right, bottom of what is bright."""
    rows, columns = (np.flatnonzero((pixels[..., 0] > 190).any(axis=axis)) for axis in (1, 0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def reasons(report: ImportReport) -> str:
    """All that was left out."""
    return "\n".join(f"{problem.file}: {problem.reason}" for problem in report.problems)


FORMATS = {
    "coco": lambda: pictures() | {"annotations/instances.json": coco()},
    "voc": lambda: (
        pictures() | {f"annotations/{i:02}.xml": voc(f"{i:02}.jpg", "dog" if i % 2 else "猫") for i in range(COUNT)}
    ),
    "yolo": lambda: (
        pictures()
        | {f"labels/{i:02}.txt": yolo(i % 2) if i else "" for i in range(COUNT)}
        | {"data.yaml": "train: images\nnc: 2\nnames:\n  0: 猫\n  1: 'dog'\n"}
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_three_formats_say_the_same_boxes(home: Path, name: str) -> None:
    report = imported(zipped(FORMATS[name]()))
    assert report.made.num_examples == COUNT
    assert report.made.labels == ("dog", "猫")
    assert not report.problems
    data = prepared(report, image_size=96)
    assert data.inputs.shape == (COUNT, 96, 96, 3)
    boxed = [i for i in range(COUNT) if len(data.targets[i])]
    assert len(boxed) == (COUNT if name == "voc" else COUNT - 1)
    for i in boxed:
        np.testing.assert_allclose(data.targets[i][0, :4], np.array(BOX) * 96 / WIDE, atol=0.6)
        np.testing.assert_allclose(data.targets[i][0, :4], bright(np.asarray(data.inputs[i])), atol=1.1)
    assert sum(len(data.indices(split)) for split in ("train", "validation", "test")) == COUNT


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_with_a_picture_that_lies(home: Path, orientation: int) -> None:
    files = pictures() | {"images/01.jpg": picture(1, orientation), "a.json": coco()}
    data = prepared(imported(zipped(files)), image_size=96)
    [one] = [i for i in range(COUNT) if np.asarray(data.inputs[i])[0, 0, 0] == 1] or [1]
    np.testing.assert_allclose(data.targets[one][0, :4], bright(np.asarray(data.inputs[one])), atol=1.2)


def test_the_upright_transform_is_that_of_pillow() -> None:
    from PIL import ImageOps

    for orientation in range(1, 9):
        with Image.open(io.BytesIO(picture(0, orientation))) as image:
            upright = np.asarray(ImageOps.exif_transpose(image))
        corners = np.array([[BOX[0], BOX[1], 1], [BOX[2], BOX[3], 1]], float).T
        x, y = (upright_transform((WIDE, HIGH), orientation) @ corners)[:2]
        np.testing.assert_allclose([x.min(), y.min(), x.max(), y.max()], bright(upright), atol=1.1)


def test_a_box_of_the_upright_picture_stays_where_it_is(home: Path) -> None:
    upright = [HIGH - BOX[3], BOX[0], BOX[3] - BOX[1], BOX[2] - BOX[0]]  # turned clockwise
    told = json.loads(coco())
    told["images"][1] |= {"width": HIGH, "height": WIDE}
    told["annotations"][0]["bbox"] = upright
    files = pictures() | {"images/01.jpg": picture(1, 6), "a.json": json.dumps(told)}
    data = prepared(imported(zipped(files)), image_size=96)
    np.testing.assert_allclose(data.targets[1][0, :4], bright(np.asarray(data.inputs[1])), atol=1.2)


def test_a_large_picture_and_its_boxes_are_stored_smaller(home: Path) -> None:
    files = pictures() | {"images/01.jpg": picture(1, size=(4 * LARGEST_SIDE, 40))}
    told = json.loads(coco())
    told["images"][1] |= {"width": 4 * LARGEST_SIDE}
    report = imported(zipped(files | {"a.json": json.dumps(told)}))
    data = prepared(report, image_size=320)
    np.testing.assert_allclose(data.targets[1][0, :4], np.array(BOX) / 4, atol=0.01)


def test_boxes_that_cannot_be_used_are_listed_and_the_others_stay(home: Path) -> None:
    bad = [
        {"id": 50, "image_id": 1, "category_id": 1, "bbox": [500, 500, 10, 10]},
        {"id": 51, "image_id": 1, "category_id": 1, "bbox": [5, 5, 0, 10]},
        {"id": 52, "image_id": 1, "category_id": 1, "bbox": [-20, 5, 40, 10]},
        {"id": 53, "image_id": 1, "category_id": 9, "bbox": [5, 5, 10, 10]},
        {"id": 54, "image_id": 1, "category_id": 1, "bbox": [5, 5, "x", 10]},
        {"id": 55, "image_id": 777, "category_id": 1, "bbox": [5, 5, 10, 10]},
        {"id": 56, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "iscrowd": 1},
        {"id": 57, "image_id": 1, "category_id": 1, "bbox": [1e308, float("inf"), 1, 1]},
        "no annotation",
    ]
    missing = {"id": 99, "file_name": "gone.jpg", "width": 1, "height": 1}
    files = pictures() | {"images/alone.jpg": picture(40), "images/broken.jpg": b"\xff\xd8\xff"}
    report = imported(zipped(files | {"a.json": coco(annotations=bad, images=[missing])}))
    told = reasons(report)
    assert "2 of its 4 boxes are empty or outside of the picture and were left out; 1 were cut" in told
    for words in (
        "'9' is not among the categories",
        "not four numbers",
        "'777'",
        "a crowd",
        "gone.jpg: It has annotations",
        "alone.jpg",
    ):
        assert words in told
    data = prepared(report, image_size=96)
    assert report.made.num_examples == COUNT
    assert (data.targets.values[:, :4] >= 0).all()
    assert len(data.targets[1]) == 2


def test_unknown_classes_and_lines_of_text_files_are_listed(home: Path) -> None:
    files = FORMATS["yolo"]() | {
        "labels/03.txt": yolo(1) + "7 0.5 0.5 0.1 0.1\n1 0.5\n1 0.1 0.1 0.5 0.1 0.5 0.6 0.1 0.6\n",
        "labels/99.txt": yolo(),
    }
    report = imported(zipped(files))
    told = reasons(report)
    assert "Its class 7 is not among the 2 that are named" in told
    assert "labels/03.txt:3: It is not a class and a box" in told
    assert "labels/99.txt: There is no picture of this name" in told
    boxes = prepared(report, image_size=96).targets[3]
    np.testing.assert_allclose(
        boxes[1, :4], np.array([0.1 * WIDE, 0.1 * HIGH, 0.5 * WIDE, 0.6 * HIGH]) * 96 / WIDE, atol=0.1
    )


def test_hostile_xml_is_refused_by_name(home: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "x">]><annotation><filename>&b;</filename></annotation>'
    report = imported(zipped(FORMATS["voc"]() | {"annotations/bomb.xml": bomb, "annotations/half.xml": "<annotation>"}))
    told = reasons(report)
    assert "'annotations/bomb.xml' is no readable XML (EntitiesForbidden)" in told
    assert "'annotations/half.xml' is no readable XML" in told


def test_five_hundred_boxes_are_learned_and_a_thousand_and_one_are_refused(home: Path) -> None:
    many = [{"id": 100 + i, "image_id": 2, "category_id": 1, "bbox": [i % 50, i // 50, 9, 9]} for i in range(500)]
    report = imported(zipped(pictures() | {"a.json": coco(annotations=many)}))
    assert len(prepared(report).targets[2]) == 501
    report = imported(zipped(pictures() | {"a.json": coco(annotations=many * 3)}))
    assert "a picture may have 1,000 (TRAINYARD_MAX_BOXES)" in reasons(report)
    assert settings().max_boxes == 1_000


def test_folders_say_the_splits(home: Path) -> None:
    splits = {name: ("train", "valid", "test")[i % 3] for i, name in enumerate(sorted(pictures(30)))}
    files = {f"{split}/{name.split('/')[1]}": picture(i) for i, (name, split) in enumerate(splits.items())}
    told = json.loads(coco(30))
    for split in ("train", "valid", "test"):
        there = [one for i, one in enumerate(told["images"]) if i % 3 == ("train", "valid", "test").index(split)]
        files[f"{split}/_annotations.coco.json"] = json.dumps(told | {"images": there, "annotations": [
            one for one in told["annotations"] if one["image_id"] in {image["id"] for image in there}
        ]}).encode()  # fmt: skip
    data = prepared(imported(zipped(files)))
    assert [len(data.indices(split)) for split in ("train", "validation", "test")] == [10, 10, 10]


def test_too_few_pictures_are_a_sentence(home: Path) -> None:
    with pytest.raises(TrainyardError, match=rf"3 pictures with 2 boxes; at least {LEAST_PICTURES} pictures"):
        imported(zipped(pictures(3) | {"a.json": coco(3)}))


def test_pictures_without_boxes_are_still_pictures(home: Path) -> None:
    files = {f"{'ab'[i % 2]}/{i}.jpg": picture(i) for i in range(8)}
    assert understand(zipped(files | {"notes.json": "{}", "a/readme.txt": "hello there"}), "mine.zip").kind == "images"
