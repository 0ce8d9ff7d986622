"""A table in an archive that says of each file its class or number, its group or its split: labels.csv, metadata.jsonl and the like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from engine.errors import TrainyardError, unknown_name
from engine.imports.folders import Placed
from engine.imports.splits import SPLIT_WORDS
from engine.readers.kinds import TABLE_ENDINGS
from engine.readers.tables import TableFile, read_table
from engine.readers.unpack import Member
from engine.reading import cell_text, plain_text

_MOST_TABLES = 5
"""More tables among files are files of another kind."""
_LEAST_FILES = 6
"""Fewer files than two classes need are notes beside a table."""
_LABEL_WORDS = ("label", "labels", "class", "class_name", "classname", "category", "target", "标签", "类别", "分类")
_VALUE_WORDS = (
    *("value", "number", "count", "amount", "age", "angle", "size", "weight", "score", "rating", "price"),
    *("数值", "数量", "年龄", "角度", "分数", "评分", "价格"),
)
_MOST_NUMBERED_CLASSES = 20
"""Different numbers in a column of classes that are still likely to be names of classes."""
_GROUP_WORDS = (
    *("group", "speaker", "speaker_id", "client_id", "patient", "patient_id", "subject", "author", "source", "person"),
    *("分组", "说话人", "来源", "作者"),
)
_SPLIT_WORDS = ("split", "subset", "partition", "fold", "set", "usage", "划分", "数据集")


@dataclass(frozen=True)
class LabelsFile:
    """The table, and which of its columns says what; "" where none does."""

    name: str
    columns: tuple[str, ...]
    file_column: str
    label_column: str = ""
    group_column: str = ""
    split_column: str = ""
    placed: Mapping[str, Placed] = field(default_factory=dict, repr=False)
    """By the path of a file in the archive, what is said of it."""
    value_column: str = ""
    values: Mapping[str, Placed] = field(default_factory=dict, repr=False)
    """The same with the number of its value column as label, of files that have one."""
    measures: bool = False
    """Whether the files are likelier to have numbers than classes."""


@dataclass(frozen=True)
class ChosenColumns:
    """Columns chosen instead of the guess; "" leaves it to the guess."""

    label: str = ""
    group: str = ""
    split: str = ""


def find_labels_file(members: Sequence[Member], chosen: ChosenColumns | None = None) -> LabelsFile | None:
    """Return the first table in which a column names most of the other files, or None."""
    tables = [member for member in members if _is_table(member)]
    files = [member for member in members if not _is_table(member)]
    if len(files) < _LEAST_FILES or not 0 < len(tables) <= _MOST_TABLES:
        return None
    for member in sorted(tables, key=lambda one: len(one.path)):
        try:
            table = read_table(member.read(), member.name)
        except TrainyardError:  # it is not a table, and is reported when it is imported as a file
            continue
        if found := _understood(member, table, files, chosen or ChosenColumns()):
            return found
    return None


def _is_table(member: Member) -> bool:
    return member.path[-1].lower().endswith(TABLE_ENDINGS)


def _understood(member: Member, table: TableFile, files: Sequence[Member], chosen: ChosenColumns) -> LabelsFile | None:
    columns = {name: _words(cells) for name, cells in table.columns.items()}
    paths = _by_name(member, files)
    hits = {name: sum(_plain(word) in paths for word in words) for name, words in columns.items()}
    file_column = max(hits, key=hits.__getitem__, default="")
    if not file_column or 2 * hits[file_column] < min(len(files), len(columns[file_column])) or not hits[file_column]:
        return None
    for column in filter(None, (chosen.label, chosen.group, chosen.split)):
        if column not in columns:
            raise unknown_name("column", column, columns)
    label = chosen.label or _named(columns, _LABEL_WORDS)
    group = chosen.group or _named(columns, _GROUP_WORDS)
    split = chosen.split or _split_column(columns)
    value = _value_column(table, chosen.label or label, (file_column, group, split))
    numbers = _numbers(table, value)
    empty = [""] * len(columns[file_column])
    rows = zip(columns[file_column], *(columns.get(name, empty) for name in (label, split, group)), strict=True)
    placed = {
        paths[_plain(file)]: Placed(word, _split(which, split), who)
        for file, word, which, who in rows
        if _plain(file) in paths and (word or not label)
    }
    values = {
        paths[_plain(file)]: Placed(number, placed[paths[_plain(file)]].split, placed[paths[_plain(file)]].group)
        for file, number in zip(columns[file_column], numbers, strict=False)
        if number and paths.get(_plain(file)) in placed
    }
    measures = bool(values) and (_are_many(values) if label == value else not label and not _in_classes(files))
    return LabelsFile(member.name, tuple(columns), file_column, label, group, split, placed, value, values, measures)


def _are_many(values: Mapping[str, Placed]) -> bool:
    """Whether there are more different numbers than classes usually have."""
    return len({placed.label for placed in values.values()}) > _MOST_NUMBERED_CLASSES


def _in_classes(files: Sequence[Member]) -> bool:
    """Whether the files lie in several folders, which may be their classes."""
    return len({member.path[:-1] for member in files}) > 1


def _value_column(table: TableFile, label: str, others: Sequence[str]) -> str:
    """The column of numbers: that of the labels, one that is called like a value, or the only one that is left."""
    numeric = [name for name, decided in table.decided.items() if decided.numbers is not None and name not in others]
    if label in numeric:
        return label
    named = _named(dict.fromkeys(numeric, ()), _VALUE_WORDS)
    return named or (numeric[0] if len(numeric) == 1 else "")


def _numbers(table: TableFile, column: str) -> list[str]:
    """The numbers of a column with all their digits, "" where there is none; nothing where no column has numbers."""
    numbers = table.decided[column].numbers if column else None
    return [] if numbers is None else [repr(float(one)) if np.isfinite(one) else "" for one in numbers]


def _words(cells: Any) -> list[str]:
    """The cells of a column as they are written, "" where one is missing."""
    return ["" if cell is None else plain_text(cell_text(cell), 500) for cell in cells.to_pylist()]


def _by_name(table: Member, files: Sequence[Member]) -> dict[str, str]:
    """The path of each file by all that a table may call it: from the table's folder, from the top, or by its name alone."""
    found: dict[str, str] = {}
    often: set[str] = set()
    for member in files:
        name = member.path[-1]
        for short in (name, PurePosixPath(name).stem):
            if short in found:
                often.add(short)
            found.setdefault(short, member.name)
    for name in often:
        del found[name]
    start = table.path[:-1]
    for member in files:
        if member.path[: len(start)] == start:
            found["/".join(member.path[len(start) :])] = member.name
        found[member.name] = member.name
    return found


def _plain(path: str) -> str:
    return path.replace("\\", "/").removeprefix("./")


def _named(columns: Mapping[str, Sequence[str]], words: Sequence[str]) -> str:
    lower = {name.strip().lower().replace(" ", "_"): name for name in columns}
    return next((lower[word] for word in words if word in lower), "")


def _split_column(columns: Mapping[str, Sequence[str]]) -> str:
    name = _named(columns, _SPLIT_WORDS)
    return name if name and {word.lower() for word in columns[name]} <= SPLIT_WORDS.keys() else ""


def _split(word: str, column: str) -> str:
    """The split that a cell says. Raises `TrainyardError` for other words."""
    if not column:
        return ""
    if (lower := word.lower()) not in SPLIT_WORDS:
        raise TrainyardError(
            "The split column {column!r} has the value {word!r}. Allowed are train, validation and test.",
            column=column,
            word=word[:80],
        )
    return lower
