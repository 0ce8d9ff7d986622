"""Examples without labels, for tasks that need none: texts to learn to write from, in files or in a column of a table."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import TrainyardError
from engine.imports.archive import Progress
from engine.imports.cells import arranging_columns, check_columns
from engine.imports.collected import Collected, written
from engine.imports.folders import Arrangement, Placed, columns_of
from engine.imports.sets import ImportReport, Problem
from engine.imports.uploads import ending_of
from engine.imports.versions import next_version, write_about
from engine.modalities.own import OwnKind
from engine.readers.tables import TableFile
from engine.readers.unpack import ArchiveError, Member
from engine.reading import cell_text, plain_text
from engine.sentences import COMMA, SPACE, Sentence, joined, placed

LEAST = 10
"""Different examples that are needed: fewer cannot be divided into splits that say something."""
_TICK = 20  # files between two reports of progress
_LONGEST_NAME = 120


@dataclass(frozen=True)
class _Example:
    data: bytes
    name: str
    row: int
    """Which row of the source, or which file, it is from."""


def import_free_files(
    kind: OwnKind,
    members: Sequence[Member],
    arrangement: Arrangement,
    name: str,
    progress: Progress | None = None,
    title: str = "",
) -> ImportReport:
    """Import files as the next version of the set `name`; long ones become several examples.

    Raises `TrainyardError` when too few examples remain; then nothing is left behind.
    """
    known: list[Placed] = []
    with next_version(name) as (reference, folder), (folder / "spool").open("wb") as spool:
        collected = Collected(kind, spool)
        found = _written(collected, _of_files(collected, members, arrangement, known, progress))
        return _store(collected, found, reference, folder, title or name, columns_of(known), {})


def import_free_cells(
    kind: OwnKind,
    table: TableFile,
    column: str,
    name: str,
    title: str = "",
    *,
    group_column: str = "",
    split_column: str = "",
) -> ImportReport:
    """Import one column of a table as the next version of the set `name`; empty cells are listed."""
    if not column:
        raise TrainyardError(
            "Which column has the {role}? Available: {columns}.",
            role=kind.words,
            columns=joined(map(repr, table.columns), COMMA),
        )
    check_columns(table, column, group_column, split_column)
    more = arranging_columns(table, group_column, split_column)
    chosen = {"text": column, "group": group_column, "split": split_column}
    with next_version(name) as (reference, folder), (folder / "spool").open("wb") as spool:
        collected = Collected(kind, spool)
        collected.problems.extend(Problem(problem.place, problem.reason) for problem in table.problems)
        found = _written(collected, _of_cells(collected, table, column))
        roles = {role: name for role, name in chosen.items() if name}
        return _store(collected, found, reference, folder, title or name, more, roles)


def _of_files(
    collected: Collected,
    members: Sequence[Member],
    arrangement: Arrangement,
    known: list[Placed],
    progress: Progress | None,
) -> Iterator[_Example]:
    """Yield what is in the files; what their folders say of each is added to `known`."""
    cut = collected.kind.cut
    assert cut is not None  # only such kinds need no labels
    for position, member in enumerate(members, 1):
        try:
            if ending_of(member) not in collected.kind.endings:
                raise TrainyardError(
                    "It is not a file of {words} ({endings}).",
                    words=collected.kind.words,
                    endings=", ".join(collected.kind.endings),
                )
            found, remark = cut(member.read(), member.path[-1], len(members) == 1)
        except ArchiveError:
            raise
        except TrainyardError as error:
            collected.leave_out(member.name, error.sentence)
        else:
            place = arrangement.place(member)
            assert place is not None
            known.append(place)
            if remark:
                collected.leave_out(member.name, remark)
            for number, data in enumerate(found, 1):
                name = f"{member.name} {number}" if len(found) > 1 else member.name
                yield _Example(data, name, len(known) - 1)
        if progress and (position % _TICK == 0 or position == len(members)):
            progress(position, len(members))


def _of_cells(collected: Collected, table: TableFile, column: str) -> Iterator[_Example]:
    rewrite_cell = collected.kind.rewrite_cell
    assert rewrite_cell is not None
    for row, (cell, number) in enumerate(zip(table.columns[column].to_pylist(), table.places, strict=True)):
        place, text = f"row {number}", cell_text(cell)
        if not text.strip():
            collected.leave_out(place, Sentence("The text is missing."))
            continue
        try:
            yield _Example(rewrite_cell(text), place, row)
        except TrainyardError as error:
            collected.leave_out(place, error.sentence)


@dataclass(frozen=True)
class _Written:
    """Examples that lie in the spool."""

    starts: np.ndarray
    names: np.ndarray
    rows: np.ndarray


def _written(collected: Collected, examples: Iterator[_Example]) -> _Written:
    """Write all examples. Raises `TrainyardError` where too few are different."""
    starts, names, rows = [], [], []
    different: set[bytes] = set()
    for example in examples:
        starts.append(collected.write(example.data))
        names.append(plain_text(written(example.name)[-_LONGEST_NAME:], _LONGEST_NAME))
        rows.append(example.row)
        if len(different) < LEAST:
            different.add(hashlib.sha256(example.data).digest())
    if len(different) < LEAST:
        told = Sentence(
            "At least {least} different {words} are needed; there are {found}. Give more, or longer ones.",
            least=LEAST,
            words=collected.kind.words,
            found=len(different),
        )
        raise TrainyardError(joined([told, *(placed(one.file, one.reason) for one in collected.problems[:3])], SPACE))
    return _Written(np.array(starts, np.int64), np.array(names), np.array(rows, np.int64))


def _store(
    collected: Collected,
    found: _Written,
    reference: str,
    folder: Path,
    title: str,
    more: Mapping[str, np.ndarray],
    roles: dict[str, str],
) -> ImportReport:
    """Store the examples beside what is known of the rows that they are from."""
    kind, spool = collected.kind, folder / "spool"
    collected.spool.flush()
    np.savez(
        folder / kind.file,
        **{
            kind.array: np.memmap(spool, np.uint8, "r"),
            "starts": found.starts,
            "targets": np.zeros(len(found.starts), np.int64),
            "names": found.names,
            **{name: values[found.rows] for name, values in more.items()},
        },
    )
    spool.unlink()
    return write_about(
        folder,
        reference,
        kind.name,
        title,
        [kind.free_task],
        {},
        collected.listed(),
        data=folder / kind.file,
        num_examples=len(found.starts),
        roles=dict(roles),
    )
