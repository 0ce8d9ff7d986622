"""Rows for people: a table as wide as the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

_LONG = {"source", "licence", "limits", "summary", "message"}


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print the short columns of `rows`; `--json` has them all."""
    columns = [name for name in rows[0] if name not in _LONG]
    table = Table(*columns, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    Console().print(table)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.4g}"
        case dict():
            return " ".join(f"{k}={_cell(v)}" for k, v in value.items() if k in ("epoch", "val_accuracy"))
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
