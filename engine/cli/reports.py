"""The command `report`: a run as one HTML file."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from engine import service
from engine.access import local_owner
from engine.files import write_text


def add_reports(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add("report", report, "Write a run as one HTML file: result, curves, examples, settings, card.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument("--output", type=Path, metavar="FILE", help="default: run-ID.html in the current folder")
    made.add_argument("--no-examples", action="store_true", help="show no examples of the dataset")


def report(arguments: argparse.Namespace) -> int:
    """`report`: write the file, and say where it is."""
    actor = local_owner()
    run = service.runs.get(actor, arguments.run)
    written = service.reports.write(actor, run, examples=not arguments.no_examples)
    path = arguments.output or Path(f"run-{run.id}.html")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, written.decode())
    print(
        json.dumps({"run": run.id, "file": str(path), "bytes": len(written)})
        if arguments.json
        else f"Written to {path}."
    )
    return 0
