"""Probable reading of an upload: kind, classes or columns, and what is wrong with it, before anything is kept."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Any

from engine.errors import TrainyardError
from engine.imports.archive import Progress, import_files
from engine.imports.columns import ColumnGuess, inspect_columns
from engine.imports.folders import Arrangement, Level, chosen_folders, count_classes, guess_folders, list_levels
from engine.imports.labels_file import ChosenColumns, LabelsFile, find_labels_file
from engine.imports.remarks import said_of_folders, said_of_names
from engine.imports.sets import ImportReport, Kind, Problem
from engine.imports.table import Role, import_table
from engine.imports.targets import guess_roles, guess_text_and_label
from engine.imports.texts import import_texts
from engine.readers.kinds import ZIP_STARTS, kind_of
from engine.readers.layout import Layout
from engine.readers.parquet import is_parquet
from engine.readers.tables import TableFile, read_table
from engine.readers.unpack import Member, Members, naming, open_members
from engine.reading import cell_text, plain_text
from engine.settings import settings

Source = Path | IO[bytes]

ENDINGS: dict[Kind, tuple[str, ...]] = {
    "images": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"),
    "clips": (".wav", ".flac", ".ogg", ".opus", ".oga", ".mp3", ".aif", ".aiff", ".aifc"),
    "texts": (".txt", ".md", ".text"),
    "table": (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet"),
}
"""File name endings of each kind."""
_BY_ENDING = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}
_LOOKED_AT = 1_000
_EXAMPLES = 3  # cells of a column that a preview shows
_CELL_CHARACTERS = 40
_START_BYTES = 2_000


_at_once = threading.BoundedSemaphore(2)  # in one process, so that memory does not grow with the number of visitors
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Understood:
    """Default reading of an upload."""

    kind: Kind
    from_table: bool = False
    """Whether it is one table, of which columns are chosen; otherwise it is class/file."""
    counts: dict[str, int] = field(default_factory=dict)
    """Files in the folder of each class."""
    problems: tuple[Problem, ...] = ()
    rows: int = 0
    encoding: str = ""
    columns: tuple[ColumnGuess, ...] = ()
    examples: dict[str, str] = field(default_factory=dict)
    """The first few cells of each column, in words."""
    roles: dict[str, Role] = field(default_factory=dict)
    """For a table of one's own: a first guess of what each column is."""
    text_column: str = ""
    label_column: str = ""
    layout: Layout = field(default_factory=Layout)
    """Layout by which a table was cut into cells."""
    table: TableFile | None = field(default=None, repr=False, compare=False)
    """Table already read, so that the import need not read it again."""
    remarks: tuple[str, ...] = ()
    """Choices made where two readings are possible, and how to choose otherwise."""
    arrangement: Arrangement | None = None
    """Of files: what their folders, or a table beside them, say."""
    levels: tuple[Level, ...] = ()
    """Of files: the folders by depth."""
    labels_file: LabelsFile | None = None
    names_encoding: str = ""
    """In which encoding the names in a zip were read that do not say theirs; "" where all do."""
    left_out: int = 0
    """Of files: how many are left out."""


@dataclass(frozen=True)
class Reading:
    """Explicit choices for reading files."""

    class_level: int = 0
    split_level: int = -1
    group_level: int = -1
    names_encoding: str = ""
    columns: ChosenColumns = field(default_factory=ChosenColumns)


@dataclass(frozen=True)
class Choice:
    """Choices for importing an upload."""

    kind: Kind
    name: str
    title: str = ""
    roles: dict[str, Role] = field(default_factory=dict)
    text_column: str = ""
    label_column: str = ""
    group_column: str = ""
    split_column: str = ""
    classes: bool = False
    """For a table: whether the cells of the target are names of classes, also where they are numbers."""
    layout: Layout = field(default_factory=Layout)
    """For a table: how it is cut into cells; what is empty is found out."""
    arrangement: Arrangement | None = None
    """For files: what their folders, or a table beside them, say; None finds it out."""
    names_encoding: str = ""


def understand(
    source: Source,
    filename: str,
    kind: Kind | None = None,
    layout: Layout | None = None,
    reading: Reading | None = None,
) -> Understood:
    """Look at a folder, a zip or a table without keeping anything; `kind`, `layout` and `reading` overrule the guess.

    Raises `TrainyardError` for what is neither, or hostile.
    """
    with _turn(), naming(filename):
        return _understood(source, filename, kind, layout, reading or Reading())


def _understood(
    source: Source, filename: str, kind: Kind | None, layout: Layout | None, reading: Reading
) -> Understood:
    if not _holds_files(source):
        _check_alone(source, filename)
        return _of_table(read_table(*_content(source, filename), layout), kind)
    with _opened(source, reading.names_encoding) as members:
        labels_file = find_labels_file(members, reading.columns) if kind != "table" else None
        found = kind or _kind_of(members, labels_file)
        table = _only_table(members) if labels_file is None else None
        if table is not None and found in ("table", "texts"):
            return _of_table(read_table(table.read(), table.name, layout), kind)
        return _of_files(found, members, labels_file, reading)


