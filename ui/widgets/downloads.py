"""Predictions and curves as files for programs."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.store import MetricPoint


def json_file(results: Sequence[Any], given: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """One object a result: its file, the whole prediction or what was wrong, and as `input` the row `given` for it."""
    rows = [
        {"file": result.name}
        | (result.prediction.values if result.prediction is not None else {"error": result.error})
        | ({"input": given[position]} if position < len(given) and given[position] else {})
        for position, result in enumerate(results)
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def history_csv(points: "Iterable[MetricPoint]") -> bytes:
    """Return one row for each value of a run: metric, split, whether it is of a step or an epoch, step, epoch, value."""
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(("metric", "split", "scope", "step", "epoch", "value"))
    rows.writerows((point.name, point.split, point.scope, point.step, point.epoch, point.value) for point in points)
    return buffer.getvalue().encode()
