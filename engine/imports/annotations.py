"""Where things are in pictures, as programs for labelling write it: COCO JSON, Pascal VOC XML, or text files of YOLO.

What is found of a picture stands as the label of its file until the picture is read: only then it is known how large it is, and
how it lies.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from engine.detection.boxes import Format
from engine.errors import TrainyardError
from engine.imports.folders import Arrangement, Folders, Placed
from engine.imports.sets import Problem
from engine.imports.splits import SPLIT_WORDS
from engine.readers.encodings import decode_text
from engine.readers.unpack import ArchiveError, Member
from engine.reading import plain_text
from engine.sentences import Sentence
from engine.settings import settings

_LONGEST_CLASS = 80
_NAMES_FILES = ("classes.txt", "obj.names", "names.txt", "labels.txt", "data.yaml", "data.yml", "dataset.yaml")
_MOST_JSON = 20


@dataclass(frozen=True)
class Boxed:
    """The boxes of one picture, as its file has them."""

    format: Format
    boxes: Sequence[Sequence[float]]
    """(boxes, 4) as `format` says."""
    classes: Sequence[str]
    """Of each box."""
    size: Sequence[int] = ()
    """Width and height of the picture, as its annotation says; empty where it does not."""

    def written(self) -> str:
        """Return it as the label of a file."""
        return json.dumps([self.format, self.boxes, self.classes, self.size], ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> "Boxed":
        """The inverse of `written`."""
        return cls(*json.loads(text))


@dataclass(frozen=True)
class Annotations:
    """All boxes of an archive."""

    title: str
    """The format, as people call it."""
    pictures: Mapping[str, Boxed] = field(repr=False)
    """By the path of a picture; empty of boxes where it is said that nothing is in it."""
    problems: tuple[Problem, ...] = ()
    endings: tuple[str, ...] = ()
    """Of the files that say it."""
    splits: Mapping[str, str] = field(default_factory=dict)

    @property
    def arrangement(self) -> Arrangement:
        """The boxes in the place of classes."""
        placed = {
            path: Placed(boxed.written(), self.splits.get(path, "") or _split_of(path))
            for path, boxed in self.pictures.items()
        }
        return Arrangement(Folders(class_level=0), placed, self.title, beside=self.endings)

    def counts(self) -> dict[str, int]:
        """Return the number of boxes of each class."""
        found: dict[str, int] = {}
        for boxed in self.pictures.values():
            for name in boxed.classes:
                found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items()))

    def remark(self) -> Sentence:
        """Say in which format the boxes are."""
        empty = sum(not boxed.boxes for boxed in self.pictures.values())
        return Sentence(
            "Boxes are read as {format}: {pictures:,} pictures with {boxes:,} boxes; nothing is in {empty:,} of them.",
            format=self.title,
            pictures=len(self.pictures),
            boxes=sum(len(boxed.boxes) for boxed in self.pictures.values()),
            empty=empty,
        )


def find_annotations(members: Sequence[Member], endings: Sequence[str]) -> Annotations | None:
    """Return what is said of most of the pictures, which have one of these `endings`; None where nothing is."""
    pictures = [member for member in members if member.path[-1].lower().endswith(tuple(endings))]
    if not pictures:
        return None
    readers: tuple[Callable[[Sequence[Member], Sequence[Member]], Annotations | None], ...] = (_coco, _voc, _yolo)
    found = [one for read in readers if (one := read(members, pictures)) is not None]
    return max(found, key=lambda one: len(one.pictures), default=None)


# -- COCO --------------------------------------------------------------------------------------------------------------


def _coco(members: Sequence[Member], pictures: Sequence[Member]) -> Annotations | None:
    found: dict[str, Boxed] = {}
    problems: list[Problem] = []
    splits: dict[str, str] = {}
    for member in [one for one in members if one.path[-1].lower().endswith(".json")][:_MOST_JSON]:
        data = _json(member)
        if not isinstance(data, dict) or not all(isinstance(data.get(k), list) for k in ("images", "annotations")):
            continue
        paths = _by_name(member, pictures)
        split = _split_of(member.name)
        for path, boxed in _of_coco(data, paths, problems):
            before = found.get(path)
            found[path] = boxed if before is None else _joined(before, boxed)
            splits[path] = split
    return Annotations("COCO JSON", found, tuple(problems), (".json",), splits) if found else None


def _of_coco(data: Mapping[str, Any], paths: Mapping[str, str], problems: list[Problem]) -> Iterator[tuple[str, Boxed]]:
    names = {one.get("id"): _class(one.get("name")) for one in _dicts(data.get("categories", []))}
    images = {one.get("id"): one for one in _dicts(data["images"]) if isinstance(one.get("id"), int | str)}
    of_image: dict[Any, list[tuple[list[float], str]]] = {number: [] for number in images}
    for one in _dicts(data["annotations"]):
        name = str(images.get(one.get("image_id"), {}).get("file_name", ""))
        where = f"{name} {one.get('id', '')}".strip()
        if one.get("image_id") not in of_image:
            _tell(
                problems,
                where,
                Sentence("It belongs to image {id!r}, which the file does not name.", id=str(one.get("image_id"))[:40]),
            )
        elif one.get("iscrowd"):
            _tell(problems, where, Sentence("It is marked as a crowd, which has no box of its own."))
        elif not (label := names.get(one.get("category_id"), "")):
            _tell(
                problems,
                where,
                Sentence("Its class {id!r} is not among the categories.", id=str(one.get("category_id"))[:40]),
            )
        elif (box := _numbers(one.get("bbox"))) is None:
            _tell(problems, where, Sentence("Its box is not four numbers: left, top, width, height."))
        else:
            of_image[one["image_id"]].append((box, label))
    for number, image in images.items():
        name = str(image.get("file_name", ""))
        if (path := _path(name, paths)) is None:
            _tell(problems, name, Sentence("It has annotations, but it is not among the files."))
            continue
        size = [image.get("width"), image.get("height")]
        told = [int(side) for side in size if isinstance(side, int | float) and 0 < side < 1e6]
        rows = of_image[number]
        yield (
            path,
            Boxed(
                "xywh", [box for box, _label in rows], [label for _box, label in rows], told if len(told) == 2 else []
            ),
        )


# -- Pascal VOC --------------------------------------------------------------------------------------------------------


def _voc(members: Sequence[Member], pictures: Sequence[Member]) -> Annotations | None:
    found: dict[str, Boxed] = {}
    problems: list[Problem] = []
    paths = _by_name(None, pictures)
    for member in members:
        if not member.path[-1].lower().endswith(".xml"):
            continue
        try:
            root = _xml(member)
        except ArchiveError:
            raise
        except TrainyardError as error:
            _tell(problems, member.name, error.sentence)
            continue
        if root is None:
            continue
        name = (root.findtext("filename") or "").strip()
        path = _path(name, paths) or _path(str(PurePosixPath(member.name).with_suffix("")), paths)
        path = path or paths.get(PurePosixPath(member.name).stem)
        if path is None:
            _tell(
                problems, member.name, Sentence("It is about {name!r}, which is not among the files.", name=name[-80:])
            )
            continue
        found[path] = _of_voc(root, member.name, problems)
    return Annotations("Pascal VOC XML", found, tuple(problems), (".xml",)) if found else None


def _of_voc(root: Any, where: str, problems: list[Problem]) -> Boxed:
    rows = []
    for thing in root.iter("object"):
        label = _class(thing.findtext("name"))
        corners = thing.find("bndbox")
        box = (
            _numbers([corners.findtext(side) for side in ("xmin", "ymin", "xmax", "ymax")])
            if corners is not None
            else None
        )
        if not label or box is None:
            _tell(problems, where, Sentence("One of its objects has no class, or no box of four numbers."))
            continue
        rows.append((box, label))
    size = _numbers([root.findtext("size/width"), root.findtext("size/height")], 2)
    told = [int(side) for side in size] if size and min(size) > 0 else []
    return Boxed("xyxy", [box for box, _label in rows], [label for _box, label in rows], told)


def _xml(member: Member) -> Any:
    """The root of an annotation, None where it is another document. Entities and what lies outside are refused."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    data = member.read()
    _check_size(data, member)
    try:
        root = fromstring(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise TrainyardError(
            "{name!r} is no readable XML ({error}).", name=member.name[-80:], error=type(error).__name__
        ) from error
    return root if root.tag == "annotation" else None


# -- YOLO --------------------------------------------------------------------------------------------------------------


def _yolo(members: Sequence[Member], pictures: Sequence[Member]) -> Annotations | None:
    listed = (_names(member) for member in members if member.path[-1].lower() in _NAMES_FILES)
    names: list[str] = next(filter(None, listed), [])
    texts = [
        one for one in members if one.path[-1].lower().endswith(".txt") and one.path[-1].lower() not in _NAMES_FILES
    ]
    paths = _by_place(pictures)
    found: dict[str, Boxed] = {}
    problems: list[Problem] = []
    boxes = 0
    for member in texts:
        path = paths.get(_place(member))
        if path is None:
            _tell(problems, member.name, Sentence("There is no picture of this name."))
            continue
        boxed = _of_yolo(member, names, problems)
        if boxed is not None:
            found[path] = boxed
            boxes += len(boxed.boxes)
    return Annotations("YOLO", found, tuple(problems), (".txt", ".yaml", ".yml", ".names")) if boxes else None


def _of_yolo(member: Member, names: Sequence[str], problems: list[Problem]) -> Boxed | None:
    """The boxes of one file; None where it is a text about something else."""
    rows, lines = [], [line.split() for line in _text(member).splitlines() if line.strip()]
    for number, cells in enumerate(lines, 1):
        values = _numbers(cells, len(cells))
        if values is None or len(values) < 5 or values[0] != int(values[0]) or values[0] < 0:
            if number == 1:
                return None
            _tell(problems, f"{member.name}:{number}", Sentence("It is not a class and a box of four shares."))
            continue
        index, places = int(values[0]), values[1:]
        if names and index >= len(names):
            _tell(
                problems,
                f"{member.name}:{number}",
                Sentence("Its class {index} is not among the {count} that are named.", index=index, count=len(names)),
            )
            continue
        box = places[:4] if len(places) in (4, 5) else _around(places)  # a fifth is how sure somebody's network was
        rows.append((box, names[index] if names else f"class {index}"))
    return Boxed("relative-cxcywh", [box for box, _label in rows], [label for _box, label in rows])


def _around(outline: Sequence[float]) -> list[float]:
    """x, y, x, y ... of an outline -> the box around it."""
    x, y = np.asarray(outline[0 : len(outline) // 2 * 2 : 2]), np.asarray(outline[1::2])
    low, high = (float(x.min()), float(y.min())), (float(x.max()), float(y.max()))
    return [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, high[0] - low[0], high[1] - low[1]]


def _names(member: Member) -> list[str]:
    """Names of classes: a line each, or `names` of a YAML file as a list or with numbers."""
    text = _text(member)
    if not member.path[-1].lower().endswith((".yaml", ".yml")):
        return [_class(line) for line in text.splitlines() if line.strip()]
    after = re.split(r"(?m)^names[ \t]*:", text, maxsplit=1)
    if len(after) < 2:
        return []
    inline = re.match(r"\s*\[(.*?)\]", after[1], re.DOTALL)
    if inline:
        return [_class(one.strip().strip("'\"")) for one in inline[1].split(",") if one.strip()]
    found = []
    for line in after[1].splitlines()[1:]:
        row = re.match(r"\s*(?:-|\d+\s*:)\s*(.+?)\s*$", line)
        if not row:
            if line.strip():
                break
            continue
        found.append(_class(row[1].strip("'\"")))
    return found


# -- together ----------------------------------------------------------------------------------------------------------


def _json(member: Member) -> Any:
    data = member.read()
    _check_size(data, member)
    try:
        return json.loads(decode_text(data, member.name).text)
    except (ValueError, RecursionError):
        return None


def _text(member: Member) -> str:
    data = member.read()
    _check_size(data, member)
    try:
        return decode_text(data, member.name).text
    except ArchiveError:
        raise
    except TrainyardError:
        return ""


def _check_size(data: bytes, member: Member) -> None:
    if len(data) > settings().max_table_mb * 1_000_000:
        raise TrainyardError(
            "{name!r} is larger than {limit} MB (TRAINYARD_MAX_TABLE_MB).",
            name=member.name[-80:],
            limit=settings().max_table_mb,
        )


def _dicts(values: Any) -> Iterable[Mapping[str, Any]]:
    return (one for one in values if isinstance(one, dict)) if isinstance(values, list) else ()


def _numbers(values: Any, count: int = 4) -> list[float] | None:
    """So many finite numbers; None for anything else."""
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if len(found) == count and np.isfinite(found).all() else None


def _class(name: Any) -> str:
    return plain_text(str(name or "").strip(), _LONGEST_CLASS)


def _tell(problems: list[Problem], file: str, reason: Sentence) -> None:
    if len(problems) < settings().max_archive_files:
        problems.append(Problem(plain_text(file[-200:], 200), reason))


def _joined(one: Boxed, other: Boxed) -> Boxed:
    return Boxed(one.format, [*one.boxes, *other.boxes], [*one.classes, *other.classes], one.size or other.size)


def _split_of(path: str) -> str:
    """The split that a folder or the name of a file says: `train/a.png`, `instances_val2017.json`."""
    for part in reversed(path.split("/")):
        for word in re.split(r"[^a-z]+", PurePosixPath(part).stem.lower()):
            if word in ("train", "training", "val", "valid", "validation", "test"):
                return word if word in SPLIT_WORDS else ""
    return ""


def _by_name(beside: Member | None, pictures: Sequence[Member]) -> dict[str, str]:
    """The path of each picture by all that a file may call it: from its own folder, from the top, by name or stem alone."""
    found: dict[str, str] = {}
    for picture in pictures:
        for name in (picture.path[-1], PurePosixPath(picture.path[-1]).stem):
            found.setdefault(name, picture.name)
    for picture in pictures:
        found[picture.name] = picture.name
        found[str(PurePosixPath(picture.name).with_suffix(""))] = picture.name
    start = beside.path[:-1] if beside else ()
    for picture in pictures:
        if start and picture.path[: len(start)] == start:
            found["/".join(picture.path[len(start) :])] = picture.name
            found[picture.path[-1]] = picture.name
    return found


def _path(name: str, paths: Mapping[str, str]) -> str | None:
    plain = name.strip().replace("\\", "/").removeprefix("./")
    return paths.get(plain) or paths.get(plain.rsplit("/", 1)[-1]) if plain else None


def _place(member: Member) -> str:
    """Where a file is, without its ending and the folders that hold pictures apart from labels."""
    parts = [part for part in member.path[:-1] if part.lower() not in ("images", "labels", "jpegimages", "annotations")]
    return "/".join([*parts, PurePosixPath(member.path[-1]).stem])


def _by_place(pictures: Sequence[Member]) -> dict[str, str]:
    return {_place(picture): picture.name for picture in pictures}
