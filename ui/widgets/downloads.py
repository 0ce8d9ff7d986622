"""Predictions as files for programs."""

import json
from collections.abc import Sequence
from typing import Any


def json_file(results: Sequence[Any]) -> bytes:
    """One object a result: its file, and the whole prediction or what was wrong."""
    rows = [
        {"file": result.name} | (result.prediction.values if result.prediction is not None else {"error": result.error})
        for result in results
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8", "replace")
