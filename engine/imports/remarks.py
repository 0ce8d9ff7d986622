"""Choices made where files can be read in more than one way, and how to choose otherwise."""

from collections.abc import Sequence

from engine.imports.columns import ColumnGuess
from engine.imports.folders import Arrangement, list_levels
from engine.imports.labels_file import LabelsFile
from engine.modalities.own import OwnKind
from engine.readers.likelihood import spoken
from engine.readers.unpack import Member
from engine.sentences import Sentence

_MOST = 3  # columns that are named


def said_of_names(encoding: str) -> tuple[Sentence, ...]:
    """Return in which encoding the names of a zip were read, where they do not say it and it was not UTF-8."""
    if encoding in ("", "utf-8"):
        return ()
    return (
        Sentence(
            "The zip does not declare the encoding of its file names; they were read as {encoding}. "
            "Choose another with --names-encoding.",
            encoding=spoken(encoding),
        ),
    )


def said_of_columns(guesses: Sequence[ColumnGuess]) -> tuple[Sentence, ...]:
    """Return which columns look like identifiers that several rows share."""
    return tuple(
        Sentence(
            "The column {column!r} looks like an identifier that repeats: {distinct:,} different values in {rows:,} rows. If the "
            "rows of one value belong together, take it as the group: they then stay in one split (--group-column).",
            column=guess.name,
            distinct=guess.distinct,
            rows=guess.rows - guess.missing,
        )
        for guess in guesses
        if guess.repeats
    )[:_MOST]


def said_without_labels(kind: OwnKind) -> Sentence:
    """Return what can be done with examples that have no labels."""
    return Sentence(
        "There are no labels: a network can learn to make {words} like these (task {task}), not to tell them apart. A long file is "
        "cut into several.",
        words=kind.words,
        task=kind.free_task,
    )


def said_of_folders(
    members: Sequence[Member], arrangement: Arrangement, labels_file: LabelsFile | None
) -> tuple[Sentence, ...]:
    """Return which folders, or which columns of a table beside the files, say what."""
    said = []
    if labels_file is not None:
        said.append(_of_labels_file(labels_file))
        if labels_file.label_column:
            return tuple(said)
    folders = arrangement.folders
    if folders.split_level:
        said.append(
            Sentence(
                "The folders at level {level} are taken as splits (train, validation, test). --split-level 0 takes them as "
                "ordinary folders.",
                level=folders.split_level,
            )
        )
    others = [level for level in list_levels(members) if level.number != folders.split_level]
    chosen = next((level for level in others if level.number == folders.class_level), None)
    if len(others) > 1 and chosen is not None:
        said.append(
            Sentence(
                "Folders are nested: the {count:,} folders at level {level} are taken as classes "
                "(such as {examples}). Choose another level with --class-level, and a level whose "
                "files stay in one split with --group-level.",
                count=chosen.names,
                level=chosen.number,
                examples=chosen.examples,
            )
        )
    return tuple(said)


def said_of_numbers(found: LabelsFile) -> Sentence:
    """Return which column of a table beside the files is the number of each, and how to choose otherwise."""
    return Sentence(
        "The table {name!r} lists the files in its column {file!r}, and the number of each in {value!r}. Choose another column "
        "with --label-column, or take its cells as names of classes with --kind images.",
        name=found.name[-80:],
        file=found.file_column,
        value=found.value_column,
    )


def _of_labels_file(found: LabelsFile) -> Sentence:
    return Sentence(
        "The table {name!r} lists the files in its column {file!r}. Class: {label}; group: {group}; "
        "split: {split}. Choose other columns with --label-column, --group-column and --split-column.",
        name=found.name[-80:],
        file=found.file_column,
        label=_column(found.label_column, Sentence("the folder")),
        group=_column(found.group_column, Sentence("none")),
        split=_column(found.split_column, Sentence("none")),
    )


def _column(name: str, otherwise: Sentence) -> str:
    return repr(name) if name else otherwise
