"""The command `compare`: figures at the best and the last epoch, hyperparameters that differ, and verdicts."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import service
from engine.access import Actor, local_owner
from engine.comparing.differences import baseline_metrics, hyperparameters, last_metrics, tested_metrics
from engine.comparing.findings import Findings, check_number, compare_runs
from engine.imports.titles import dataset_title
from engine.runs import Run


def add_compare(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add(
        "compare", compare, "Compare runs: figures, differing hyperparameters, and verdicts on the test examples."
    )
    made.add_argument("runs", nargs="+", type=int, metavar="ID", help="numbers of the runs; the first is the reference")


def compare(arguments: argparse.Namespace) -> int:
    """`compare`: print the runs in the order given."""
    actor = local_owner()
    ids = list(dict.fromkeys(arguments.runs))
    check_number(len(ids))
    runs = [service.runs.get(actor, run_id) for run_id in ids]
    rows = [_row(actor, run) for run in runs]
    different = {f"{section}.{field}": values for (section, field), values in hyperparameters(runs).items()}
    found = compare_runs(runs)
    if arguments.json:
        print(json.dumps({"runs": rows, "hyperparameters": different, **found.to_dict()}))
    else:
        _print(rows, different, found)
    return 0


def _row(actor: Actor, run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "state": run.state.value,
        "dataset": run.spec["dataset"]["name"],
        "dataset_title": dataset_title(run.spec["dataset"]),
        "model": run.spec["model"]["name"],
        "best": run.best,
        "last": last_metrics(run, service.metrics.history(actor, run)),
        "test": tested_metrics(run),
        "baseline": baseline_metrics(run) | {"name": run.result.get("baseline_name")},
    }


def _print(rows: Sequence[Mapping[str, Any]], different: Mapping[str, Sequence[Any]], found: Findings) -> None:
    from engine.cli.tables import print_table

    for sentence in found.sentences():
        print(sentence)
    known = ("name", "model") if any(row["name"] for row in rows) else ("model",)
    for title, name in (("Best epoch", "best"), ("Last epoch", "last"), ("Test", "test")):
        names = list(dict.fromkeys(metric for row in rows for metric in row[name]))
        if names:
            print(f"\n{title}")
            print_table(
                [{"run": row["id"]} | {k: row[k] for k in known} | {n: row[name].get(n) for n in names} for row in rows]
            )
    if different:
        print("\nHyperparameters that differ")
        ids = [row["id"] for row in rows]
        print_table(
            [
                {"hyperparameter": place} | {f"run {i}": value for i, value in zip(ids, values, strict=True)}
                for place, values in different.items()
            ]
        )
