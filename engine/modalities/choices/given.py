"""Choices that people give: files and JSON."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from engine.catalogue import UNKNOWN
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.named_columns import ITEMS, PEOPLE, TIMES, called
from engine.modalities.time_series.regular import times_of
from engine.reading import LONGEST_NAME, cell_text, plain_text
from engine.settings import settings


def row_from(instance: Any, where: str, info: DataInfo, expected: str) -> np.ndarray:
    """Names of items -> (history,) int32. Raise `TrainyardError` where these are no names, or none of them is known."""
    if not isinstance(instance, list) or not all(isinstance(name, str) for name in instance):
        raise TrainyardError("{where} cannot be used. Expected: {what}.", where=where, what=expected)
    names = [called_item(name) for name in instance if name.strip()]
    row = _row(names, info)
    if names and not (row > 0).any():
        raise _unknown(names[0], where, info)
    return row


def people_in(data: bytes, name: str, info: DataInfo, expected: str) -> tuple[list[str], list[np.ndarray]]:
    """Return the names of the people in a file, and what each chose (history,) int32."""
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        text = ""
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        return [name], [row_from(found, name[-80:], info, expected)]
    lines = [called_item(line) for line in text.splitlines() if line.strip()]
    known = set(info.catalogue.items) if info.catalogue else set[str]()
    if lines and sum(line in known for line in lines) * 2 > len(lines):
        head = lines[0] not in known and bool(called(lines[:1], ITEMS))
        return [name], [row_from(lines[head:], name[-80:], info, expected)]
    return _people_of(data, name, info, expected)


def _people_of(data: bytes, name: str, info: DataInfo, expected: str) -> tuple[list[str], list[np.ndarray]]:
    """Everybody in a table."""
    from engine.readers.tables import read_table

    table = read_table(data, name)
    columns = {
        column: [called_item(cell_text(cell)) for cell in cells.to_pylist()] for column, cells in table.columns.items()
    }
    known = set(info.catalogue.items) if info.catalogue else set[str]()
    share = {column: sum(cell in known for cell in cells) for column, cells in columns.items()}
    items = called(columns, ITEMS) or max(share, key=share.__getitem__, default="")
    if not share.get(items):
        raise TrainyardError(
            "{name!r} cannot be used: no column holds items of the catalogue. Expected: {what}.",
            name=name[-80:],
            what=expected,
        )
    people = called([column for column in columns if column != items], PEOPLE)
    whose = columns[people] if people else [name] * len(columns[items])
    chosen: dict[str, list[str]] = {}
    for place in _in_order(columns):
        chosen.setdefault(whose[place], []).append(columns[items][place])
    if len(chosen) > settings().max_predicted_rows:
        raise TrainyardError(
            "{name!r} has {count:,} people; at most {most:,} are answered at once.",
            name=name[-80:],
            count=len(chosen),
            most=settings().max_predicted_rows,
        )
    return list(chosen), [_row(names, info) for names in chosen.values()]


def called_item(text: str) -> str:
    """Return what an item is called whose name is written like this: as at import, in one form of Unicode, and not too long."""
    return plain_text(text, LONGEST_NAME)


def _in_order(columns: dict[str, list[str]]) -> list[int]:
    """Return the places of the rows in the order of their times; as they stand where there is no column of times."""
    rows = len(next(iter(columns.values()), []))
    times = called(columns, TIMES)
    if not times:
        return list(range(rows))
    found: list[int] = np.argsort(times_of([cell or None for cell in columns[times]]), kind="stable").tolist()
    return found


def _row(names: list[str], info: DataInfo) -> np.ndarray:
    """The latest items that are known, each once, and -1 for each that is not."""
    numbers: Mapping[str, int] = info.catalogue.numbers if info.catalogue else {}
    different = list(dict.fromkeys(name for name in names if name))
    row = np.zeros(info.shape, np.int32)
    latest = [numbers.get(name, UNKNOWN) for name in different][-len(row) :]
    row[: len(latest)] = latest
    return row


def _unknown(name: str, where: str, info: DataInfo) -> TrainyardError:
    near = get_close_matches(name, info.catalogue.items if info.catalogue else (), 1)
    if near:
        return TrainyardError(
            "{where}: there is no item {name!r}. Did you mean {near!r}?", where=where, name=name[-80:], near=near[0]
        )
    return TrainyardError("{where}: there is no item {name!r} in the catalogue.", where=where, name=name[-80:])
