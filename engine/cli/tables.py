"""Rows for people, in a table as wide as the terminal, or for programs."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table

_LONG = {"source", "licence", "limits", "summary", "message"}
_FOR_PROGRAMS = {"tasks", "modalities", "fetchable", "download_bytes", "ink", "suggested"}


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print the short columns of `rows`; `--json` has them all."""
    columns = [name for name in rows[0] if name not in _LONG | _FOR_PROGRAMS]
    table = Table(box=None, header_style="bold")
    for name in columns:
        table.add_column(name.replace("_", " "), no_wrap=name == columns[0])
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    Console().print(table)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case dict():
            return " ".join(f"{k}={_cell(v)}" for k, v in value.items() if k in ("epoch", "val_accuracy", "val_r2"))
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def print_rows(rows: list[dict[str, Any]], as_json: bool, nothing: str) -> int:
    """Print rows, or in words that there is nothing; return the exit code."""
    if as_json:
        print(json.dumps(rows))
    elif not rows:
        print(nothing)
    else:
        print_table(rows)
    return 0
