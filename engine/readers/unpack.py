"""Read an untrusted zip or folder, without ever writing where its names point.

A zip with names that climb out, links, devices, passwords, too many files or too many bytes is refused as a whole:
no part of it can be trusted. A file in it that is merely broken is reported by name.
"""

import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from engine.errors import TrainyardError
from engine.readers.likelihood import OEM, check_encoding, likeliest
from engine.settings import settings

_JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")
_CENTRAL_ENTRY = b"PK\x01\x02"
_UTF8 = 0x800
_DOCUMENTS = ({"[Content_Types].xml"}, {"mimetype", "META-INF/manifest.xml"})  # of Microsoft, and OpenDocument
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError, RuntimeError),
    ValueError,  # places before the beginning, and names that are marked as UTF-8 and are not
)
"""Exceptions the zip module raises for damage; NotImplementedError, for versions of the format, is a RuntimeError."""


class ArchiveError(TrainyardError):
    """The whole archive is refused, not only one of its files."""


@dataclass(frozen=True)
class Member:
    """One file of an archive: its path inside, and a function that reads it within the limits.

    `read` raises `TrainyardError` for a file that is broken and `ArchiveError` when the archive is over its limit.
    """

    path: tuple[str, ...]
    read: Callable[[], bytes]
    cells: Mapping[str, Any] = field(default_factory=dict)
    """Of a row of a table all of its cells by column, also those that `read` leaves out."""

    @property
    def name(self) -> str:
        """The path as text."""
        return "/".join(self.path)


class Members(list[Member]):
    """The files of a folder or a zip, and the encoding in which the names without the mark for UTF-8 were read, or ""."""

    encoding = ""

    def __init__(self, quota: "_Quota") -> None:
        super().__init__()
        self._quota = quota

    @property
    def read_bytes(self) -> int:
        """Return how much of them was unpacked, that of broken files included."""
        return self._quota.read_bytes


@contextmanager
def open_members(
    source: Path | IO[bytes], largest_mb: int = 0, encoding: str = "", spent_bytes: int = 0
) -> Iterator[Members]:
    """Return the files of a folder or of a zip (a path or an open file), without the clutter of operating systems.

    One file may unpack to `largest_mb`; 0: as much as an image may. `encoding`: that of names in a zip without a UTF-8
    flag; "": the likeliest. `spent_bytes`: what was unpacked of it before, which counts towards the limit of an archive.
    """
    quota = _Quota(largest_mb or settings().max_image_mb, spent_bytes)
    if isinstance(source, Path) and source.is_dir():
        yield _without_top(_of_folder(source, quota))
    elif isinstance(source, Path) and not source.is_file():
        raise ArchiveError(
            "{source!r} does not exist. Give a file, a folder, or a zip with a folder for each class.",
            source=str(source),
        )
    else:
        with _opened(source) as archive:
            yield _without_top(_of_zip(archive, quota, encoding))


def only_member(source: Path | IO[bytes], name: str, largest_mb: int) -> Members:
    """Return one file as if it were alone in a folder, of at most `largest_mb`."""
    quota = _Quota(largest_mb)
    members = Members(quota)

    def read() -> bytes:
        try:
            with source.open("rb") if isinstance(source, Path) else _rewound(source) as stream:
                return quota.read(stream, name)
        except OSError as error:
            raise TrainyardError("{file!r} cannot be read ({problem}).", file=name, problem=error.strerror) from error

    members.append(Member((name,), read))
    return members


