"""Import a table of one's own: each column has a role, and rows that cannot be used are left out and listed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from engine.errors import TrainyardError, unknown_name
from engine.imports.collected import LEAST_EXAMPLES, MOST_PROBLEMS, few_classes
from engine.imports.columns import FEW_VALUES, MOST_CATEGORIES
from engine.imports.sets import ImportReport, Problem
from engine.imports.splits import read_groups, read_splits
from engine.imports.versions import next_version, write_about
from engine.modalities.own import OwnKind
from engine.readers.deciding import as_category, as_dates, as_number
from engine.readers.tables import TableFile, bad_cells
from engine.reading import Reading, cell_text
from engine.sentences import COMMA, Sentence, joined
from engine.settings import settings

Role = Literal["number", "date", "category", "target", "group", "split", "ignore"]
ROLES: tuple[Role, ...] = ("number", "date", "category", "target", "group", "split", "ignore")
CLASSIFY, REGRESS = "tabular-classification", "tabular-regression"
LEAST_ROWS = 10
"""Rows with a target that a regression needs."""
LEAST_TIMES = 3
"""Different dates that a split by time needs: one for each part."""


@dataclass
class _Rows:
    """Rows that are still good, and the reasons why others are not."""

    good: np.ndarray
    places: Sequence[int]
    """The number of each row in its file."""
    problems: list[Problem] = field(default_factory=list)
    untold: int = 0

    def leave_out(self, bad: np.ndarray, reason: Sentence) -> None:
        """Leave out the rows where `bad` (rows,) is true."""
        for row in np.flatnonzero(bad & self.good).tolist():
            if len(self.problems) < MOST_PROBLEMS:
                self.problems.append(Problem(f"row {self.places[row]}", reason))
            else:
                self.untold += 1
        self.good = self.good & ~bad

    def listed(self) -> list[Problem]:
        more = [Problem("", Sentence("{untold:,} more rows were left out.", untold=self.untold))] if self.untold else []
        return [*self.problems, *more]


def import_table(
    kind: OwnKind,
    table: TableFile,
    roles: Mapping[str, Role],
    name: str,
    title: str = "",
    *,
    classes: bool = False,
    time_column: str = "",
) -> ImportReport:
    """Import a table as `read_table` makes it as the next version of the set `name` of this kind.

    `roles` says what each column is; one that is missing there is ignored. With `classes` the cells of the target are
    names of classes, also where they are numbers. Rows are split by the
    dates in `time_column`, where there is one. Raises `TrainyardError` for roles that do not fit, and for data that
    nothing can be learned from.
    """
    target = _check_roles(table, roles)
    with next_version(name) as (reference, folder):
        told = [Problem(problem.place, problem.reason) for problem in table.problems]
        rows = _Rows(np.ones(len(table), bool), table.places, told)
        values, tasks = _target(table, target, rows, classes=classes)
        arrays, columns, words = _columns(table, roles, rows)
        if time_column:
            arrays["time"] = _times(table, time_column)
        kept = np.flatnonzero(rows.good)
        labels, found = np.unique(values[kept], return_inverse=True)
        stored: dict[str, Any] = {key: array[kept] for key, array in arrays.items()}
        stored |= {"words": _encoded(words), "columns": _encoded(columns)}
        stored["target"] = values[kept] if values.dtype == np.float64 else found
        np.savez(folder / kind.file, **stored)
        counts = dict(zip(map(cell_text, labels.tolist()), np.bincount(found).tolist(), strict=True))
        return write_about(
            folder,
            reference,
            kind.name,
            title or name,
            tasks,
            counts if CLASSIFY in tasks else {},
            rows.listed(),
            data=folder / kind.file,
            num_examples=len(kept),
            roles={
                "target": target,
                **({"time": time_column} if time_column else {}),
                "columns": dict(roles),
                "layout": table.layout.to_dict(),
                "readings": {name: reading for name, _kind, reading in columns},
            },
        )


def _check_roles(table: TableFile, roles: Mapping[str, Role]) -> str:
    """The name of the target column."""
    for name in roles:
        if name not in table.columns:
            raise unknown_name("column", name, table.columns)
    by_role: dict[str, list[str]] = {role: [n for n, given in roles.items() if given == role] for role in ROLES}
    if len(by_role["target"]) != 1:
        found = ", ".join(map(repr, by_role["target"])) or "none"
        raise TrainyardError(
            "Exactly one column must be the target, the value to predict; now it is {found}.", found=found
        )
    for role in ("group", "split"):
        if len(by_role[role]) > 1:
            raise TrainyardError(
                "Only one column can be the {role}: {by_role}.",
                role=role,
                by_role=joined(map(repr, by_role[role]), COMMA),
            )
    if not any(by_role[role] for role in ("number", "date", "category")):
        raise TrainyardError(
            "There is no column to predict from: besides the target, at least one column must be a "
            "number, a date or a category."
        )
    return by_role["target"][0]


def _target(table: TableFile, name: str, rows: _Rows, *, classes: bool) -> tuple[np.ndarray, list[str]]:
    """(rows,) float64, or words as objects; and the tasks that it can be used for."""
    numbers = None if classes else table.decided[name].numbers
    if numbers is None:
        words = category_words(table, name)
        rows.leave_out(words == "", Sentence("The target {column!r} is missing.", column=name))
        rows.leave_out(
            _rare(words, rows),
            Sentence("Its class in {column!r} occurs fewer than {least} times.", column=name, least=LEAST_EXAMPLES),
        )
        _enough_classes(words, rows)
        return words, [CLASSIFY]
    values = np.where(np.isfinite(numbers), numbers, np.nan)
    rows.leave_out(np.isnan(values), Sentence("The target {column!r} is missing.", column=name))
    present = values[rows.good]
    tasks = [REGRESS] if len(present) >= LEAST_ROWS and len(np.unique(present)) > 1 else []
    few = 2 <= len(np.unique(present)) <= FEW_VALUES
    if few and not _rare(values, rows).any():
        tasks = [CLASSIFY, *tasks]
    if not tasks:
        raise TrainyardError(
            "The target {column!r} has {present:,} numbers, {unique:,} of them different. At least "
            "{least_rows} rows and two different numbers are needed, or {least} rows of each class.",
            column=name,
            present=len(present),
            unique=len(np.unique(present)),
            least_rows=LEAST_ROWS,
            least=LEAST_EXAMPLES,
        )
    return values, tasks


def _rare(values: np.ndarray, rows: _Rows) -> np.ndarray:
    """(rows,) bool: good rows whose class has too few of them."""
    found = np.zeros(len(values), bool)
    _, inverse, counts = np.unique(values[rows.good].astype(str), return_inverse=True, return_counts=True)
    found[rows.good] = (counts < LEAST_EXAMPLES)[inverse]
    return found


def _enough_classes(words: np.ndarray, rows: _Rows) -> None:
    kept = sorted(set(words[rows.good].tolist()))
    if len(kept) < 2:
        raise TrainyardError(few_classes(kept, Sentence("rows"), rows.problems))
    if len(kept) > settings().max_classes:
        raise TrainyardError(
            "The target has {kept:,} classes, more than {max_classes:,} (TRAINYARD_MAX_CLASSES). Choose "
            "another column as the target.",
            kept=len(kept),
            max_classes=settings().max_classes,
        )


def category_words(table: TableFile, name: str) -> np.ndarray:
    """(rows,) name of the category of each cell as objects, empty where it is missing."""
    return _words(table, name)[0]


def _words(table: TableFile, name: str) -> tuple[np.ndarray, Reading]:
    """Return `category_words`, and how they were read."""
    import pyarrow as pa

    cells = as_texts(table.columns[name])
    packed = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    coded = packed.dictionary_encode()
    different = coded.dictionary.to_pylist()
    reading = as_category(different)
    names = np.array([*map(reading.name, different), ""], object)  # the last is that of missing cells
    return names[coded.indices.fill_null(len(different)).to_numpy()], reading


def _columns(
    table: TableFile, roles: Mapping[str, Role], rows: _Rows
) -> tuple[dict[str, np.ndarray], list[tuple[str, str, dict[str, Any]]], list[str]]:
    """Return the arrays that have an entry for each row; name, kind and reading of each column; all words of categories."""
    named = {role: [name for name in table.columns if roles.get(name) == role] for role in ROLES}
    arrays: dict[str, np.ndarray] = {}
    columns: list[tuple[str, str, dict[str, Any]]] = []
    words: list[str] = []
    if named["number"]:
        numbers, readings = zip(*(_numbers(table, name, rows) for name in named["number"]), strict=True)
        wide = any(reading.wide for reading in readings)
        arrays["numbers"] = np.stack(numbers, axis=1).astype(np.float64 if wide else np.float32)
        columns += [(name, "number", r.to_dict()) for name, r in zip(named["number"], readings, strict=True)]
    if named["date"]:
        dates, readings = zip(*(_dates(table, name, rows) for name in named["date"]), strict=True)
        arrays["dates"] = np.stack(dates, axis=1)
        columns += [(name, "date", r.to_dict()) for name, r in zip(named["date"], readings, strict=True)]
    if named["category"]:
        codes, readings = zip(*(_codes(table, name, words) for name in named["category"]), strict=True)
        arrays["codes"] = np.stack(codes, axis=1)
        columns += [(name, "category", r.to_dict()) for name, r in zip(named["category"], readings, strict=True)]
    for name in named["group"]:
        arrays["group"] = read_groups(category_words(table, name))
    for name in named["split"]:
        arrays["split"] = read_splits(name, category_words(table, name))
    return arrays, columns, words


def _numbers(table: TableFile, name: str, rows: _Rows) -> tuple[np.ndarray, Reading]:
    """(rows,) float64, NaN where there is no number; what had to be dropped is reported."""
    decided = table.decided[name]
    if decided.numbers is None:
        decided = as_number(table.columns[name], table.layout.decimal or ".")
        if decided.bad.any():
            reason = bad_cells(table.columns[name], decided.bad, table.places)
            rows.problems.append(Problem(f"column {name!r}", reason))
    assert decided.numbers is not None
    values = np.where(np.isfinite(decided.numbers), decided.numbers, np.nan)
    large = np.abs(values) > np.finfo(np.float32).max
    if large.any():
        rows.problems.append(
            Problem(
                f"column {name!r}", Sentence("{sum:,} numbers are too large and count as missing.", sum=large.sum())
            )
        )
    return np.where(large, np.nan, values), decided.reading


def _dates(table: TableFile, name: str, rows: _Rows) -> tuple[np.ndarray, Reading]:
    """(rows,) float64, seconds since 1970, NaN where there is no date; what had to be dropped is reported."""
    decided = table.decided[name]
    if decided.dates is None:
        texts = as_texts(table.columns[name])
        decided = as_dates(texts, table.layout.dates)
        if decided.bad.any():
            reason = bad_cells(texts, decided.bad, table.places, dates=True)
            rows.problems.append(Problem(f"column {name!r}", reason))
    assert decided.dates is not None
    if not np.isfinite(decided.dates).any():
        raise TrainyardError(
            "Column {column!r} has no cell that is a date, such as 2024-03-31. Choose another role for it.", column=name
        )
    return decided.dates, decided.reading


def _times(table: TableFile, name: str) -> np.ndarray:
    """(rows,) seconds of the column by which rows are split. Raises `TrainyardError` where they are no dates, or all the same."""
    if name not in table.columns:
        raise unknown_name("column", name, table.columns)
    decided = table.decided[name]
    found = (
        decided.dates
        if decided.dates is not None
        else as_dates(as_texts(table.columns[name]), table.layout.dates).dates
    )
    assert found is not None
    if len(np.unique(found[np.isfinite(found)])) < LEAST_TIMES:
        raise TrainyardError(
            "The splits cannot be drawn by {column!r}: it has fewer than {least} different dates. Choose another column, or "
            "draw them at random.",
            column=name,
            least=LEAST_TIMES,
        )
    return found


def as_texts(cells: Any) -> Any:
    """Cells of any type -> Arrow strings as they are written."""
    import pyarrow as pa

    if pa.types.is_string(cells.type):
        return cells
    return pa.array([cell_text(cell) or None for cell in cells.to_pylist()], pa.string())


def _codes(table: TableFile, name: str, words: list[str]) -> tuple[np.ndarray, Reading]:
    """(rows,) int32 positions in `words`, to which the column's own are added."""
    import pandas as pd

    named, reading = _words(table, name)
    codes, found = pd.factorize(named)
    if len(found) > MOST_CATEGORIES:
        raise TrainyardError(
            "Column {column!r} has {found:,} different values; a category may have {most:,}. Ignore "
            "it, or choose number.",
            column=name,
            found=len(found),
            most=MOST_CATEGORIES,
        )
    first = len(words)
    words.extend(map(str, found))
    return (codes + first).astype(np.int32), reading


def _encoded(value: Any) -> np.ndarray:
    """Plain JSON as an array of bytes: no pickle."""
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), np.uint8)


def decoded(array: np.ndarray) -> Any:
    """The inverse of how words and columns are stored."""
    return json.loads(array.tobytes().decode("utf-8"))
