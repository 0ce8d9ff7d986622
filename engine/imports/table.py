"""Import a table of one's own: each column has a role, and rows that cannot be used are left out and listed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.errors import TrainyardError, unknown_name
from engine.imports.collected import LEAST_EXAMPLES, LONGEST_LABEL, MOST_PROBLEMS, few_classes
from engine.imports.columns import FEW_VALUES, MOST_CATEGORIES
from engine.imports.sets import ImportReport, Problem, plain_text
from engine.imports.splits import read_groups, read_splits
from engine.imports.versions import next_version, write_about
from engine.sentences import COMMA, Sentence, joined
from engine.settings import settings

if TYPE_CHECKING:
    import pandas as pd

Role = Literal["number", "category", "target", "group", "split", "ignore"]
ROLES: tuple[Role, ...] = ("number", "category", "target", "group", "split", "ignore")
CLASSIFY, REGRESS = "tabular-classification", "tabular-regression"
TABLE = "table.npz"
LEAST_ROWS = 10
"""Rows with a target that a regression needs."""


@dataclass
class _Rows:
    """Which rows are still good, and why others are not."""

    good: np.ndarray
    places: Sequence[int]
    """The number of each row in its file."""
    problems: list[Problem] = field(default_factory=list)
    untold: int = 0

    def leave_out(self, bad: np.ndarray, reason: str) -> None:
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
    frame: "pd.DataFrame",
    roles: Mapping[str, Role],
    name: str,
    title: str = "",
    problems: tuple[Problem, ...] = (),
    places: Sequence[int] = (),
) -> ImportReport:
    """Import a table as `read_table` makes it as the next version of the set `name`.

    `roles` says what each column is; one that is missing there is ignored. `problems` are those of reading, `places`
    the number of each row in its file. Raises
    `TrainyardError` for roles that do not fit, and for data that nothing can be learned from.
    """
    target = _check_roles(frame, roles)
    with next_version(name) as (reference, folder):
        rows = _Rows(np.ones(len(frame), bool), places or range(2, len(frame) + 2), list(problems))
        values, tasks = _target(frame[target], roles, rows)
        arrays, described = _columns(frame, roles, rows)
        kept = np.flatnonzero(rows.good)
        labels, classes = np.unique(values[kept], return_inverse=True)
        stored: dict[str, Any] = {key: array[kept] for key, array in arrays.items()} | described
        stored["target"] = values[kept] if values.dtype == np.float64 else classes
        np.savez(folder / TABLE, **stored)
        counts = dict(zip(map(label_of, labels.tolist()), np.bincount(classes).tolist(), strict=True))
        return write_about(
            folder,
            reference,
            "table",
            title or name,
            tasks,
            counts if CLASSIFY in tasks else {},
            rows.listed(),
            data=folder / TABLE,
            num_examples=len(kept),
            roles={"target": target, "columns": {str(key): role for key, role in roles.items()}},
        )


def _check_roles(frame: "pd.DataFrame", roles: Mapping[str, Role]) -> str:
    """The name of the target column."""
    for name in roles:
        if name not in frame.columns:
            raise unknown_name("column", name, map(str, frame.columns))
    by_role: dict[str, list[str]] = {role: [n for n, given in roles.items() if given == role] for role in ROLES}
    if len(by_role["target"]) != 1:
        found = ", ".join(map(repr, by_role["target"])) or "none"
        raise TrainyardError("One column must be the target, that which is predicted; there is {found}.", found=found)
    for role in ("group", "split"):
        if len(by_role[role]) > 1:
            raise TrainyardError(
                "Only one column can be the {role}: {by_role}.",
                role=role,
                by_role=joined(map(repr, by_role[role]), COMMA),
            )
    if not by_role["number"] and not by_role["category"]:
        raise TrainyardError(
            "There is no column to predict from: at least one must be a number or a category beside the target."
        )
    return by_role["target"][0]


def _target(column: "pd.Series", roles: Mapping[str, Role], rows: _Rows) -> tuple[np.ndarray, list[str]]:
    """(rows,) float64, or words as objects; and the tasks that it can be used for."""
    rows.leave_out(column.isna().to_numpy(), Sentence("The target {column!r} is missing.", column=column.name))
    if column.dtype.kind != "f":
        words = _words(column)
        rows.leave_out(words == "", Sentence("The target {column!r} cannot be printed.", column=column.name))
        rows.leave_out(_rare(words, rows), _too_rare(column))
        _enough_classes(words, rows)
        return words, [CLASSIFY]
    values = column.to_numpy(np.float64)
    present = values[rows.good]
    tasks = [REGRESS] if len(present) >= LEAST_ROWS and len(np.unique(present)) > 1 else []
    few = 2 <= len(np.unique(present)) <= FEW_VALUES
    if few and not _rare(values, rows).any():
        tasks = [CLASSIFY, *tasks]
    if not tasks:
        raise TrainyardError(
            "The target {column!r} has {present:,} numbers, {unique:,} of them different. At least "
            "{least_rows} rows and two different numbers are needed, or {least} rows of each class.",
            column=column.name,
            present=len(present),
            unique=len(np.unique(present)),
            least_rows=LEAST_ROWS,
            least=LEAST_EXAMPLES,
        )
    return values, tasks


def _too_rare(column: "pd.Series") -> str:
    return Sentence(
        "Its class in {column!r} occurs fewer than {least} times.", column=column.name, least=LEAST_EXAMPLES
    )


def _rare(values: np.ndarray, rows: _Rows) -> np.ndarray:
    """(rows,) bool: good rows whose class has too few of them."""
    found = np.zeros(len(values), bool)
    _, inverse, counts = np.unique(values[rows.good].astype(str), return_inverse=True, return_counts=True)
    found[rows.good] = (counts < LEAST_EXAMPLES)[inverse]
    return found


def _enough_classes(words: np.ndarray, rows: _Rows) -> None:
    kept = sorted(set(words[rows.good].tolist()))
    if len(kept) < 2:
        raise TrainyardError(few_classes(kept, "rows", rows.problems))
    if len(kept) > settings().max_classes:
        raise TrainyardError(
            "The target has {kept:,} classes, more than {max_classes:,} (TRAINYARD_MAX_CLASSES). Choose "
            "another column as the target.",
            kept=len(kept),
            max_classes=settings().max_classes,
        )


def label_of(value: Any) -> str:
    """The name of a class: whole numbers without a point."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _words(column: "pd.Series") -> np.ndarray:
    """(rows,) text of each cell as objects, empty where one is missing; numbers as people write them."""
    made = np.empty(len(column), object)
    if column.dtype.kind == "f":
        made[:] = ["" if cell != cell else f"{cell:.10g}" for cell in column.tolist()]
    else:
        made[:] = [plain_text(text, LONGEST_LABEL) for text in column.fillna("").astype(str).tolist()]
    return made


