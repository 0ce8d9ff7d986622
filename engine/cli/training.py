"""Commands that create runs: `train`, `submit`, and `cost`, which only estimates."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from engine import service
from engine.access import local_owner
from engine.cli.flags import add_run_flags, run_values
from engine.cli.naming import add_naming, naming_of
from engine.cli.results import baseline_of_run, headline_lines, result_lines
from engine.executor.endings import TERMINAL
from engine.runs import Run, RunSpec, RunState, advice_for

EXIT_CODES = {RunState.COMPLETED: 0, RunState.STOPPED: 3, RunState.CANCELED: 3, RunState.PRUNED: 3, RunState.PAUSED: 3}


def add_training(add: Callable[..., argparse.ArgumentParser], arguments: list[str]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    for name, function, words in (
        ("train", train, "Train in the foreground, with a progress bar."),
        ("submit", submit, "Add a run to the queue for an executor to train."),
    ):
        made = add(name, function, words)
        made.add_argument("--owner", help="owner of the run, shown in lists")
        add_naming(made, "run")
        if name in arguments[:1]:
            add_run_flags(made, arguments[1:])
    made = add("cost", cost, "Estimate the cost of a run: parameters, operations, memory and time. Starts nothing.")
    if arguments[:1] == ["cost"]:
        add_run_flags(made, arguments[1:])


def train(arguments: argparse.Namespace) -> int:
    """`train`: create a run that this process owns, and train it here."""
    values = run_values(arguments)
    spec = RunSpec.build(values)
    if (
        "model" not in values
        and not arguments.json
        and (advice := advice_for(type(spec.dataset), type(spec.task), values))
    ):
        print(advice.why)
    (run,) = service.runs.launch(local_owner(arguments.owner or ""), [spec], slot=TERMINAL, naming=naming_of(arguments))
    return train_here(run, arguments.json)


def submit(arguments: argparse.Namespace) -> int:
    """`submit`: queue a run; warn when no executor is running."""
    actor = local_owner(arguments.owner or "")
    specs = RunSpec.build(run_values(arguments)).folded()
    made = service.runs.launch(actor, specs, naming=naming_of(arguments))
    alive = (known := service.executors.get(actor)) is not None and known.alive
    if arguments.json:
        ids = [run.id for run in made]
        print(json.dumps({"run": ids[0], "runs": ids, "state": made[0].state.value, "executor_alive": alive}))
    else:
        for run in made:
            print(f"Run {run.id} is queued.")
        if not alive:
            print("No executor is running. Start one with `python -m engine executor`, or open the dashboard.")
    return 0


def cost(arguments: argparse.Namespace) -> int:
    """`cost`: print the figures that the Train page shows."""
    from engine.cli.foreground import count_network

    values = run_values(arguments)
    found = service.costs.estimate(local_owner(), RunSpec.build(values), count_network(values))
    print(json.dumps(found.to_dict()) if arguments.json else "\n".join(found.lines()))
    return 0


def train_here(run: Run, as_json: bool) -> int:
    """Train a run in this process, and print its result."""
    from engine.cli.foreground import train_in_foreground

    ended = train_in_foreground(run, quiet=as_json)
    if as_json:
        print(json.dumps(summary(ended)))
    else:
        print(f"Run {ended.id}: {ended.state.value}. {ended.message}".rstrip())
        for line in result_lines(ended):
            print(f"  {line}")
        print("\n".join(headline_lines(local_owner(ended.owner), ended)))
    return EXIT_CODES.get(ended.state, 1)


def summary(run: Run) -> dict[str, Any]:
    """Return what `train --json` and `resume --json` print last."""
    result = run.result
    evaluated = ("test", "validation", *run.parsed().dataset.extra_tests)
    metrics = {k: v for k, v in result.items() if k.startswith(tuple(f"{name}_" for name in evaluated))}
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
