"""Import what was understood of an upload, as somebody chose it."""

from engine.imports.archive import Progress, import_files
from engine.imports.cells import import_cells
from engine.imports.choices import import_choices
from engine.imports.folders import Arrangement, Folders
from engine.imports.own_kinds import own_kind
from engine.imports.pairs import import_pairs
from engine.imports.series import import_series
from engine.imports.sets import ImportReport
from engine.imports.table import import_table
from engine.imports.understood import Choice, Source, Understood
from engine.imports.unlabelled import import_free_cells, import_free_files
from engine.imports.uploads import kind_of_file, opened, read_only_table, turn
from engine.modalities.own import OwnKind
from engine.readers.tables import TableFile
from engine.readers.unpack import naming


def import_data(
    source: Source, filename: str, choice: Choice, progress: Progress | None = None, found: Understood | None = None
) -> ImportReport:
    """Import an upload as chosen. Raise `TrainyardError` if that fails; then nothing is left behind.

    `found` is what was understood of the same source and layout: a table is then not read a second time.
    """
    with turn(), naming(filename):
        kind, table = own_kind(choice.kind), found.table if found else None
        if (
            table is None
            and kind.tabular
            and choice.arrangement is None
            and kind_of_file(source, filename) != kind.name
        ):
            table = read_only_table(source, filename, choice.layout)
        if table is None and (arrangement := _without_labels(source, filename, choice)):
            with opened(source, choice.names_encoding, filename) as members:
                return import_free_files(kind, members, arrangement, choice.name, progress, choice.title)
        if table is None:
            return import_files(
                choice.kind,
                source,
                choice.name,
                progress,
                choice.title,
                arrangement=choice.arrangement,
                names_encoding=choice.names_encoding,
            )
        return _of_table(kind, table, choice)


def _of_table(kind: OwnKind, table: TableFile, choice: Choice) -> ImportReport:
    """Import a table, or some of its columns, as its kind wants it."""
    named = choice.name, choice.title
    if kind.rows:
        return import_table(kind, table, choice.roles, *named, classes=choice.classes, time_column=choice.time_column)
    first, second = choice.text_column, choice.label_column
    if kind.timed:
        return import_series(kind, table, first, second, *named, series_column=choice.group_column)
    if kind.chosen:
        return import_choices(kind, table, choice.group_column, second, choice.time_column, *named)
    arranged = {"group_column": choice.group_column, "split_column": choice.split_column}
    if kind.pairs:
        return import_pairs(kind, table, first, second, *named, **arranged)
    if kind.free_task and not second:
        return import_free_cells(kind, table, first, *named, **arranged)
    return import_cells(kind, table, first, second, *named, **arranged)


def _without_labels(source: Source, filename: str, choice: Choice) -> Arrangement | None:
    """Return the arrangement of files that need no labels; None where they need them, and have them."""
    if kind_of_file(source, filename) == choice.kind:
        return choice.arrangement or Arrangement(Folders(), labelled=False)
    return choice.arrangement if choice.arrangement and not choice.arrangement.labelled else None
