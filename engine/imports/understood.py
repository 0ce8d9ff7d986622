"""Interpretation of an upload, and what people choose instead, before anything is kept."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from engine.imports.columns import ColumnGuess
from engine.imports.folders import Arrangement, Level
from engine.imports.labels_file import ChosenColumns, LabelsFile
from engine.imports.sets import Problem
from engine.imports.table import Role
from engine.readers.layout import Layout
from engine.readers.tables import TableFile

Source = Path | IO[bytes]


@dataclass(frozen=True)
class Understood:
    """Default reading of an upload."""

    kind: str
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
    source_column: str = ""
    target_column: str = ""
    """The first two columns that may be a text and what is to be made of it; empty where there are not two."""
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
    too_few: str = ""
    """Of files: a sentence if no two classes have enough that can be read; otherwise empty."""
    numeric: tuple[str, ...] = ()
    """Of a table: the columns whose cells are all numbers."""
    dates: tuple[str, ...] = ()
    """Of a table: the columns of dates."""
    time_column: str = ""
    """Of a table: the column of dates by which to split it into earlier and later rows; empty where there is none."""

    def carried(self) -> "Understood":
        """Return it without the table itself, as it goes to another process."""
        return replace(self, table=None)


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

    kind: str
    name: str
    title: str = ""
    roles: dict[str, Role] = field(default_factory=dict)
    text_column: str = ""
    label_column: str = ""
    """Of the labels; of the texts that are to be made where pairs are imported."""
    group_column: str = ""
    split_column: str = ""
    time_column: str = ""
    """For a table: the column of dates by which the splits are drawn, the latest rows for the test; empty: at random."""
    classes: bool = False
    """For a table: whether the cells of the target are names of classes, also where they are numbers."""
    layout: Layout = field(default_factory=Layout)
    """For a table: how it is cut into cells; what is empty is found out."""
    arrangement: Arrangement | None = None
    """For files: what their folders, or a table beside them, say; None finds it out."""
    names_encoding: str = ""
