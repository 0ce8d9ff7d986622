"""Import a table in which each row says that somebody chose something, and when."""

import numpy as np

from engine.catalogue import ItemColumn
from engine.errors import TrainyardError
from engine.imports.cells import check_columns
from engine.imports.sets import ImportReport, Problem
from engine.imports.table import category_words
from engine.imports.versions import write_arrays
from engine.modalities.named_columns import ITEMS, PEOPLE, RATINGS, TIMES, called
from engine.modalities.own import OwnKind
from engine.modalities.time_series.regular import are_times, times_of
from engine.readers.tables import TableFile
from engine.sentences import Sentence
from engine.settings import settings

_LOOKED_AT = 1_000  # cells
_SAME = 0.95
"""Share of the rows that must say the same of an item as its first row, so that a column belongs to items."""


def import_choices(
    kind: OwnKind,
    table: TableFile,
    person_column: str,
    item_column: str,
    time_column: str,
    name: str,
    title: str = "",
) -> ImportReport:
    """Import a table as the next version of the set `name`; columns that say the same of an item in all rows are kept with the items.

    An empty column stands for the first that can be it. Raises `TrainyardError` where nothing can be.
    """
    check_columns(table, person_column, item_column, time_column)
    person, item = _people_and_items(table, person_column, item_column)
    time = time_column or _time_column(table, (person, item))
    if time in (person, item):
        raise TrainyardError(
            "The column {column!r} says who chose, or what; it cannot say when as well. Choose another column of times.",
            column=time,
        )
    rating = called([column for column in table.columns if table.decided[column].numbers is not None], RATINGS)
    people, items = category_words(table, person), category_words(table, item)
    times = times_of(table.columns[time].to_pylist())
    told = [Problem(problem.place, problem.reason) for problem in table.problems]
    whole = (people != "") & (items != "") & np.isfinite(times)
    whole &= _frequent(items, whole, told)
    if left := int((~whole).sum()):
        told.append(
            Problem(
                "",
                Sentence(
                    "Rows without a person, an item or a time, or of rare items, are left out: {count:,}.", count=left
                ),
            )
        )
    if not whole.any():
        raise TrainyardError("No row has a person, an item and a time. Choose other columns.")
    names, numbers, where = _coded(items[whole])
    _people, codes, _first = _coded(people[whole])
    if repeated := int(whole.sum()) - len(np.unique(codes.astype(np.int64) * (len(names) + 1) + numbers)):
        told.append(
            Problem("", Sentence("Choices that come again: {count:,}. Only the first of each counts.", count=repeated))
        )
    others = [column for column in table.columns if column not in (person, item, time, rating)]
    columns = _item_columns(table, others, np.flatnonzero(whole), numbers, where, told)
    about = {"items": names, "columns": [[one.name, one.kind, list(one.values)] for one in columns], "rating": rating}
    ratings = table.decided[rating].numbers if rating else None
    arrays = {
        "people": codes.astype(np.int32),
        "items": (numbers + 1).astype(np.int32),
        "times": times[whole],
        "ratings": np.asarray(ratings, np.float32)[whole] if ratings is not None else np.zeros(0, np.float32),
    }
    chosen = {"person": person, "item": item, "time": time, "rating": rating}
    return write_arrays(kind, name, title, arrays, about, told, num_examples=int(whole.sum()), roles=chosen)


def _people_and_items(table: TableFile, person: str, item: str) -> tuple[str, str]:
    """Return the columns of people and of items: those that are named, or are called so."""
    person = person or called([column for column in table.columns if column != item], PEOPLE)
    item = item or called([column for column in table.columns if column != person], ITEMS)
    if not person or not item or person == item:
        raise TrainyardError(
            "It is not clear which column says who chose, and which says what. Name a column of people and another one of items."
        )
    return person, item


def _time_column(table: TableFile, others: tuple[str, str]) -> str:
    """Return the column that is called a time, or the first whose cells are dates."""
    left = [column for column in table.columns if column not in others]
    named = called(left, TIMES)
    for column in ([named] if named else []) + left:
        cells = table.columns[column].slice(0, _LOOKED_AT).to_pylist()
        if are_times(cells, rising=False) and (column == named or table.decided[column].numbers is None):
            return column
    raise TrainyardError(
        "No column holds times. Recommendations are judged by what people chose later: add a column of times or dates, or name it."
    )


def _frequent(items: np.ndarray, whole: np.ndarray, told: list[Problem]) -> np.ndarray:
    """Return which rows (rows,) are of the items that are kept: all, or the most frequent ones where there are too many."""
    most = settings().max_catalogue
    names, codes, _first = _coded(items)
    counts = np.bincount(codes[whole], minlength=len(names))
    if (counts > 0).sum() <= most:
        return np.ones(len(items), bool)
    kept = np.zeros(len(names), bool)
    kept[np.argsort(-counts, kind="stable")[:most]] = True
    told.append(
        Problem(
            "",
            Sentence(
                "There are {count:,} items; the {most:,} that were chosen most often are kept (TRAINYARD_MAX_CATALOGUE).",
                count=int((counts > 0).sum()),
                most=most,
            ),
        )
    )
    return np.asarray(kept[codes])


def _coded(words: np.ndarray) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Words (rows,) -> the different ones, the index of each row (rows,), and the first row of each."""
    import pandas as pd

    codes, names = pd.factorize(words, sort=True)  # an array of numpy's texts has room for the longest one in each cell
    return names.tolist(), codes, np.unique(codes, return_index=True)[1]


def _item_columns(
    table: TableFile, names: list[str], rows: np.ndarray, numbers: np.ndarray, first: np.ndarray, told: list[Problem]
) -> list[ItemColumn]:
    """Return the columns that belong to items: `rows` are those that are kept, `numbers` their items, `first` a row of each item."""
    found = []
    for name in names:
        decided = table.decided[name].numbers
        cells = np.asarray(decided, np.float64)[rows] if decided is not None else category_words(table, name)[rows]
        of_item = cells[first]
        missing = ~np.isfinite(cells) if decided is not None else cells == ""
        if (missing | (cells == of_item[numbers])).mean() < _SAME:
            told.append(Problem(f"column {name!r}", Sentence("It differs between rows of one item, and is left out.")))
            continue
        if decided is not None:
            values = tuple(float(one) if np.isfinite(one) else None for one in of_item)
            found.append(ItemColumn(name, "number", values))
        else:
            found.append(ItemColumn(name, "category", tuple(str(one) or None for one in of_item)))
    return found
