"""Probable reading of an upload: kind, classes or columns, and what is wrong with it, before anything is kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.errors import TrainyardError
from engine.imports.annotations import find_annotations
from engine.imports.columns import ColumnGuess, inspect_columns
from engine.imports.folders import Arrangement, chosen_folders, count_classes, guess_folders, list_levels, only_splits
from engine.imports.labels_file import LabelsFile, find_labels_file
from engine.imports.measured import understand_measured
from engine.imports.own_kinds import (
    boxed_kinds,
    kind_of_cells,
    kind_of_pairs,
    kind_of_rows,
    kinds_by_ending,
    measured_kind,
    own_kind,
    told_kinds,
)
from engine.imports.remarks import said_of_columns, said_of_folders, said_of_names, said_without_labels
from engine.imports.sets import Problem
from engine.imports.targets import guess_pair, guess_roles, guess_text_and_label, guess_time
from engine.imports.transcripts import find_transcripts, missing_clips
from engine.imports.tried import try_files
from engine.imports.understood import Reading, Source, Understood
from engine.imports.uploads import (
    check_alone,
    content_of,
    ending_of,
    holds_files,
    kind_of_file,
    only_table,
    opened,
    turn,
)
from engine.modalities.own import OwnKind
from engine.readers.layout import Layout
from engine.readers.tables import TableFile, read_table
from engine.readers.unpack import Member, Members, naming
from engine.reading import cell_text, plain_text

_LOOKED_AT = 1_000
_EXAMPLES = 3  # cells of a column that a preview shows
_CELL_CHARACTERS = 40


def understand(
    source: Source,
    filename: str,
    kind: str | None = None,
    layout: Layout | None = None,
    reading: Reading | None = None,
) -> Understood:
    """Look at a folder, a zip or a table without keeping anything; `kind`, `layout` and `reading` overrule the guess.

    Raises `TrainyardError` for what is neither, or hostile.
    """
    with turn(), naming(filename):
        return _understood(source, filename, kind, layout, reading or Reading())


def _understood(source: Source, filename: str, kind: str | None, layout: Layout | None, reading: Reading) -> Understood:
    alone = kind_of_file(source, filename)
    if alone and kind in (None, alone):
        with opened(source, filename=filename) as members:
            return _of_files(alone, members, None, reading)
    if not holds_files(source):
        check_alone(source, filename)
        return _of_table(read_table(*content_of(source, filename), layout), kind)
    with opened(source, reading.names_encoding) as members:
        if told := _told(members, kind) or _boxed(members, kind):
            return told
        labels_file = None if kind and own_kind(kind).rows else find_labels_file(members, reading.columns)
        found = kind or _kind_of(members, labels_file)
        table = only_table(members) if labels_file is None else None
        if table is not None and own_kind(found).tabular:
            return _of_table(read_table(table.read(), table.name, layout), kind)
        if own_kind(found).measured:
            return understand_measured(own_kind(found), members, labels_file)
        return _of_files(found, members, labels_file, reading)


def _told(members: Members, kind: str | None) -> Understood | None:
    """Recordings with a table of transcripts; None where there are none, or where another kind is wanted."""
    for one in told_kinds() if kind is None or own_kind(kind).told else ():
        if found := find_transcripts(members, one.endings):
            counts, problems = count_classes(members, found.arrangement)
            problems += missing_clips(members, found.arrangement)
            return Understood(
                one.name,
                counts={said: count for said, count in counts.items() if said},
                problems=tuple(problems[:1_000]),
                remarks=(*said_of_names(members.encoding), found.remark()),
                arrangement=found.arrangement,
                names_encoding=members.encoding,
                left_out=len(problems),
            )
    return None


def _boxed(members: Members, kind: str | None) -> Understood | None:
    """Pictures with boxes; None where there are none, or where another kind is wanted."""
    for one in boxed_kinds() if kind is None or own_kind(kind).boxed else ():
        if found := find_annotations(members, one.endings):
            _counts, problems = count_classes(members, found.arrangement)
            problems += found.problems
            return Understood(
                one.name,
                counts=found.counts(),
                rows=len(found.pictures),
                problems=tuple(problems[:1_000]),
                remarks=(*said_of_names(members.encoding), found.remark()),
                arrangement=found.arrangement,
                names_encoding=members.encoding,
                left_out=len(problems),
            )
    return None


def _of_table(table: TableFile, kind: str | None) -> Understood:
    guesses = tuple(inspect_columns(table))
    roles = guess_roles(guesses)
    text, label = guess_text_and_label(guesses)
    if not text and not {"number", "date", "category"} & set(roles.values()):
        text = _short_texts(table, guesses, label)
    source, target = guess_pair([guess for guess in guesses if table.decided[guess.name].numbers is None])
    found = _kind_of_table(kind, bool(text and label), bool(source and not label), bool(text))
    without = text and not label and own_kind(found).free_task
    return Understood(
        found,
        from_table=True,
        problems=tuple(Problem(problem.place, problem.reason) for problem in table.problems),
        rows=len(table),
        encoding=table.layout.encoding,
        columns=guesses,
        examples={name: _examples(cells) for name, cells in table.columns.items()},
        roles=roles,
        text_column=text,
        label_column=label,
        source_column=source,
        target_column=target,
        layout=table.layout,
        table=table,
        dates=tuple(guess.name for guess in guesses if guess.kind == "date"),
        time_column=guess_time(guesses),
        numeric=tuple(name for name, decided in table.decided.items() if decided.numbers is not None),
        remarks=(*said_of_columns(guesses), *([said_without_labels(own_kind(found))] if without else [])),
    )


def _kind_of_table(kind: str | None, texts: bool, pairs: bool, text: bool) -> str:
    """Return the kind that somebody wants, where a table can be that; otherwise what it looks like: `texts` with labels, `pairs`, a
    column of `text` alone, or rows."""
    if kind and own_kind(kind).tabular:
        return kind
    if pairs:
        return kind_of_pairs().name
    return kind_of_cells().name if texts or text else kind_of_rows().name


def _short_texts(table: TableFile, guesses: Sequence[ColumnGuess], label: str) -> str:
    """The column of words beside a label that differs most; empty where there is none."""
    words = {guess.name: guess.distinct for guess in guesses if table.decided[guess.name].numbers is None}
    words.pop(label, None)
    return max(words, key=words.__getitem__) if label and max(words.values(), default=0) > 1 else ""


def _examples(cells: Any) -> str:
    """The first different cells, cut short."""
    import pyarrow.compute as pc

    found = pc.unique(cells.drop_null().slice(0, _LOOKED_AT)).slice(0, _EXAMPLES).to_pylist()
    return ", ".join(plain_text(cell_text(cell), _CELL_CHARACTERS) for cell in found)


# -- files -------------------------------------------------------------------------------------------------------------


def _kind_of(members: list[Member], labels_file: LabelsFile | None) -> str:
    known, rows = kinds_by_ending(), kind_of_rows().name
    kinds = Counter(known[ending].name for member in members if (ending := ending_of(member)) in known)
    if labels_file is None and kinds[rows] == 1 and only_table(members) is not None:
        return rows
    del kinds[rows]
    if not kinds:
        endings = ", ".join(sorted({ending_of(member) or "no ending" for member in members})[:5])
        raise TrainyardError(
            "It does not contain images, audio clips or texts (found: {endings}). Make a zip with a "
            "folder for each class, or give one table.",
            endings=endings or "nothing",
        )
    likeliest = kinds.most_common(1)[0][0]
    measured = measured_kind(likeliest) if labels_file is not None and labels_file.measures else None
    return measured.name if measured else likeliest


def _of_files(kind: str, members: Members, labels_file: LabelsFile | None, reading: Reading) -> Understood:
    """Classes with their number of files, what was chosen, and the files that are left out."""
    folders = chosen_folders(guess_folders(members), reading.class_level, reading.split_level, reading.group_level)
    arrangement = Arrangement(folders)
    if labels_file is not None:
        arrangement = Arrangement(folders, labels_file.placed, labels_file.name)
    free = own_kind(kind).free_task and labels_file is None
    if free and only_splits(members):
        folders = replace(folders, split_level=1)
        return _of_free_files(own_kind(kind), members, Arrangement(folders, labelled=False))
    too_few = try_files(own_kind(kind), members, arrangement)
    if free and too_few:
        return _of_free_files(own_kind(kind), members, replace(arrangement, labelled=False))
    counts, problems = count_classes(members, arrangement)
    return Understood(
        kind,
        counts=counts,
        problems=tuple(problems[:1_000]),
        remarks=(*said_of_names(members.encoding), *said_of_folders(members, arrangement, labels_file)),
        arrangement=arrangement,
        levels=list_levels(members),
        labels_file=labels_file,
        names_encoding=members.encoding,
        left_out=len(problems),
        too_few=too_few,
    )


def _of_free_files(kind: OwnKind, members: Members, arrangement: Arrangement) -> Understood:
    """Files that are in no folders of classes, where a task needs none."""
    return Understood(
        kind.name,
        rows=sum(ending_of(member) in kind.endings for member in members),
        remarks=(*said_of_names(members.encoding), said_without_labels(kind)),
        arrangement=arrangement,
        names_encoding=members.encoding,
    )
