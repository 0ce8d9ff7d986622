"""Series that people give: a table, values one below the other, or lists of JSON."""

import json
from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.timeline import Timeline


def example_of(data: bytes, name: str, info: DataInfo, expected: str) -> np.ndarray:
    """Content of a file -> (window + horizon, channels) float32."""
    if data.lstrip()[:1] == b"[":
        try:
            return example_from(json.loads(data), repr(name[-80:]), info, expected)
        except (ValueError, RecursionError):
            raise _unusable(repr(name[-80:]), expected) from None
    values = _written(data)
    if values is not None:
        return example_from(values, repr(name[-80:]), info, expected)
    return _of_table(data, name, info, expected)


def example_from(given: Any, where: str, info: DataInfo, expected: str) -> np.ndarray:
    """A list of values, or of rows, of which unknown cells are None -> (window + horizon, channels) float32."""
    line = info.timeline
    assert line is not None
    if isinstance(given, list) and given and not isinstance(given[0], list):
        given = [[value] for value in given]
    if not isinstance(given, list) or not all(
        isinstance(row, list) and len(row) == len(line.names) and all(map(_number, row)) for row in given
    ):
        raise _unusable(where, expected)
    rows = np.array([[np.nan if value is None else value for value in row] for row in given], np.float64)
    return _grid(rows.reshape(-1, len(line.names)), line, where, expected)


def _written(data: bytes) -> list[float] | None:
    """Return numbers between commas and white space; None for anything else."""
    try:
        found: list[float] = [float(word) for word in data.decode("utf-8-sig").replace(",", " ").split()]
    except ValueError:
        return None
    return found


def _of_table(data: bytes, name: str, info: DataInfo, expected: str) -> np.ndarray:
    """Columns by their names; of a single channel also the only column of numbers."""
    from engine.modalities.time_series.regular import are_times, regular, times_of
    from engine.readers.tables import read_table

    line = info.timeline
    assert line is not None
    frame = read_table(data, name).frame
    numbers = [column for column in frame.columns if frame[column].dtype == np.float64]
    if len(line.names) == 1 and line.names[0] not in frame.columns and len(numbers) == 1:
        frame = frame.rename(columns={numbers[0]: line.names[0]})
    if any(column not in frame.columns or frame[column].dtype != np.float64 for column in line.names):
        raise _unusable(repr(name[-80:]), expected)
    rows = frame[list(line.names)].to_numpy(np.float64)
    for column in frame.columns:
        cells = frame[column].tolist()
        if frame[column].dtype != np.float64 and are_times(
            cells, rising=False
        ):  # the same steps as those of the import
            rows = regular(times_of([None if cell != cell else cell for cell in cells]), rows, line.step).values
            break
    return _grid(rows, line, repr(name[-80:]), expected)


def _grid(rows: np.ndarray, line: Timeline, where: str, expected: str) -> np.ndarray:
    """Rows (steps, channels), NaN where unknown -> one example. The future begins after the last value of the target."""
    known = np.flatnonzero(np.isfinite(rows).any(axis=1) if line.watched else np.isfinite(rows[:, 0]))
    end = int(known[-1]) + 1 if len(known) else 0
    past = rows[max(0, end - line.window) : end]
    if len(past) < line.window:
        raise _unusable(where, expected)
    if line.watched and (
        missing := [name for name, column in zip(line.names, past.T, strict=True) if np.isnan(column).all()]
    ):
        raise TrainyardError(
            "{where} has no value of {names} in its last {window} steps.",
            where=where,
            names=", ".join(missing),
            window=line.window,
        )
    found = np.zeros(line.shape)
    for channel, column in enumerate(past.T):
        found[: line.window, channel] = _filled(column)
    future = rows[end : end + line.horizon, line.hidden :]
    if line.hidden < len(line.names):
        if len(future) < line.horizon or not np.isfinite(future).all():
            raise TrainyardError(
                "{where} does not say what {names} will be in the {horizon} steps to come. Add these rows, with "
                "{target} left empty.",
                where=where,
                names=", ".join(line.names[line.hidden :]),
                horizon=line.horizon,
                target=line.names[0],
            )
        found[line.window :, line.hidden :] = future
    return found.astype(np.float32)


def _filled(column: np.ndarray) -> np.ndarray:
    """(steps,) with gaps -> filled along straight lines; without any number: zeros."""
    known = np.isfinite(column)
    places = np.arange(len(column))
    return np.interp(places, places[known], column[known]) if known.any() else np.zeros(len(column))


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30)


def _unusable(where: str, expected: str) -> TrainyardError:
    return TrainyardError("{where} cannot be used. Expected: {what}.", where=where, what=expected)
