"""Commands for existing runs: list, show, stop, resume, evaluate and delete them."""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from engine import service
from engine.access import local_owner
from engine.budgets import sharing
from engine.cli.budgets import turn_row
from engine.cli.results import baseline_of_run
from engine.cli.tables import print_rows
from engine.cli.training import train_here
from engine.executor.endings import TERMINAL
from engine.imports.titles import dataset_title
from engine.runs import Run, RunState

_ANSWER_SECONDS = 10.0


def add_runs(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    add("runs", show_runs, "List runs, newest first.").add_argument(
        "--limit", type=int, default=50, help="maximum number of runs"
    )
    for name, function, words in (
        ("show", show, "Show a run with its configuration, result and history, as JSON."),
        ("stop", stop, "Stop a run. Its model is kept, and it can be resumed."),
        ("resume", resume, "Resume a paused, stopped or failed run in the foreground."),
        ("evaluate", evaluate, "Evaluate a stopped run that has no result yet, in the foreground."),
        ("delete", delete, "Delete an ended run and its files."),
    ):
        add(name, function, words).add_argument("run", type=int, metavar="ID", help="number of the run")


def show_runs(arguments: argparse.Namespace) -> int:
    """`runs`: list runs, newest first."""
    runs = service.runs.list_all(local_owner(), limit=arguments.limit)
    found = [_row(run) | turn for run, turn in zip(runs, _turns(runs), strict=True)]
    if not arguments.json:
        found = _for_people(found)
    return print_rows(found, arguments.json, "No runs yet. Start one: python -m engine train")


def _turns(runs: list[Run]) -> list[dict[str, Any]]:
    """Return the place of each run in the queue and when it will begin, where people share an installation."""
    if not sharing() or not any(run.state is RunState.QUEUED for run in runs):
        return [{} for _ in runs]
    turns = {turn.run_id: turn_row(turn) for turn in service.budgets.queue(local_owner())}
    shown = ("place", "starts_in_seconds", "waits_for")
    return [{name: turns.get(run.id, {}).get(name) for name in shown} for run in runs]


def _for_people(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Name the data by its title, and leave out names and tags where no run has any."""
    unused = {name for name in ("name", "tags") if not any(row[name] for row in rows)} | {"dataset_title", "waits_for"}
    titled = [row | {"dataset": row["dataset_title"]} for row in rows]
    return [{name: value for name, value in row.items() if name not in unused} for row in titled]


def _row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "tags": run.tags,
        "state": run.state.value,
        "dataset": run.spec["dataset"]["name"],
        "dataset_title": dataset_title(run.spec["dataset"]),
        "model": run.spec["model"]["name"],
        "owner": run.owner,
        "epoch": run.epoch,
        "epochs": run.total_epochs,
        "best": run.best,
        "test_accuracy": run.result.get("test_accuracy"),
        "created_at": run.created_at.isoformat(timespec="seconds") if run.created_at else None,
        "message": run.message,
    }


def show(arguments: argparse.Namespace) -> int:
    """`show`: print everything about a run."""
    actor = local_owner()
    run = service.runs.get(actor, arguments.run)
    found = _row(run) | {
        "note": run.note,
        "spec": run.spec,
        "result": run.result,
        "baseline": baseline_of_run(run),
        "parent": run.parent_id,
        "parent_epoch": run.parent_epoch,
        "children": [child.id for child in service.runs.children(actor, run.id)],
        "steering": run.steering,
        "kept_epochs": service.artifacts.epochs(actor, run),
        "environment": run.environment,
        "headline": service.headlines.of(actor, run).to_dict() if run.state.final else None,
        "history": service.metrics.history(actor, run),
        "folder": str(service.artifacts.files(actor, run).folder),
    }
    print(json.dumps(found) if arguments.json else json.dumps(found, indent=2))
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """`stop`: request it, and wait briefly until the run has stopped."""
    run = answered(service.runs.stop(local_owner(), arguments.run))
    words = {"run": run.id, "state": run.state.value}
    print(json.dumps(words) if arguments.json else f"Run {run.id}: {run.state.value}.")
    return 0


def answered(run: Run) -> Run:
    """Wait briefly for a run to end, and return its state after that."""
    until = time.monotonic() + _ANSWER_SECONDS
    while run.live and time.monotonic() < until:
        time.sleep(0.1)
        run = service.runs.get(local_owner(), run.id)
    return run


def resume(arguments: argparse.Namespace) -> int:
    """`resume`: continue a run here."""
    return train_here(service.runs.resume(local_owner(), arguments.run, slot=TERMINAL), arguments.json)


def evaluate(arguments: argparse.Namespace) -> int:
    """`evaluate`: evaluate a stopped run here."""
    return train_here(service.runs.evaluate(local_owner(), arguments.run, slot=TERMINAL), arguments.json)


def delete(arguments: argparse.Namespace) -> int:
    """`delete`: delete a run, its metrics and its files."""
    service.runs.delete(local_owner(), arguments.run)
    print(json.dumps({"run": arguments.run, "deleted": True}) if arguments.json else f"Run {arguments.run} is deleted.")
    return 0
