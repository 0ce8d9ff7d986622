"""The commands, one function each, and `main` that dispatches to them."""

import argparse
import json
import logging
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.artifacts import artifacts_of
from engine.cli.compare import add_compare
from engine.cli.flags import Parser, add_run_flags, reject_unknown, run_values
from engine.cli.forks import add_forks
from engine.cli.own_data import add_own_data
from engine.cli.results import baseline_of_run, result_lines
from engine.cli.search import add_search
from engine.errors import TrainyardError
from engine.runs import Run, RunSpec, RunState, advice_for
from engine.store import Store, open_store

EXIT_CODES = {RunState.COMPLETED: 0, RunState.STOPPED: 3, RunState.CANCELED: 3, RunState.PRUNED: 3, RunState.PAUSED: 3}


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code. Errors of the user's end as one sentence on standard error."""
    try:
        parsed = _parse(arguments)
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
        return int(parsed.function(parsed))
    except TrainyardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output has gone: nobody is left to tell
        return 1


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser, known = make_parsers(arguments)
    parsed, unknown = parser.parse_known_args(arguments)
    reject_unknown(unknown, [o for a in known[parsed.command]._actions for o in a.option_strings])
    return parsed


def make_parsers(arguments: list[str]) -> tuple[Parser, dict[str, argparse.ArgumentParser]]:
    """The parser of everything, and that of each command; `arguments` decide which flags a run has."""
    parser = Parser(prog="python -m engine", description="Train, follow and use neural networks.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    known: dict[str, argparse.ArgumentParser] = {}

    def add(name: str, function: Callable[[argparse.Namespace], int], words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
        made.set_defaults(function=function)
        if name not in ("executor", "bench"):
            made.add_argument("--json", action="store_true", help="print JSON for programs")
        known[name] = made
        return made

    for name, function, words in (
        ("train", train, "Train in the foreground, with a progress bar."),
        ("submit", submit, "Put a run into the queue; an executor trains it."),
    ):
        made = add(name, function, words)
        made.add_argument("--owner", help="name written on the run")
        if name in arguments[:1]:
            add_run_flags(made, arguments[1:])
    made = add("cost", cost, "Tell what a run would take: parameters, operations, memory and time. Starts nothing.")
    if arguments[:1] == ["cost"]:
        add_run_flags(made, arguments[1:])
    add_search(add, arguments)
    add_forks(add, arguments, _train_here)
    add("runs", show_runs, "List runs, newest first.").add_argument("--limit", type=int, default=50, help="most runs")
    for name, function, words in (
        ("show", show, "Show one run with its spec and history."),
        ("stop", stop, "Ask a run to stop; its model is kept and it can be resumed."),
        ("resume", resume, "Go on with a paused, stopped or failed run, in the foreground."),
        ("delete", delete, "Delete an ended run and its files."),
    ):
        add(name, function, words).add_argument("run", type=int, metavar="ID", help="number of the run")
    add_compare(add)
    made = add("predict", predict, "Predict files with a run's model.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="what to predict: images as PNG, JPEG ...; rows as JSON, CSV ...",
    )
    made = add("script", script, "Write a run as one Keras script that needs no Trainyard, with its data beside it.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument("--notebook", action="store_true", help="write a Jupyter notebook instead of a script")
    made.add_argument("--output", type=Path, metavar="FOLDER", help="where to; default: run-ID in this folder")
    add("datasets", show_datasets, "List datasets.")
    add("models", show_models, "List models.")
    made = add("fetch", fetch, "Download a dataset and check its hashes; goes on where it was cut off.")
    made.add_argument("name", metavar="DATASET", help="name of the dataset")
    made.add_argument("--from", dest="source", type=Path, metavar="FOLDER", help="copy the files from a folder instead")
    add_own_data(add)
    add("executor", executor, "Claim queued runs and train them, until ended.").add_argument(
        "--until-idle", action="store_true", help="end when nothing runs and no dashboard is open"
    )
    add("bench", bench, "Measure speed side by side and print ratios as JSON.").add_argument(
        "names", nargs="*", metavar="NAME", help="measure only these; default: everything"
    )
    return parser, known


# -- runs --------------------------------------------------------------------------------------------------------------


def train(arguments: argparse.Namespace) -> int:
    """`train`: create a run that is ours at once, and train it here."""
    from engine.executor.local import TERMINAL

    values = run_values(arguments)
    spec = RunSpec.build(values)
    if (
        "model" not in values
        and not arguments.json
        and (advice := advice_for(type(spec.dataset), type(spec.task), values))
    ):
        print(advice.why)
    store = open_store()
    return _train_here(store, store.runs.create(spec, arguments.owner or "", slot=TERMINAL), arguments.json)


def cost(arguments: argparse.Namespace) -> int:
    """`cost`: the figures that the Train page shows."""
    from engine.cli.foreground import estimate_cost

    found = estimate_cost(open_store(), run_values(arguments))
    print(json.dumps(found.to_dict()) if arguments.json else "\n".join(found.lines()))
    return 0


def resume(arguments: argparse.Namespace) -> int:
    """`resume`: go on with a run, here."""
    from engine.executor.local import TERMINAL

    store = open_store()
    return _train_here(store, store.runs.resume(arguments.run, slot=TERMINAL), arguments.json)


def _train_here(store: Store, run: Run, as_json: bool) -> int:
    from engine.cli.foreground import train_in_foreground

    train_in_foreground(store, run, quiet=as_json)
    ended = store.runs.get(run.id)
    if as_json:
        print(json.dumps(summary(ended)))
    else:
        print(f"Run {ended.id} is {ended.state.value}. {ended.message}".rstrip())
        for line in result_lines(ended):
            print(f"  {line}")
    return EXIT_CODES.get(ended.state, 1)


def summary(run: Run) -> dict[str, Any]:
    """What `train --json` and `resume --json` print last."""
    result = run.result
    judged = ("test", "validation", *run.parsed().dataset.extra_tests)
    metrics = {k: v for k, v in result.items() if k.startswith(tuple(f"{name}_" for name in judged))}
    return {
        "run": run.id,
        "state": run.state.value,
        "message": run.message,
        "epochs": result.get("epochs", run.epoch),
        "metrics": metrics | {f"best_{k}" if k == "epoch" else k: v for k, v in run.best.items()},
        "examples_per_second": result.get("examples_per_second"),
        "weights_sha256": result.get("weights_sha256"),
        "num_train_examples": result.get("num_train_examples"),
        "baseline": baseline_of_run(run),
        "guess": {name.removeprefix("guess_"): v for name, v in result.items() if name.startswith("guess_")} or None,
    }


def submit(arguments: argparse.Namespace) -> int:
    """`submit`: queue a run; says so when nobody is there to train it."""
    store = open_store()
    made = store.runs.create_group(RunSpec.build(run_values(arguments)).folded(), arguments.owner or "")
    alive = (known := store.leases.get()) is not None and known.alive
    if arguments.json:
        ids = [run.id for run in made]
        print(json.dumps({"run": ids[0], "runs": ids, "state": made[0].state.value, "executor_alive": alive}))
    else:
        for run in made:
            print(f"Run {run.id} is queued.")
        if not alive:
            print("No executor is alive: start one with `python -m engine executor`, or open the dashboard.")
    return 0


def show_runs(arguments: argparse.Namespace) -> int:
    """`runs`: newest first."""
    found = [_row(run) for run in open_store().runs.list(limit=arguments.limit)]
    return _print_rows(found, arguments.json, "No runs yet. Start one: python -m engine train")


def _row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "state": run.state.value,
        "dataset": run.spec["dataset"]["name"],
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
    """`show`: everything about one run."""
    from engine.epochs import kept_epochs

    store = open_store()
    run = store.runs.get(arguments.run)
    found = _row(run) | {
        "spec": run.spec,
        "result": run.result,
        "baseline": baseline_of_run(run),
        "parent": run.parent_id,
        "parent_epoch": run.parent_epoch,
        "children": [child.id for child in store.runs.children(run.id)],
        "steering": run.steering,
        "kept_epochs": kept_epochs(run.id),
        "environment": run.environment,
        "history": store.metrics.history(run.id),
        "folder": str(artifacts_of(run.id).folder),
    }
    print(json.dumps(found) if arguments.json else json.dumps(found, indent=2))
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """`stop`: ask, and wait a little for the answer."""
    store = open_store()
    run = store.runs.request_end(arguments.run, RunState.STOPPED)
    until = time.monotonic() + 10
    while run.live and time.monotonic() < until:
        time.sleep(0.1)
        run = store.runs.get(run.id)
    print(
        json.dumps({"run": run.id, "state": run.state.value})
        if arguments.json
        else f"Run {run.id} is {run.state.value}."
    )
    return 0


def delete(arguments: argparse.Namespace) -> int:
    """`delete`: the run, its metrics and its files."""
    from engine.artifacts import delete_run

    delete_run(open_store(), arguments.run)
    print(json.dumps({"run": arguments.run, "deleted": True}) if arguments.json else f"Run {arguments.run} is deleted.")
    return 0


def predict(arguments: argparse.Namespace) -> int:
    """`predict`: one line an input, which of a table is a row; exit code 1 when any could not be read."""
    from engine.cli.foreground import predict_files

    results = predict_files(arguments.run, arguments.files)
    for result in results:
        if arguments.json:
            values = result.prediction.values if result.prediction else {}
            print(json.dumps({"file": result.name, **values, **({"error": result.error} if result.error else {})}))
        elif result.prediction is None:
            print(f"{result.name}: {result.error}")
        else:
            print(f"{result.name}: {result.prediction.describe()}")
    return 1 if any(result.error for result in results) else 0


def script(arguments: argparse.Namespace) -> int:
    """`script`: the last line is the command that starts it."""
    from engine.cli.foreground import export_script

    folder = arguments.output or Path(f"run-{arguments.run}")
    paths = export_script(open_store().runs.get(arguments.run), folder, notebook=arguments.notebook)
    if arguments.json:
        print(json.dumps({"run": arguments.run, "files": [str(path) for path in paths]}))
    else:
        start = "jupyter lab" if arguments.notebook else "python"
        print(f"{' and '.join(path.name for path in paths)} are in {folder}.")
        print(f"  cd {shlex.quote(str(folder))} && {start} {paths[0].name}")
    return 0


# -- datasets and models -----------------------------------------------------------------------------------------------


def show_datasets(arguments: argparse.Namespace) -> int:
    """`datasets`: what there is and where it comes from."""
    from engine.datasets.base import datasets
    from engine.preparation.catalog import describe

    return _print_rows([describe(cls) for cls in datasets.values()], arguments.json, "No datasets.")


def show_models(arguments: argparse.Namespace) -> int:
    """`models`: what there is and what it takes."""
    from engine.models.base import models

    rows = [
        {"name": m.name, "title": m.title, "modalities": list(m.modalities), "summary": m.summary(), "source": m.source}
        for m in models.values()
    ]
    return _print_rows(rows, arguments.json, "No models.")


def fetch(arguments: argparse.Namespace) -> int:
    """`fetch`: download with progress, which dashboards see too."""
    from engine.cli.foreground import fetch_dataset

    fetch_dataset(open_store(), arguments.name, arguments.source, quiet=arguments.json)
    print(json.dumps({"name": arguments.name, "fetched": True}) if arguments.json else f"{arguments.name} is on disk.")
    return 0


# -- processes ---------------------------------------------------------------------------------------------------------


def executor(arguments: argparse.Namespace) -> int:
    """`executor`: until ended, or until nobody needs it."""
    from engine.executor.local import LocalExecutor
    from engine.settings import settings

    logging.getLogger().setLevel(logging.INFO)
    idle = settings().executor_idle_seconds if arguments.until_idle else None
    if LocalExecutor(open_store(), idle_seconds=idle).run():
        return 0
    print("Another executor is alive already; this one is not needed.", file=sys.stderr)
    return 0 if arguments.until_idle else 1


def bench(arguments: argparse.Namespace) -> int:
    """`bench`: the measurements of the folder bench."""
    import runpy

    sys.argv = ["bench", *arguments.names]
    runpy.run_module("bench", run_name="__main__")
    return 0


def _print_rows(rows: list[dict[str, Any]], as_json: bool, nothing: str) -> int:
    if as_json:
        print(json.dumps(rows))
    elif not rows:
        print(nothing)
    else:
        from engine.cli.tables import print_table

        print_table(rows)
    return 0
