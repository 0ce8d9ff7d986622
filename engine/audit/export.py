"""The audit log as a file."""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from engine.audit.entries import Entry

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(entries: Iterable[Entry]) -> str:
    """Return entries as CSV. A cell that a spreadsheet would compute begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Entry)], lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerow({name: _cell(value) for name, value in row(entry).items()})
    return text.getvalue()


def as_lines(entries: Iterable[Entry]) -> str:
    """Return entries as JSON, one a line."""
    return "".join(json.dumps(row(entry), ensure_ascii=False) + "\n" for entry in entries)


FORMATS: dict[str, Callable[[Iterable[Entry]], str]] = {"csv": as_csv, "jsonl": as_lines}
"""By the ending of the file."""


def row(entry: Entry) -> dict[str, Any]:
    """Return an entry with its time as ISO 8601, UTC."""
    return asdict(entry) | {"at": datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="milliseconds")}


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
