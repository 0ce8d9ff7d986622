"""Predictions as files: for spreadsheets, which must not take a cell for a formula, and for programs."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def plain(cell: Any) -> Any:
    """A text that no spreadsheet takes for a formula; everything else as it is."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def csv_file(table: pd.DataFrame) -> bytes:
    """The table as CSV in UTF-8, with the mark that spreadsheets know it by."""
    safe = table.map(plain).rename(columns=plain)
    return safe.to_csv(index=False).encode("utf-8-sig")


def json_file(results: Sequence[Any]) -> bytes:
    """One object a result: its file, and the whole prediction or what was wrong."""
    rows = [
        {"file": result.name} | (result.prediction.values if result.prediction is not None else {"error": result.error})
        for result in results
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8", "replace")
