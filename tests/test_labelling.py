"""Pictures that are labelled in a browser: stored at once, checked, proposed for, and a dataset in the end."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import service
from engine.access import Actor, Role, local_owner
from engine.datasets.stored.folder import Folder
from engine.datasets.stored.my_scenes import MyScenes
from engine.errors import TrainyardError
from engine.imports.labelled import Labelled, Proposal, Said, read_said
from engine.imports.sets import list_sets
from engine.preparation.prepare import prepare
from engine.service import opened
from engine.serving.answers import PredictResult
from engine.serving.proposing import propose_boxes
from engine.settings import settings
from engine.tasks.base import Prediction
from tests import seeding
from tests.pages.warm import Blind
from tests.test_archive import png
from ui.widgets.labeller import Told, read_told

ME = local_owner("ada")
BOX = (10.0, 6.0, 34.0, 24.0)
COUNT = 12


class Seeing(Blind):
    """A predictor that opens files in this process, and proposes the same box for each picture."""

    def propose(self, pictures: Sequence[bytes]) -> list[list[Proposal]]:
        """One box, half of it outside."""
        return [[Proposal((30.0, -5.0, 50.0, 20.0), "Cat", 0.7)] for _picture in pictures]

    def predict(self, run_id: int, files: list[tuple[str, bytes]]) -> list[PredictResult]:
        """One box, in pixels of a frame of 80."""
        one = {"label": "cup", "index": 0, "probability": 0.9, "left": 20, "top": 12, "right": 68, "bottom": 48}
        return [PredictResult(files[0][0], Prediction("objects", {"objects": [one], "width": 80, "height": 80}))]


def begun(kind: str = "boxed-pictures", count: int = COUNT, classes: Sequence[str] = ("cup", "spoon")) -> int:
    """A labelling of so many pictures of noise, 40 × 30."""
    made = service.labellings.begin(ME, kind, "Kitchen", classes)
    service.labellings.add(ME, Seeing(), made.id, [(f"{n}.png", png(n)) for n in range(count)])  # type: ignore[arg-type]
    return made.id


def boxed(*boxes: tuple[float, float, float, float], index: int = 0) -> Said:
    """These boxes of one class."""
    return Said(tuple(boxes), (index,) * len(boxes))


def test_ten_pictures_with_boxes_become_a_dataset_and_further_labels_its_next_version(home: object) -> None:
    number = begun()
    for picture in range(1, 11):
        service.labellings.save(ME, number, picture, boxed(BOX, index=picture % 2))
    service.labellings.save(ME, number, 11, Said(empty=True))
    labelling = service.labellings.get(ME, number)
    assert (labelling.num_pictures, labelling.num_done) == (COUNT, 11)
    assert service.labellings.open_numbers(ME, number) == [12]
    report = service.labellings.make(ME, number)
    assert (report.made.reference, report.made.kind, report.problems) == ("kitchen", "boxed-pictures", ())
    assert (report.made.num_examples, report.made.counts) == (11, {"cup": 5, "spoon": 5})
    assert [len(rows) for rows in prepare(MyScenes(pictures="kitchen")).targets].count(0) == 1

    again = service.labellings.begin(ME, "boxed-pictures", "Kitchen", ["fork"], "kitchen")
    assert (again.classes, again.num_done) == (("cup", "spoon", "fork"), 11)
    first = service.labellings.picture(ME, again.id, 1)
    assert (first.said.boxes, first.said.classes) == ((BOX,), (1,))
    service.labellings.save(ME, again.id, 1, boxed(BOX, (0, 0, 9, 9), index=2))
    made = service.labellings.make(ME, again.id).made
    assert (made.reference, made.counts) == ("kitchen@2", {"cup": 5, "fork": 2, "spoon": 4})


def test_classes_of_pictures_become_a_dataset(home: object) -> None:
    number = begun("images", count=7)
    for picture in range(1, 7):
        service.labellings.save(ME, number, picture, replace(boxed(BOX), label=picture % 2))
    assert service.labellings.picture(ME, number, 1).said == Said(label=1)
    made = service.labellings.make(ME, number, "Table").made
    assert (made.reference, made.title, made.counts) == ("table", "Table", {"cup": 3, "spoon": 3})
    assert len(prepare(Folder(folder="table")).inputs) == 6


def test_splits_of_a_dataset_are_kept_in_its_next_version(home: object) -> None:
    number = begun(count=0)
    splits = ["train"] * 8 + ["validation", "test"]
    rows = [Labelled(0, f"{n}.png", png(n), boxed(BOX), split) for n, split in enumerate(splits)]
    opened.store().labellings.add(number, rows)
    service.labellings.make(ME, number)
    again = service.labellings.begin(ME, "boxed-pictures", "Kitchen", (), "kitchen")
    assert [service.labellings.picture(ME, again.id, n + 1).split for n in range(10)] == splits


def test_boxes_are_cut_at_the_edges_and_what_a_browser_may_not_say_is_refused(home: object) -> None:
    number = begun(count=1)
    service.labellings.save(ME, number, 1, boxed((35, 20, -8, 99), (50, 50, 60, 60), (3, 3, 3.2, 9)))
    assert service.labellings.picture(ME, number, 1).said.boxes == ((0, 20, 35, 30),)
    with pytest.raises(TrainyardError, match="no class 3; there are 2"):
        service.labellings.save(ME, number, 1, boxed(BOX, index=2))
    with pytest.raises(TrainyardError, match="no picture 2"):
        service.labellings.save(ME, number, 2, Said())


@pytest.mark.parametrize(
    "told",
    [None, 3, {}, {"boxes": [[1, 2, 3]]}, *({"boxes": [[0, 0, at, 9]]} for at in (float("nan"), "x", None)),
     {"label": "cup"}, {"classes": [1]}, {"proposals": [{"box": [0, 0, 9, 9]}]}],
)  # fmt: skip
def test_what_is_no_description_of_a_picture_is_a_sentence(told: Any) -> None:
    whole = {"boxes": [], "classes": [], "label": None, "empty": False, "proposals": None}
    assert read_said(whole) == Said()
    if isinstance(told, dict) and told:
        told = whole | {"classes": [0] * len(told.get("boxes", ()))} | told
    with pytest.raises(TrainyardError, match="no label of a picture"):
        read_said(told)


def test_messages_of_a_browser_that_are_none_are_left_out() -> None:
    assert read_told({"sequence": 4, "picture": 1, "said": {}, "to": 2}) == Told(4, 1, {}, 2)
    assert read_told({"sequence": 4, "picture": 1, "said": {}, "to": 2, "back": None}) == Told(4, 1, {}, 2, None, True)
    assert [read_told(one) for one in (None, [], {"sequence": "4"}, {"sequence": 4, "picture": 1})] == [None] * 4
    assert read_told({"sequence": 4, "picture": 10**30, "said": {}, "to": 2}) is None


def test_proposals_come_from_the_shipped_detector_or_a_run_and_are_no_boxes(home: object) -> None:
    number = begun(count=2)
    assert service.labellings.propose(ME, Seeing(), number, 1) == 1  # type: ignore[arg-type]
    said = service.labellings.picture(ME, number, 1).said
    assert said == Said(proposals=(Proposal((30, 0, 40, 20), "Cat", 0.7),))
    assert not said.done
    run = seeding.completed(opened.store(), owner="ada")
    service.labellings.propose(ME, Seeing(), number, 2, run.id)  # type: ignore[arg-type]
    assert service.labellings.picture(ME, number, 2).said.proposals == (Proposal((10, 6, 34, 24), "cup", 0.9),)


def test_the_shipped_detector_proposes_boxes_in_pixels_of_the_picture() -> None:
    blank = io.BytesIO()
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(blank, "PNG")
    (found,) = propose_boxes([blank.getvalue()])
    assert all(0 <= at <= 40 for one in found for at in one["box"])
    json.dumps(found)


def test_a_zip_is_opened_elsewhere_and_what_is_no_picture_is_told(home: object) -> None:
    number, file = begun(count=0), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("in/one.jpg", png(1, (900, 600)))
        archive.writestr("in/two.png", b"<script>")
    problems = service.labellings.add(ME, Seeing(), number, [("all.zip", file.getvalue())])  # type: ignore[arg-type]
    assert [problem.file for problem in problems] == ["in/two.png"]
    picture = service.labellings.picture(ME, number, 1)
    with Image.open(io.BytesIO(picture.content)) as stored:
        assert (picture.name, stored.size, stored.mode) == ("one.png", (320, 213), "RGB")


def test_limits_are_told(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    number = begun()
    for setting, value in (("PICTURES", 10), ("CLASSES", 2)):
        monkeypatch.setenv(f"TRAINYARD_MAX_LABELLING_{setting}", str(value))
    monkeypatch.setenv("TRAINYARD_MAX_LABELLINGS", "1")
    settings.cache_clear()
    with pytest.raises(TrainyardError, match="There would be 13 pictures; a labelling may have 10"):
        service.labellings.add(ME, Seeing(), number, [("more.png", png(99))])  # type: ignore[arg-type]
    with pytest.raises(TrainyardError, match="You have 1 labellings already"):
        service.labellings.begin(ME, "images", "More")
    with pytest.raises(TrainyardError, match="There are 3 classes; a labelling may have 2"):
        service.labellings.name_classes(ME, number, ("a", "b", "c"))


def test_classes_are_renamed_and_added_by_name_and_boxes_keep_theirs(home: object) -> None:
    number = begun(count=1)
    service.labellings.save(ME, number, 1, boxed(BOX, index=1))
    service.labellings.name_classes(ME, number, ["cup", "ladle", " fork "])
    assert service.labellings.get(ME, number).classes == ("cup", "ladle", "fork")
    for names, words in ((["cup"], "2 names|3 classes"), (["a", "a", "b"], "called 'a'"), (["a", "", "b"], "no name")):
        with pytest.raises(TrainyardError, match=words):
            service.labellings.name_classes(ME, number, names)


def test_without_a_labelled_picture_there_is_no_dataset_and_others_see_nothing(home: object) -> None:
    number = begun(count=1)
    with pytest.raises(TrainyardError, match="No picture is labelled yet"):
        service.labellings.make(ME, number)
    assert list_sets() == []
    bob = Actor("bob", Role.MEMBER)
    assert service.labellings.list_all(bob) == []
    with pytest.raises(TrainyardError, match="does not exist"):
        service.labellings.picture(bob, number, 1)
    service.labellings.delete(ME, number)
    assert service.labellings.list_all(ME) == []


def test_pictures_of_a_deleted_labelling_are_not_left_in_the_database(home: Path) -> None:
    number = begun()
    pictures = [service.labellings.picture(ME, number, position).content for position in range(1, COUNT + 1)]

    def left() -> int:
        opened.close()  # from the log of SQLite into its file
        data = b"".join(path.read_bytes() for path in home.glob("trainyard.db*"))
        return sum(picture[-200:] in data for picture in pictures)

    assert left() == COUNT
    service.labellings.delete(ME, number)
    assert left() == 0
