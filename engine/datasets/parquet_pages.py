"""What the pages of a Parquet file will take once they are unpacked, read from the pages themselves.

The footer says so too, but nothing holds it to the truth: the reader makes room for what the header of each page
announces. Headers are structures in Thrift's compact protocol
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

_DICTIONARY_PAGE, _DELTA_BYTE_ARRAY = 2, 7
_DEEPEST = 8
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_TYPE, _SIZE, _COMPRESSED_SIZE, _DATA_PAGE, _DATA_PAGE_V2 = 1, 2, 3, 5, 8  # fields of a page's header


class Page(NamedTuple):
    """A page: its column, the bytes it takes unpacked, and in which ways its values may take more than that."""

    column: int
    size: int
    is_dictionary: bool
    """Values of other pages are positions in this one: each may be as long as all of it."""
    shares_prefixes: bool
    """Each text may repeat nearly all of the one before: each may be as long as all of the page."""


def pages(data: bytes, metadata: Any) -> Iterator[Page]:
    """Every page of every column. Raises `ValueError` where there is none although the footer says so."""
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            column = metadata.row_group(group).column(index)
            start = column.data_page_offset
            if column.has_dictionary_page and 0 < column.dictionary_page_offset < start:
                start = column.dictionary_page_offset
            yield from _of_column(data, start, start + column.total_compressed_size, index)


def _of_column(data: bytes, start: int, end: int, column: int) -> Iterator[Page]:
    if start < 0 or end > len(data):
        raise ValueError("a column lies outside of the file")
    while start < end:
        header, start = _struct(data, start, 0)
        size, compressed = header.get(_SIZE), header.get(_COMPRESSED_SIZE)
        if not (isinstance(size, int) and isinstance(compressed, int) and size >= 0 and compressed >= 0):
            raise ValueError("a page has no size")
        encodings = (header.get(_DATA_PAGE) or {}).get(2), (header.get(_DATA_PAGE_V2) or {}).get(4)
        yield Page(column, size, header.get(_TYPE) == _DICTIONARY_PAGE, _DELTA_BYTE_ARRAY in encodings)
        start += compressed


def _struct(data: bytes, position: int, depth: int) -> tuple[dict[int, Any], int]:
    """The fields of a structure by their numbers, and the position behind it."""
    if depth > _DEEPEST:
        raise ValueError("a page's header is nested too deeply")
    fields: dict[int, Any] = {}
    number = 0
    while head := _byte(data, position):
        position += 1
        kind = head & 15
        if head >> 4:
            number += head >> 4
        else:
            number, position = _integer(data, position)
        if kind in (_TRUE, _FALSE):
            fields[number] = kind == _TRUE
        else:
            fields[number], position = _value(data, position, kind, depth)
    return fields, position + 1


def _value(data: bytes, position: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind == _STRUCT:
        return _struct(data, position, depth + 1)
    if kind == _DOUBLE:
        return None, position + 8
    if kind == _BINARY:
        length, position = _unsigned(data, position)
        return None, position + length
    if kind in (_TRUE, _FALSE, _BYTE):
        return _byte(data, position), position + 1
    if kind in (_LIST, _SET, _MAP):
        raise ValueError("a page's header holds a list")  # none of its fields is one
    return _integer(data, position)


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
    raise ValueError("a number in a page's header has no end")


def _byte(data: bytes, position: int) -> int:
    if position >= len(data):
        raise ValueError("a page's header breaks off")
    return data[position]
