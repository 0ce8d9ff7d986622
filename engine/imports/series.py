"""Import a table in which each row has a time: one series, or several that a column tells apart."""

import numpy as np

from engine.errors import TrainyardError
from engine.imports.cells import check_columns
from engine.imports.sets import ImportReport, Problem
from engine.imports.table import category_words
from engine.imports.versions import write_arrays
from engine.modalities.own import OwnKind
from engine.modalities.time_series.regular import Regular, are_times, regular, times_of
from engine.readers.tables import TableFile
from engine.sentences import COMMA, Sentence, joined

_MOST_SERIES, _TOLD = 1_000, 20
_LOOKED_AT = 1_000  # cells
_GIVEN_AWAY = 0.999
"""Correlation with the target from which a column is suspected of holding it."""


def import_series(
    kind: OwnKind,
    table: TableFile,
    time_column: str,
    target: str,
    name: str,
    title: str = "",
    *,
    series_column: str = "",
) -> ImportReport:
    """Import a table as the next version of the set `name`; columns of numbers beside the target are kept as covariates.

    An empty `time_column` or `target` stands for the first that can be it. Raises `TrainyardError` where nothing can be.
    """
    check_columns(table, time_column, target, series_column)
    time_column = time_column or _time_column(table)
    numbers = {column: decided.numbers for column, decided in table.decided.items() if decided.numbers is not None}
    others = [column for column in numbers if column not in (time_column, series_column)]
    target = target or next(iter(others[::-1]), "")
    if target not in others:
        raise TrainyardError(
            "The column of values must hold numbers, and not be that of the times. Possible: {columns}.",
            columns=joined(map(repr, others), COMMA) if others else "none",
        )
    names = [target, *(column for column in others if column != target)]
    values = np.stack([np.asarray(numbers[column], np.float64) for column in names], axis=1)
    values = np.where(np.isfinite(values), values, np.nan)
    times = times_of(table.columns[time_column].to_pylist())
    told = [Problem(problem.place, problem.reason) for problem in table.problems]
    found = _series(times, values, category_words(table, series_column) if series_column else None, told)
    told += [Problem(f"column {column!r}", reason) for column, reason in given_away(values, names)]
    first, ends = found[0], np.cumsum([len(one.values) for one in found])
    about = {"names": names, "step": first.step, "season": first.season, "seconds": first.seconds}
    arrays = {"values": np.concatenate([one.values for one in found]), "ends": ends}
    chosen = {"time": time_column, "target": target, "group": series_column}
    return write_arrays(kind, name, title, arrays, about, told, num_examples=int(ends[-1]), roles=chosen)


def given_away(values: np.ndarray, names: list[str]) -> list[tuple[str, Sentence]]:
    """Return the columns beside the first of (rows, channels) that say nearly the same as it, each with a warning."""
    found = []
    for column, other in zip(names[1:], values.T[1:], strict=True):
        both = np.isfinite(values[:, 0]) & np.isfinite(other)
        one, two = values[both, 0], other[both]
        if len(one) > 2 and one.std() > 0 and two.std() > 0 and abs(np.corrcoef(one, two)[0, 1]) > _GIVEN_AWAY:
            warning = Sentence(
                "It says nearly the same as {target!r}. If it is not known beforehand, do not name it as known: it gives the future "
                "away.",
                target=names[0],
            )
            found.append((column, warning))
    return found


def _series(times: np.ndarray, values: np.ndarray, words: np.ndarray | None, told: list[Problem]) -> list[Regular]:
    """Return the series at equal steps; what had to be changed, and series that cannot be used, are added to `told`."""
    if words is None:
        one = regular(times, values)
        told += [Problem("", remark) for remark in one.remarks]
        return [one]
    different = list(dict.fromkeys(words.tolist()))
    if len(different) > _MOST_SERIES:
        raise TrainyardError(
            "There are {count:,} series; at most {most:,} are possible. Is it the right column?",
            count=len(different),
            most=_MOST_SERIES,
        )
    found: list[Regular] = []
    for word in different:
        try:
            found.append(regular(times[words == word], values[words == word], found[0].step if found else ""))
        except TrainyardError as error:
            told.append(Problem(word[-80:], error.sentence))
            continue
        if len(told) < _TOLD:
            told += [Problem(word[-80:], remark) for remark in found[-1].remarks]
    if not found:
        raise TrainyardError("None of the series has two different times.")
    return found


def _time_column(table: TableFile) -> str:
    """Return the first column whose cells are times, or else numbers that rise."""
    for column, cells in table.columns.items():
        decided = table.decided[column].numbers
        looked = cells.slice(0, _LOOKED_AT).to_pylist() if decided is None else decided[:_LOOKED_AT].tolist()
        if are_times(looked, rising=decided is not None):
            return column
    raise TrainyardError("No column holds times. Name the column of times.")
