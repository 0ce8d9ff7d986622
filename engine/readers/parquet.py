"""Parquet to a table: numbers stay numbers, dates become text, and nothing is unpacked that is over a limit.

A few bytes of Parquet can stand for gigabytes. So pages are measured before they are unpacked; texts are read as
positions in a dictionary, in portions, and what they would take is added up before they are written out.
"""

from collections.abc import Iterable
from typing import Any

from engine.errors import TrainyardError
from engine.readers.cells import Cells, trimmed, unique_names
from engine.readers.parquet_pages import NoRowsError, pages
from engine.settings import settings

_ROWS_AT_ONCE = 8_192
_BYTES_AT_ONCE = 1 << 26  # of texts that share prefixes: each may be as long as all of its page
_EXACT_INTEGERS = 2**53
_MOST_PARTS = 100_000  # of a footer: columns times portions of rows
_LONGEST_FOOTER_TEXT = 1_000_000


def is_parquet(data: bytes) -> bool:
    """Whether the bytes begin and end like Parquet; a table in CSV may begin so too."""
    return data.startswith(b"PAR1") and (data.endswith(b"PAR1") or b"\0" in data[:100])


def read_parquet(data: bytes, cells: Cells) -> dict[str, Any]:
    """All columns of a Parquet file as (rows,) Arrow float64, or strings with null where a cell is missing.

    Integers that float64 cannot hold become text. Raises `TrainyardError` for lists, structures and binary columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    def opened(texts: list[str] | None = None) -> Any:
        return pq.ParquetFile(
            pa.BufferReader(data),
            read_dictionary=texts,
            pre_buffer=False,
            thrift_string_size_limit=_LONGEST_FOOTER_TEXT,
            thrift_container_size_limit=_MOST_PARTS,
        )

    try:
        at_once, dictionaries = _measured(data, cells)
    except NoRowsError as error:
        raise TrainyardError(
            "{shown} does not have any rows. Export it again, with its rows.", shown=cells.shown
        ) from error
    schema = _checked(opened(), cells)
    file = opened([field.name for index, field in enumerate(schema) if index in dictionaries and _is_text(field.type)])
    columns = _columns(file.iter_batches(at_once, use_threads=False), schema, cells)
    cells.names, cells.rows = [field.name for field in schema], len(columns[0])
    names = unique_names(cells.names, cells.problems)
    return {name: _plain(values) for values, name in zip(columns, names, strict=True)}


def _checked(file: Any, cells: Cells) -> Any:
    """The schema. Raises by what the footer says, before anything is unpacked."""
    about = file.metadata
    cells.check(about.num_columns, about.num_rows)
    if not about.num_columns:
        raise TrainyardError("{shown} does not have any columns.", shown=cells.shown)
    for field in file.schema_arrow:
        if not _is_cell(field.type):
            raise TrainyardError(
                "{shown} has values of type {kind!r} in column {field!r}. A cell holds one text, "
                "number, boolean or date: leave the column out, or split it.",
                shown=cells.shown,
                kind=str(field.type)[:60],
                field=field.name[:80],
            )
    return file.schema_arrow


def _measured(data: bytes, cells: Cells) -> tuple[int, set[int]]:
    """Return the rows to read at once, and the columns with dictionaries. Raises when it all unpacks to too much."""
    size = largest = 0
    dictionaries = set()
    for page in pages(data):
        size += page.size
        _check_size(size, cells)
        largest = max(largest, page.size if page.shares_prefixes else 0)
        if page.is_dictionary:
            dictionaries.add(page.column)
    return min(_ROWS_AT_ONCE, max(1, _BYTES_AT_ONCE // max(1, largest))), dictionaries


def _check_size(size: int, cells: Cells) -> None:
    if size > settings().max_table_mb * 1_000_000:
        raise TrainyardError(
            "{shown} unpacks to more than {max_table_mb:,} MB (TRAINYARD_MAX_TABLE_MB). Leave out columns, "
            "or take a sample of the rows.",
            shown=cells.shown,
            max_table_mb=settings().max_table_mb,
        )


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    inner = kind.value_type if types.is_dictionary(kind) else kind
    return any(is_so(inner) for is_so in (types.is_string, types.is_large_string, types.is_string_view))


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    return any(is_so(kind) for is_so in (types.is_integer, types.is_floating, types.is_decimal))


def _is_cell(kind: Any) -> bool:
    from pyarrow import types

    others = (types.is_boolean, types.is_null, types.is_date, types.is_timestamp, types.is_time)
    return _is_text(kind) or _is_number(kind) or any(is_so(kind) for is_so in others)


def _columns(batches: Iterable[Any], schema: Any, cells: Cells) -> list[Any]:
    """Every column in whole, (rows,) of its type or string. Raises as soon as a limit is really passed."""
    import pyarrow as pa

    parts: list[list[Any]] = [[] for _ in schema]
    size = rows = 0
    for batch in batches:
        rows += len(batch)
        cells.check(len(parts), rows)
        for part, column in zip(parts, batch.columns, strict=True):
            size += _size(column, cells)
            _check_size(size, cells)
            part.append(column.cast(pa.string()) if _is_text(column.type) else column)
    kinds = [pa.string() if _is_text(field.type) else field.type for field in schema]
    return [pa.chunked_array(part, kind) for part, kind in zip(parts, kinds, strict=True)]


def _size(column: Any, cells: Cells) -> int:
    """Bytes that a portion of a column takes once its texts are written out. Raises for a cell that is too long."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not _is_text(column.type):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary if pa.types.is_dictionary(column.type) else column)
    if (pc.max(lengths).as_py() or 0) > 4 * settings().max_cell_characters:  # bytes, four a character at most
        raise TrainyardError(
            "{shown} has a cell of more than {max_cell_characters:,} characters "
            "(TRAINYARD_MAX_CELL_CHARACTERS). Cut the text, or leave the row out.",
            shown=cells.shown,
            max_cell_characters=settings().max_cell_characters,
        )
    used = lengths.take(column.indices) if pa.types.is_dictionary(column.type) else lengths
    return int(pc.sum(used).as_py() or 0)


def _plain(values: Any) -> Any:
    """(rows,) of any type that a cell may have -> float64 or string."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if _is_text(values.type):
        return trimmed(values)
    if pa.types.is_integer(values.type) and len(values):
        ends = pc.min_max(values).as_py()
        if any(abs(end or 0) > _EXACT_INTEGERS for end in ends.values()):
            return values.cast(pa.string())
    if _is_number(values.type):
        return values.cast(pa.float64())
    texts = values.cast(pa.string())
    whole_seconds = pc.replace_substring_regex(texts, r"\.0+(Z?)$", r"\1")
    return whole_seconds if pa.types.is_timestamp(values.type) else texts
