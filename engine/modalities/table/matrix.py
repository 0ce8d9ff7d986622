"""Rows of a table as one matrix for trees: codes of categories, numbers and parts of dates, NaN for what is missing.

Part of what is learned from the training split is saved with the model; numpy alone turns people's rows into the matrix.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.dates import parts_of

MOST_CATEGORIES = 100
"""Most values of a column that have a code of their own; the rarest of more share one. scikit-learn takes 255."""
_LARGEST = 1e300
_OTHER = "[other]"  # what rare values are called together
_PART_WORDS = {"elapsed": "elapsed days"}


def learn_matrix(rows: np.ndarray) -> dict[str, Any]:
    """Return what is learned of the training split's rows, as plain JSON.

    `codes` has for each column of categories its values, the most frequent first, and `rest` whether others share a last code;
    `numbers` and `parts` the columns of numbers and the parts of dates that have a value at all.
    """
    found: dict[str, Any] = {"codes": [], "rest": [], "numbers": [], "parts": []}
    fields = rows.dtype.names or ()
    for column in rows["categories"].T if "categories" in fields else ():
        counts = Counter(value for value in column.tolist() if value)
        values = sorted(counts, key=lambda value: (-counts[value], value))
        found["codes"].append(values[:MOST_CATEGORIES])
        found["rest"].append(len(values) > MOST_CATEGORIES)
    if "numbers" in fields:
        found["numbers"] = np.flatnonzero(~np.isnan(rows["numbers"]).all(axis=0)).tolist()
    for position, column in enumerate(rows["dates"].T if "dates" in fields else ()):
        for name, part in parts_of(column).items():
            present = part[~np.isnan(part)]
            if len(present) and np.ptp(present) > 0:
                found["parts"].append([position, name])
    return found


def to_matrix(rows: np.ndarray, learned: Mapping[str, Any]) -> np.ndarray:
    """Rows (examples,) -> (examples, columns) float64, categories first; a category that training has not seen is missing."""
    columns = []
    for position, (values, rest) in enumerate(zip(learned["codes"], learned["rest"], strict=True)):
        codes = {value: float(code) for code, value in enumerate(values)} | {"": np.nan}
        other = float(len(values)) if rest else np.nan
        columns.append(np.array([codes.get(value, other) for value in rows["categories"][:, position].tolist()], float))
    if learned["numbers"]:
        numbers = rows["numbers"][:, learned["numbers"]].astype(np.float64)
        columns += list(np.clip(numbers, -_LARGEST, _LARGEST).T)
    dates: dict[int, dict[str, np.ndarray]] = {}
    for position, name in learned["parts"]:
        if position not in dates:
            dates[position] = parts_of(rows["dates"][:, position])
        columns.append(dates[position][name])
    if not columns:  # nothing says anything: trees need a column all the same
        columns.append(np.zeros(len(rows)))
    return np.stack(columns, axis=1).astype(np.float64)


def count_codes(learned: Mapping[str, Any]) -> int:
    """Return the number of columns that hold codes: the first ones."""
    return len(learned["codes"])


def name_columns(info: DataInfo) -> list[str]:
    """Return a name for each column of the matrix."""
    learned, dates = info.learned, info.named("date")
    numbers = info.named("number")
    names = [column.name for column in info.named("category")]
    names += [numbers[position].name for position in learned["numbers"]]
    names += [f"{dates[position].name} [{_PART_WORDS.get(part, part)}]" for position, part in learned["parts"]]
    return names or [info.columns[0].name]


def name_cells(row: list[float], info: DataInfo) -> tuple[tuple[str, str | None, float], ...]:
    """Return column, category and value of each cell of a row that is not missing; None where it is no code."""
    codes = info.learned["codes"]
    words: list[str | None] = []
    for place, cell in enumerate(row):
        known = codes[place] if place < len(codes) else None
        words.append(None if known is None or cell != cell else known[int(cell)] if cell < len(known) else _OTHER)
    return tuple((name, word, x) for name, word, x in zip(name_columns(info), words, row, strict=True) if x == x)