def import_data(
    source: Source, filename: str, choice: Choice, progress: Progress | None = None, found: Understood | None = None
) -> ImportReport:
    """Import what was understood, as somebody chose it. Raises `TrainyardError`; then nothing is left behind.

    `found` is what was understood of the same source and layout: a table is then not read a second time.
    """
    with _turn(), naming(filename):
        table = found.table if found else None
        if table is None and choice.kind in ("table", "texts") and choice.arrangement is None:
            table = _table(source, filename, choice.layout)
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
        if choice.kind == "table":
            return import_table(table, choice.roles, choice.name, choice.title, classes=choice.classes)
        return import_texts(
            table,
            choice.text_column,
            choice.label_column,
            choice.name,
            choice.title,
            group_column=choice.group_column,
            split_column=choice.split_column,
        )


@contextmanager
def _turn() -> Iterator[None]:
    if not _at_once.acquire(timeout=_PATIENCE_SECONDS):
        raise TrainyardError("Others import large files right now. Try again in a minute.")
    try:
        yield
    finally:
        _at_once.release()


# -- tables ------------------------------------------------------------------------------------------------------------


def _of_table(table: TableFile, kind: Kind | None) -> Understood:
    guesses = tuple(inspect_columns(table))
    roles = guess_roles(guesses)
    text, label = guess_text_and_label(guesses)
    if not text and not {"number", "category"} & set(roles.values()):
        text = _short_texts(table, guesses, label)
    return Understood(
        kind if kind in ("texts", "table") else "texts" if text and label else "table",
        from_table=True,
        problems=tuple(Problem(problem.place, problem.reason) for problem in table.problems),
        rows=len(table),
        encoding=table.layout.encoding,
        columns=guesses,
        examples={name: _examples(cells) for name, cells in table.columns.items()},
        roles=roles,
        text_column=text,
        label_column=label,
        layout=table.layout,
        table=table,
    )


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


def _table(source: Source, filename: str, layout: Layout) -> TableFile | None:
    """The one table that an upload is, or holds; None where it is class/file."""
    if not _holds_files(source):
        return read_table(*_content(source, filename), layout)
    with _opened(source) as members:
        member = _only_table(members)
        return read_table(member.read(), member.name, layout) if member is not None else None


def _content(source: Source, filename: str) -> tuple[bytes | Path, str]:
    if isinstance(source, Path):
        return source, filename
    source.seek(0)
    return source.read(settings().max_table_mb * 1_000_000 + 1), filename


# -- folders and archives ----------------------------------------------------------------------------------------------


def _holds_files(source: Source) -> bool:
    """Whether it is a folder or a zip, by content."""
    if isinstance(source, Path) and not source.is_file():
        return True
    return _start(source).startswith(ZIP_STARTS)


def _start(source: Source) -> bytes:
    """The first bytes of a file. What cannot be opened has none; reading it tells why."""
    if isinstance(source, Path):
        with suppress(OSError), source.open("rb") as file:
            return file.read(_START_BYTES)
        return b""
    source.seek(0)
    start = source.read(_START_BYTES)
    source.seek(0)
    return start


def _check_alone(source: Source, filename: str) -> None:
    """Refuse a single picture, sound or document here, where it is known that a zip of many would do."""
    start = _start(source)
    kind = kind_of(start)
    if kind not in ("text", "of an unknown format") and not is_parquet(start):
        raise TrainyardError(
            "{filename!r} is {kind}, not a table or a zip. Put pictures, sounds or texts into a zip with a "
            "folder for each class, or save a table as CSV, TSV, JSON, JSONL or Parquet.",
            filename=filename[-80:],
            kind=kind,
        )


@contextmanager
def _opened(source: Source, encoding: str = "") -> Iterator[Members]:
    limits = settings()
    with open_members(source, max(limits.max_table_mb, limits.max_image_mb, limits.max_clip_mb), encoding) as members:
        yield members


def _ending(member: Member) -> str:
    return PurePath(member.path[-1]).suffix.lower()


def _kinds(members: Iterable[Member]) -> Counter[Kind]:
    return Counter(_BY_ENDING[ending] for member in members if (ending := _ending(member)) in _BY_ENDING)


def _only_table(members: list[Member]) -> Member | None:
    """The table of an archive that is a packed table, with perhaps a few notes beside it."""
    tables = [member for member in members if _BY_ENDING.get(_ending(member)) == "table"]
    classes = {
        member.path[0]
        for member in members
        if len(member.path) > 1 and _BY_ENDING.get(_ending(member), "table") != "table"
    }
    return tables[0] if len(tables) == 1 and len(classes) < 2 else None


def _kind_of(members: list[Member], labels_file: LabelsFile | None) -> Kind:
    kinds = _kinds(members)
    if labels_file is None and kinds["table"] == 1 and _only_table(members) is not None:
        return "table"
    del kinds["table"]
    if not kinds:
        endings = ", ".join(sorted({_ending(member) or "no ending" for member in members})[:5])
        raise TrainyardError(
            "There are no pictures, sounds or texts in it (found: {endings}). Make a zip with a folder for "
            "each class, or give one table.",
            endings=endings or "nothing",
        )
    return kinds.most_common(1)[0][0]


def _of_files(kind: Kind, members: Members, labels_file: LabelsFile | None, reading: Reading) -> Understood:
    """Classes with their number of files, what was chosen, and the files that are left out."""
    folders = chosen_folders(guess_folders(members), reading.class_level, reading.split_level, reading.group_level)
    arrangement = Arrangement(folders)
    if labels_file is not None:
        arrangement = Arrangement(folders, labels_file.placed, labels_file.name)
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
    )
