"""Import a table in which one column holds the examples, such as texts, and another their labels."""

from collections.abc import Sequence

import numpy as np

from engine.errors import TrainyardError, unknown_name
from engine.imports.collected import Collected
from engine.imports.sets import ImportReport, Problem
from engine.imports.splits import read_groups, read_splits
from engine.imports.table import category_words
from engine.imports.versions import next_version, write_about
from engine.modalities.own import OwnKind
from engine.readers.tables import TableFile
from engine.reading import cell_text
from engine.sentences import COMMA, Sentence, joined


def import_cells(
    kind: OwnKind,
    table: TableFile,
    text_column: str,
    label_column: str,
    name: str,
    title: str = "",
    *,
    group_column: str = "",
    split_column: str = "",
) -> ImportReport:
    """Import two columns of a table as the next version of the set `name` of this kind; rows without either are listed.

    Rows that share a value of `group_column` (an author) stay in one split; `split_column` says train, validation or
    test. Raises `TrainyardError` when fewer than two classes remain.
    """
    if not text_column or not label_column:
        raise TrainyardError(
            "Which column has the {role}? Available: {columns}.",
            role=Sentence("labels") if text_column else kind.words,
            columns=joined(map(repr, table.columns), COMMA),
        )
    if text_column == label_column:
        raise TrainyardError(
            "{text_column!r} cannot be both the text and the label. Choose two columns.", text_column=text_column
        )
    check_columns(table, text_column, label_column, group_column, split_column)
    more = arranging_columns(table, group_column, split_column)
    with next_version(name) as (reference, folder):
        spool = folder / "spool"
        with spool.open("wb") as file:
            collected = Collected(kind, file)
            collected.problems.extend(Problem(problem.place, problem.reason) for problem in table.problems)
            texts = [cell_text(cell) for cell in table.columns[text_column].to_pylist()]
            _collect(collected, texts, category_words(table, label_column).tolist(), table.places)
        data, counts = collected.store(folder, spool, **more)
        spool.unlink()
        chosen = {"text": text_column, "label": label_column, "group": group_column, "split": split_column}
        return write_about(
            folder,
            reference,
            kind.name,
            title or name,
            [kind.task, *kind.more_tasks],
            counts,
            collected.listed(),
            data=data,
            num_examples=sum(counts.values()),
            roles={role: column for role, column in chosen.items() if column},
        )


def check_columns(table: TableFile, *names: str) -> None:
    """Raise `TrainyardError` for a name that no column has; an empty one stands for none."""
    for column in filter(None, names):
        if column not in table.columns:
            raise unknown_name("column", column, table.columns)


def arranging_columns(table: TableFile, group_column: str, split_column: str) -> dict[str, np.ndarray]:
    """Return what the columns of groups and splits say of each row, where there are such."""
    more: dict[str, np.ndarray] = {}
    if group_column:
        more["group"] = read_groups(category_words(table, group_column))
    if split_column:
        more["split"] = read_splits(split_column, category_words(table, split_column))
    return more


def _collect(collected: Collected, texts: Sequence[str], labels: Sequence[str], places: Sequence[int]) -> None:
    rewrite_cell = collected.kind.rewrite_cell
    assert rewrite_cell is not None  # only such kinds are imported from a column
    for row, (text, label, number) in enumerate(zip(texts, labels, places, strict=True)):
        place = f"row {number}"
        if not text or not label:
            collected.leave_out(place, Sentence("The label is missing.") if text else Sentence("The text is missing."))
            continue
        try:
            data = rewrite_cell(text)
        except TrainyardError as error:
            collected.leave_out(place, error.sentence)
        else:
            collected.add(label, place, data, row)
