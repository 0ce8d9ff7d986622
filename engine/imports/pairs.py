"""Import a table in which one column holds texts, and another what is to be made of each."""

from typing import Any

import numpy as np

from engine.errors import TrainyardError
from engine.imports.cells import arranging_columns, check_columns
from engine.imports.collected import Collected
from engine.imports.sets import ImportReport, Problem
from engine.imports.versions import next_version, write_about
from engine.modalities.own import OwnKind
from engine.readers.tables import TableFile
from engine.reading import cell_text
from engine.sentences import COMMA, SPACE, Sentence, joined, placed

LEAST_PAIRS = 10
"""Pairs that are needed: one for each split would say nothing."""
TARGETS = "target_starts"
"""Name of the array that says where the texts to be written lie."""


def import_pairs(
    kind: OwnKind,
    table: TableFile,
    source_column: str,
    target_column: str,
    name: str,
    title: str = "",
    *,
    group_column: str = "",
    split_column: str = "",
) -> ImportReport:
    """Import two columns of a table as the next version of the set `name` of this kind; rows with one side missing are listed.

    Raises `TrainyardError` when too few pairs remain.
    """
    if not source_column or not target_column:
        raise TrainyardError(
            "Which column has the {role}? Available: {columns}.",
            role=Sentence("texts to be written") if source_column else Sentence("texts to be read"),
            columns=joined(map(repr, table.columns), COMMA),
        )
    if source_column == target_column:
        raise TrainyardError(
            "{column!r} cannot be both the text that is read and the one that is written. Choose two columns.",
            column=source_column,
        )
    check_columns(table, source_column, target_column, group_column, split_column)
    more = arranging_columns(table, group_column, split_column)
    with next_version(name) as (reference, folder):
        spool = folder / "spool"
        with spool.open("wb") as file:
            collected = Collected(kind, file)
            collected.problems.extend(Problem(problem.place, problem.reason) for problem in table.problems)
            spans, rows = _collect(collected, table, source_column, target_column)
        arrays: dict[str, Any] = {
            kind.array: np.memmap(spool, np.uint8, "r"),
            "starts": np.array([source for source, _ in spans], np.int64),
            TARGETS: np.array([target for _, target in spans], np.int64),
            "targets": np.zeros(len(spans), np.int64),
            "names": np.array([f"row {table.places[row]}" for row in rows]),
            **{role: values[rows] for role, values in more.items()},
        }
        np.savez(folder / kind.file, **arrays)
        spool.unlink()
        chosen = {"text": source_column, "target": target_column, "group": group_column, "split": split_column}
        return write_about(
            folder,
            reference,
            kind.name,
            title or name,
            [kind.task, *kind.more_tasks],
            {},
            collected.listed(),
            data=folder / kind.file,
            num_examples=len(spans),
            roles={role: column for role, column in chosen.items() if column},
        )


def _collect(
    collected: Collected, table: TableFile, source_column: str, target_column: str
) -> tuple[list[tuple[tuple[int, int], tuple[int, int]]], list[int]]:
    """Write both texts of each pair; return where they lie, and the rows that they stood in."""
    rewrite_cell = collected.kind.rewrite_cell
    assert rewrite_cell is not None  # only such kinds are imported from columns
    spans, rows = [], []
    cells = (table.columns[column].to_pylist() for column in (source_column, target_column))
    for row, (source, target, number) in enumerate(zip(*cells, table.places, strict=True)):
        place, texts = f"row {number}", (cell_text(source), cell_text(target))
        if missing := _missing(*texts):
            collected.leave_out(place, missing)
            continue
        try:
            written = [rewrite_cell(text) for text in texts]
        except TrainyardError as error:
            collected.leave_out(place, error.sentence)
            continue
        spans.append((collected.write(written[0]), collected.write(written[1])))
        rows.append(row)
    if len(spans) < LEAST_PAIRS:
        told = Sentence(
            "At least {least} pairs of texts are needed; there are {found}.", least=LEAST_PAIRS, found=len(spans)
        )
        more = (placed(problem.file, problem.reason) for problem in collected.problems[:3])
        raise TrainyardError(joined([told, *more], SPACE))
    return spans, rows


def _missing(source: str, target: str) -> Sentence | None:
    """Return which side of a pair is missing."""
    if source.strip() and target.strip():
        return None
    if target.strip():
        return Sentence("The text to be read is missing.")
    if source.strip():
        return Sentence("The text to be written is missing.")
    return Sentence("Both texts are missing.")