def _columns(
    frame: "pd.DataFrame", roles: Mapping[str, Role], rows: _Rows
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The arrays that have an entry for each row, and those that describe them: words of categories, columns."""
    named = {role: [str(name) for name in frame.columns if roles.get(name) == role] for role in ROLES}
    arrays: dict[str, np.ndarray] = {}
    words: list[str] = []
    if named["number"]:
        arrays["numbers"] = np.stack([_numbers(frame[name], rows) for name in named["number"]], axis=1)
    if named["category"]:
        arrays["codes"] = np.stack([_codes(frame[name], words) for name in named["category"]], axis=1)
    for name in named["group"]:
        arrays["group"] = read_groups(frame[name])
    for name in named["split"]:
        arrays["split"] = read_splits(frame[name])
    columns = [[name, kind] for kind in ("number", "category") for name in named[kind]]
    return arrays, {"words": _encoded(words), "columns": _encoded(columns)}


def _numbers(column: "pd.Series", rows: _Rows) -> np.ndarray:
    """(rows,) float32, NaN where there is no number; what had to be dropped is reported."""
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    lost = int((np.isnan(values) & column.notna().to_numpy()).sum())
    large = np.abs(values) > np.finfo(np.float32).max
    if lost:
        rows.problems.append(
            Problem(
                f"column {column.name!r}", Sentence("{lost:,} cells are no numbers and count as missing.", lost=lost)
            )
        )
    if large.any():
        rows.problems.append(
            Problem(
                f"column {column.name!r}",
                Sentence("{sum:,} numbers are too large and count as missing.", sum=large.sum()),
            )
        )
    return np.where(large, np.nan, values).astype(np.float32)


def _codes(column: "pd.Series", words: list[str]) -> np.ndarray:
    """(rows,) int32 positions in `words`, to which the column's own are added."""
    import pandas as pd

    codes, found = pd.factorize(_words(column))
    if len(found) > MOST_CATEGORIES:
        raise TrainyardError(
            "Column {column!r} has {found:,} different values; a category may have {most:,}. Ignore it, or "
            "take it as a number.",
            column=column.name,
            found=len(found),
            most=MOST_CATEGORIES,
        )
    first = len(words)
    words.extend(map(str, found))
    return (codes + first).astype(np.int32)


def _encoded(value: Any) -> np.ndarray:
    """Plain JSON as an array of bytes: no pickle."""
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), np.uint8)


def decoded(array: np.ndarray) -> Any:
    """The inverse of how words and columns are stored."""
    return json.loads(array.tobytes().decode("utf-8"))
