"""Size of the pages of a Parquet file once unpacked, read from the pages themselves.

The footer says so too, but nothing holds it to the truth: a reader makes room for what the header of each page
announces. Footer and headers are structures in Thrift's compact protocol
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), whose fields have numbers
(https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift). They are read here rather than
through pyarrow, which ends the process over some damaged footers.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.sentences import Sentence

Fields = dict[tuple[int, int], Any]
"""A structure: (number of a field, its type) -> value. A field of another type than it should be is not there."""

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_ROWS = (3, _I64)
_GROUPS, _COLUMNS, _COLUMN = (4, _LIST), (1, _LIST), (3, _STRUCT)
_LENGTH, _START, _DICTIONARY_START = (7, _I64), (9, _I64), (11, _I64)
_TYPE, _SIZE, _COMPRESSED_SIZE = (1, _I32), (2, _I32), (3, _I32)
_DATA_PAGE, _DATA_PAGE_V2, _ENCODING, _ENCODING_V2 = (5, _STRUCT), (8, _STRUCT), (2, _I32), (4, _I32)
_DICTIONARY_PAGE, _DELTA_BYTE_ARRAY = 2, 7
_DEEPEST = 10
_MOST_PAGES = 200_000
_LONGEST_FOOTER = 4_000_000  # bytes, each of which may become 64 in memory; a thousand columns take about 300,000


class NoRowsError(ValueError):
    """The file is whole and has no rows; where its pages would begin there are none."""


class Page(NamedTuple):
    """A page: its column, the bytes it takes unpacked, and in which ways its values may take more than that."""

    column: int
    size: int
    is_dictionary: bool
    """Values of other pages are positions in this one: each may be as long as all of it."""
    shares_prefixes: bool
    """Each text may repeat nearly all of the one before: each may be as long as all of the page."""


def pages(data: bytes) -> Iterator[Page]:
    """Every page of every column. Raises `ValueError` for a file that is not what its footer says."""
    length = int.from_bytes(data[-8:-4], "little")
    if length > _LONGEST_FOOTER:
        raise ValueError(
            Sentence(
                "a footer of {length:,} bytes, more than {most:,}",
                length=length,
                most=_LONGEST_FOOTER,
            )
        )
    footer, _ = _struct(data, max(0, len(data) - 8 - length), 0)
    if footer.get(_ROWS) == 0:
        raise NoRowsError("no rows")
    left, count = len(data), 0
    for group in footer.get(_GROUPS) or ():
        for index, column in enumerate(group.get(_COLUMNS) or ()):
            about = column.get(_COLUMN) or {}
            start, length = about.get(_START, -1), about.get(_LENGTH, -1)
            if 0 < about.get(_DICTIONARY_START, 0) < start:
                start = about[_DICTIONARY_START]
            left -= length
            if start < 0 or length < 0 or start + length > len(data) or left < 0:
                raise ValueError("columns lie outside of the file, or in each other")
            for page in _of_column(data, start, start + length, index):
                count += 1
                if count > _MOST_PAGES:
                    raise ValueError(Sentence("more than {most:,} pages", most=_MOST_PAGES))
                yield page


def _of_column(data: bytes, start: int, end: int, column: int) -> Iterator[Page]:
    while start < end:
        header, start = _struct(data, start, 0)
        size, compressed = header.get(_SIZE, -1), header.get(_COMPRESSED_SIZE, -1)
        if size < 0 or compressed < 0:
            raise ValueError("a page has no size")
        encodings = header.get(_DATA_PAGE, {}).get(_ENCODING), header.get(_DATA_PAGE_V2, {}).get(_ENCODING_V2)
        yield Page(column, size, header.get(_TYPE) == _DICTIONARY_PAGE, _DELTA_BYTE_ARRAY in encodings)
        start += compressed


def _struct(data: bytes, position: int, depth: int) -> tuple[Fields, int]:
    """The fields of a structure, and the position behind it."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    fields: Fields = {}
    number = 0
    while head := _byte(data, position):
        position += 1
        kind = head & 15
        if head >> 4:
            number += head >> 4
        else:
            number, position = _integer(data, position)
        if (number, kind) in fields:
            raise ValueError("a field is there twice")
        if kind in (_TRUE, _FALSE):
            fields[number, kind] = kind == _TRUE
        else:
            fields[number, kind], position = _value(data, position, kind, depth)
    return fields, position + 1


def _value(data: bytes, position: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind == _STRUCT:
        return _struct(data, position, depth + 1)
    if kind in (_LIST, _SET):
        return _list(data, position, depth + 1)
    if kind == _DOUBLE:
        return None, position + 8
    if kind == _BINARY:
        length, position = _unsigned(data, position)
        return None, position + length
    if kind in (_TRUE, _FALSE, _BYTE):
        return _byte(data, position), position + 1
    if kind in (_I16, _I32, _I64):
        return _integer(data, position)
    raise ValueError("a field of a type that Parquet has not")


def _list(data: bytes, position: int, depth: int) -> tuple[list[Any], int]:
    head = _byte(data, position)
    kind, length, position = head & 15, head >> 4, position + 1
    if length == 15:
        length, position = _unsigned(data, position)
    values = []
    for _ in range(length):
        value, position = _value(data, position, kind, depth)
        values.append(value)
    return (values if kind == _STRUCT else []), position


def _integer(data: bytes, position: int) -> tuple[int, int]:
    """A signed number: the lowest bit is the sign."""
    value, position = _unsigned(data, position)
    return (value >> 1) ^ -(value & 1), position


def _unsigned(data: bytes, position: int) -> tuple[int, int]:
    """Seven bits a byte, the lowest first, at most 64 bits."""
    value = 0
    for shift in range(0, 70, 7):
        byte = _byte(data, position)
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number has no end")


def _byte(data: bytes, position: int) -> int:
    if position >= len(data):
        raise ValueError("the file breaks off")
    return data[position]
