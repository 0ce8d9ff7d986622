"""The commands `fork`, `pause` and `steer`, which change how a run continues."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from engine import service
from engine.access import local_owner
from engine.cli.flags import add_part_flags, run_of, run_values
from engine.cli.naming import add_naming, naming_of
from engine.cli.runs import answered
from engine.cli.training import train_here
from engine.executor.endings import TERMINAL
from engine.forks import fork_spec
from engine.runs import PARTS, Run, choose_parts


def add_forks(add: Callable[..., argparse.ArgumentParser], arguments: list[str]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    words = "Start a new run from a kept epoch of a run, with some values changed."
    made = add("fork", fork, words)
    made.add_argument("run", type=int, metavar="ID", help="number of the run to fork")
    made.add_argument("--epoch", type=int, required=True, metavar="N", help="start from the end of this kept epoch")
    made.add_argument(
        "--queue", action="store_true", help="add it to the queue for an executor, instead of training here"
    )
    made.add_argument("--owner", help="name written on the run")
    add_naming(made, "run")
    if arguments[:1] == ["fork"]:
        _add_flags(made, arguments[1:])
    made = add("pause", pause, "Pause a run and free its device. It can be resumed and keeps its place in the queue.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made = add("steer", steer, "Change the learning rate of a run that has not ended, starting with its next steps.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument("--learning-rate", type=float, required=True, metavar="VALUE", help="the new learning rate")


def _add_flags(parser: argparse.ArgumentParser, arguments: list[str]) -> None:
    """Add the flags of the parent's parts, with its values as defaults."""
    number = run_of(arguments)
    if number is None:
        return
    spec = service.runs.get(local_owner(), number).parsed()
    asked = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for section in PARTS:
        asked.add_argument(f"--{section}", default=getattr(spec, section).name)
    names, _ = asked.parse_known_args(arguments)
    add_part_flags(parser, choose_parts(vars(names)), spec.values())


def fork(arguments: argparse.Namespace) -> int:
    """`fork`: train the new run here, or queue it."""
    actor = local_owner(arguments.owner or "")
    spec = fork_spec(service.runs.get(actor, arguments.run), arguments.epoch, run_values(arguments))
    slot = "" if arguments.queue else TERMINAL
    made = service.runs.fork(actor, arguments.run, arguments.epoch, spec, slot=slot, naming=naming_of(arguments))
    if slot:
        return train_here(made, arguments.json)
    alive = (known := service.executors.get(actor)) is not None and known.alive
    found = _state(made) | {"parent": made.parent_id, "epoch": made.parent_epoch, "executor_alive": alive}
    print(json.dumps(found) if arguments.json else f"Run {made.id} is queued.")
    if not alive and not arguments.json:
        print("No executor is running. Start one with `python -m engine executor`, or open the dashboard.")
    return 0


def pause(arguments: argparse.Namespace) -> int:
    """`pause`: request it, and wait briefly until the run has paused."""
    run = answered(service.runs.pause(local_owner(), arguments.run))
    print(json.dumps(_state(run)) if arguments.json else f"Run {run.id}: {run.state.value}. {run.message}".rstrip())
    return 0


def steer(arguments: argparse.Namespace) -> int:
    """`steer`: request the change; an event of the run records the step at which it takes effect."""
    run = service.runs.steer(local_owner(), arguments.run, arguments.learning_rate)
    if arguments.json:
        print(json.dumps(_state(run) | {"steering": run.steering}))
    else:
        print(f"Run {run.id} continues with learning rate {arguments.learning_rate:g}.")
    return 0


def _state(run: Run) -> dict[str, Any]:
    return {"run": run.id, "state": run.state.value}
