"""From what people upload to single inputs: a zip holds many, a CSV of a table has one in each row."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from engine.datasets.unpack import Member, open_members
from engine.errors import TrainyardError
from engine.settings import settings

ROW_MODALITIES = ("table",)
"""Whose CSV files are rows of inputs, with the names of the columns in the first."""


@contextmanager
def open_inputs(modality: str, uploads: Sequence[tuple[str, bytes]]) -> Iterator[list[Member]]:
    """All inputs of some files (name, content), each with a name and a function that reads it.

    Zips are open until the end of the block, and read one input at a time. Raises `TrainyardError` for a zip that
    deserves no trust, a CSV that is none, and more inputs than `max_instances`.
    """
    limit = settings().max_instances
    with ExitStack() as stack:
        inputs: list[Member] = []
        for name, data in uploads:
            if data.startswith(b"PK\x03\x04") or name.lower().endswith(".zip"):
                for member in stack.enter_context(open_members(io.BytesIO(data))):
                    inputs += _unfolded(modality, member)
            else:
                inputs += _unfolded(modality, Member((name,), partial(bytes, data)))
            if len(inputs) > limit:
                raise TrainyardError(
                    f"There are {len(inputs):,} inputs; one batch may have {limit:,} (TRAINYARD_MAX_INSTANCES). "
                    "Give fewer at a time."
                )
        yield inputs


def _unfolded(modality: str, member: Member) -> list[Member]:
    """The rows of a CSV, or the member itself."""
    if modality not in ROW_MODALITIES or not member.name.lower().endswith((".csv", ".tsv")):
        return [member]
    return list(_rows(member.read(), member.name))


def _rows(data: bytes, name: str) -> Iterator[Member]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainyardError(
            f"{name[-80:]!r} is not text in UTF-8 ({error.reason}). Save it as CSV in UTF-8."
        ) from error
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = next(lines, [])
        if len(set(header)) != len(header) or not any(header):
            raise TrainyardError(f"{name[-80:]!r} must begin with a row of column names, each another.")
        for number, row in enumerate(lines, start=2):
            if number - 2 > settings().max_instances:
                break  # one more than may be: the caller counts
            if any(row):
                yield Member((f"{name}:{number}",), partial(_row, header, row, f"{name[-80:]}:{number}"))
    except csv.Error as error:
        raise TrainyardError(f"{name[-80:]!r} is no CSV file ({error}, line {lines.line_num}).") from error


def _row(header: list[str], row: list[str], where: str) -> bytes:
    if len(row) != len(header):
        raise TrainyardError(f"{where!r} has {len(row)} values for {len(header)} columns.")
    return json.dumps(dict(zip(header, row, strict=True))).encode()


def _delimiter(text: str) -> str:
    """What separates the names in the first line: spreadsheets of some countries write semicolons."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)