def _opened(source: Path | IO[bytes]) -> zipfile.ZipFile:
    """The zip, of which only the list of its files has been read."""
    try:
        _check_upload(source)
        return zipfile.ZipFile(source)
    except ArchiveError:
        raise
    except _BROKEN as error:
        raise ArchiveError(
            "The file is not a zip archive, or is damaged ({error}). Make a zip with a folder for each class.",
            error=error,
        ) from error


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put the name of the upload before sentences about the whole archive, which know only what is inside."""
    try:
        yield
    except ArchiveError as error:
        raise ArchiveError("{name!r}: {error}", name=name[-80:], error=error) from error


class _Quota:
    """Counts the bytes that were really read: what a header announces proves nothing."""

    def __init__(self, largest_mb: int, spent_bytes: int = 0) -> None:
        self.largest_mb = largest_mb
        self.left = settings().max_archive_mb * 1_000_000 - spent_bytes
        self.read_bytes = 0

    def read(self, stream: IO[bytes], name: str) -> bytes:
        """Everything in `stream`, at most one file's and one archive's worth."""
        most = self.largest_mb * 1_000_000
        data = stream.read(min(most, max(0, self.left)) + 1)
        self.left -= len(data)
        self.read_bytes += len(data)
        if self.left < 0:
            raise ArchiveError(
                "The archive unpacks to more than {max_archive_mb:,} MB (TRAINYARD_MAX_ARCHIVE_MB). Nothing was "
                "imported.",
                max_archive_mb=settings().max_archive_mb,
            )
        if len(data) > most:
            raise TrainyardError(
                "{name!r} unpacks to more than {largest_mb} MB. Make it smaller, or leave it out.",
                name=name[-80:],
                largest_mb=self.largest_mb,
            )
        return data


def _check_upload(source: Path | IO[bytes]) -> None:
    """Refuse by size and by number of entries before the zip module builds its list of them."""
    with source.open("rb") if isinstance(source, Path) else _rewound(source) as file:
        size = entries = 0
        tail = b""
        while chunk := file.read(1 << 20):
            size += len(chunk)
            entries += (tail + chunk).count(_CENTRAL_ENTRY)
            tail = chunk[-3:]  # shorter than an entry's mark: nothing is counted twice
            if size > settings().max_upload_mb * 1_000_000:
                raise ArchiveError(
                    "The archive is larger than {max_upload_mb:,} MB (TRAINYARD_MAX_UPLOAD_MB). Import it as a "
                    "folder, or split it.",
                    max_upload_mb=settings().max_upload_mb,
                )
            _check_count(entries)


@contextmanager
def _rewound(file: IO[bytes]) -> Iterator[IO[bytes]]:
    file.seek(0)
    yield file
    file.seek(0)


def _check_count(count: int) -> None:
    if count > settings().max_archive_files:
        raise ArchiveError(
            "There are more than {max_archive_files:,} files (TRAINYARD_MAX_ARCHIVE_FILES). Import fewer at a time.",
            max_archive_files=settings().max_archive_files,
        )


def _of_zip(archive: zipfile.ZipFile, quota: _Quota, encoding: str) -> Members:
    members = Members(quota)
    if any(marks <= set(archive.namelist()) for marks in _DOCUMENTS):
        raise ArchiveError(
            "It is an Excel workbook or another office document. Save its table as CSV in UTF-8, or its text as .txt."
        )
    unmarked = [raw for info in archive.infolist() if not info.flag_bits & _UTF8 and not (raw := _raw(info)).isascii()]
    if encoding:
        check_encoding(encoding)
    encoding = encoding or _encoding(unmarked)
    members.encoding = encoding if unmarked else ""
    for info in archive.infolist():
        path = _checked(info, encoding)
        if not info.is_dir() and not _junk(path):
            members.append(Member(path, _zip_reader(archive, info, "/".join(path), quota)))
    return members


def _checked(info: zipfile.ZipInfo, encoding: str) -> tuple[str, ...]:
    """The path of a zip entry. Raises `ArchiveError` for what no honest archive holds."""
    name = _decoded(info, encoding).replace("\\", "/")
    path = _path(name.split("/"))
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name.startswith("/") or ".." in path or (path and path[0].endswith(":")) or not path:
        reason = "points outside of the archive"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        reason = "is a link or a device"
    elif info.flag_bits & 0x1:
        reason = "is protected by a password"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        reason = "is compressed by a rare method"
    else:
        return path
    raise ArchiveError(
        "The archive is refused: {name!r} {reason}. Make a plain zip with a folder for each class.",
        name=name[-80:],
        reason=reason,
    )


def _path(parts: Iterable[str]) -> tuple[str, ...]:
    """The folders and the name of a file, each letter in one way of writing: Macs write an umlaut as two characters."""
    return tuple(unicodedata.normalize("NFC", part) for part in parts if part not in ("", "."))


def _encoding(names: list[bytes]) -> str:
    """Return the likely encoding of names without the UTF-8 flag: UTF-8 from macOS and Linux, a code page from Windows.

    All names together decide: a single word can be valid in many.
    """
    together = b"\n".join(sorted({part for name in names for part in re.split(rb"[/.0-9 -]+", name)}))
    try:
        together.decode()
    except UnicodeDecodeError:
        return likeliest(together, OEM)
    return "utf-8"


def _decoded(info: zipfile.ZipInfo, encoding: str) -> str:
    return info.filename if info.flag_bits & _UTF8 else _raw(info).decode(encoding, "replace")


def _raw(info: zipfile.ZipInfo) -> bytes:
    return info.filename.encode("cp437", "replace")  # undoes what the zip module did


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, quota: _Quota) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(info) as stream:
                return quota.read(stream, name)
        except TrainyardError:
            raise
        except _BROKEN as error:
            raise TrainyardError(
                "{name!r} is damaged in the archive ({error}). Make the archive again, or leave the file out.",
                name=name[-80:],
                error=error,
            ) from error

    return read


def _of_folder(root: Path, quota: _Quota) -> Members:
    members = Members(quota)
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders.sort()
        for name in sorted(files) + links:
            file = Path(folder, name)
            path = _path(file.relative_to(root).parts)
            if not _junk(path):
                members.append(Member(path, _file_reader(file, quota)))
                _check_count(len(members))
    return members


def _file_reader(file: Path, quota: _Quota) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            if not stat.S_ISREG(file.lstat().st_mode):
                raise TrainyardError(
                    "{file!r} is a link or a device. Copy the file itself into the folder.", file=file.name
                )
            with file.open("rb") as stream:
                return quota.read(stream, file.name)
        except OSError as error:
            raise TrainyardError(
                "{file!r} cannot be read ({problem}).", file=file.name, problem=error.strerror
            ) from error

    return read


def _junk(path: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part in _JUNK for part in path)


def _without_top(members: Members) -> Members:
    """Drop folders around everything: zips are often made of the folder that holds the classes."""
    while len({member.path[0] for member in members}) == 1 and any(len(member.path) > 2 for member in members):
        members[:] = [Member(m.path[1:], m.read) for m in members if len(m.path) > 1]
    return members
