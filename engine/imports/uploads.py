"""The content of an upload: one table, or files in a folder or a zip. Large ones are read one or two at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from engine.errors import TrainyardError
from engine.imports.own_kinds import kinds_by_ending
from engine.imports.understood import Source
from engine.modalities.base import modalities
from engine.readers.kinds import PLAIN, TABLE_ENDINGS, ZIP_STARTS, kind_of
from engine.readers.layout import Layout
from engine.readers.parquet import is_parquet
from engine.readers.tables import TableFile, read_table
from engine.readers.unpack import Member, Members, only_member, open_members
from engine.settings import settings

_START_BYTES = 2_000
_PATIENCE_SECONDS = 60.0
_at_once = threading.BoundedSemaphore(2)  # in one process, so that memory does not grow with the number of visitors


@contextmanager
def turn() -> Iterator[None]:
    """Wait until few others read large files. Raises `TrainyardError` after a minute."""
    if not _at_once.acquire(timeout=_PATIENCE_SECONDS):
        raise TrainyardError("Other imports are running. Try again in a minute.")
    try:
        yield
    finally:
        _at_once.release()


def read_only_table(source: Source, filename: str, layout: Layout | None) -> TableFile | None:
    """The one table that an upload is, or holds; None where it is class/file."""
    if not holds_files(source):
        return read_table(*content_of(source, filename), layout)
    with opened(source) as members:
        member = only_table(members)
        return read_table(member.read(), member.name, layout) if member is not None else None


def content_of(source: Source, filename: str) -> tuple[bytes | Path, str]:
    """Return the bytes of a file, or the path of one on this machine, and its name."""
    if isinstance(source, Path):
        return source, filename
    source.seek(0)
    return source.read(settings().max_table_mb * 1_000_000 + 1), filename


def holds_files(source: Source) -> bool:
    """Whether it is a folder or a zip, by content."""
    if isinstance(source, Path) and not source.is_file():
        return True
    return _start(source).startswith(ZIP_STARTS)


def kind_of_file(source: Source, filename: str) -> str:
    """Return the kind of which one file alone holds many examples, such as a text, by its ending; empty for any other upload."""
    kind = kinds_by_ending().get(PurePath(filename).suffix.lower())
    return kind.name if kind is not None and kind.free_task and not holds_files(source) else ""


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


def check_alone(source: Source, filename: str) -> None:
    """Refuse a single picture, sound or document here, where it is known that a zip of many would do."""
    start = _start(source)
    kind = kind_of(start)
    if kind not in PLAIN and not is_parquet(start):
        raise TrainyardError(
            "{filename!r} is {kind}, not a table or a zip. Put images, audio clips or texts into a "
            "zip with a folder for each class, or save a table as CSV, TSV, JSON, JSONL, Parquet or TMX.",
            filename=filename[-80:],
            kind=kind,
        )


@contextmanager
def opened(source: Source, encoding: str = "", filename: str = "") -> Iterator[Members]:
    """The files of a folder or a zip, of any kind; or the one file of a kind of which a file holds many examples."""
    largest = max(modality.largest_mb for modality in modalities.values() if modality.own)
    if kind_of_file(source, filename):
        yield only_member(source, filename, largest)
        return
    with open_members(source, largest, encoding) as members:
        yield members


def ending_of(member: Member) -> str:
    """Return the ending of a file's name, small, with its point."""
    return PurePath(member.path[-1]).suffix.lower()


def only_table(members: list[Member]) -> Member | None:
    """The table of an archive that is a packed table, with perhaps a few notes beside it."""
    known = kinds_by_ending()
    tables = [member for member in members if ending_of(member) in TABLE_ENDINGS]
    others = [member for member in members if (ending := ending_of(member)) in known and ending not in TABLE_ENDINGS]
    classes = {member.path[0] for member in others if len(member.path) > 1}
    return tables[0] if len(tables) == 1 and len(classes) < 2 else None
