"""The commands that change the course of runs: `fork`, `pause`, `steer`."""

import argparse
import json
import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.cli.flags import add_part_flags, run_values
from engine.runs import PARTS, Run, RunState, choose_parts
from engine.store import open_store

if TYPE_CHECKING:
    from engine.store import Store

_ANSWER_SECONDS = 10.0
_MAYBE_RUN = re.compile("[0-9]{1,9}")
_BARE = ("--queue", "--json")
"""Flags that take no value."""


def add_forks(
    add: Callable[..., argparse.ArgumentParser], arguments: list[str], train_here: "Callable[[Store, Run, bool], int]"
) -> None:
    """Add the commands; `add(name, function, words)` makes a parser, `train_here` trains a run in the foreground."""
    words = "Train on from a kept epoch of a run, with some of its values changed, as a new run."
    made = add("fork", lambda parsed: fork(parsed, train_here), words)
    made.add_argument("run", type=int, metavar="ID", help="number of the run to go on from")
    made.add_argument("--epoch", type=int, required=True, metavar="N", help="the kept epoch at whose end it begins")
    made.add_argument("--queue", action="store_true", help="put it into the queue; an executor trains it")
    made.add_argument("--owner", help="name written on the run")
    if arguments[:1] == ["fork"]:
        _add_flags(made, arguments[1:])
    made = add("pause", pause, "Let a run give its device back; resume goes on from there, at its place in the queue.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made = add("steer", steer, "Change the learning rate of a run that has not ended, from its next steps on.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument("--learning-rate", type=float, required=True, metavar="VALUE", help="the rate to go on with")


def _add_flags(parser: argparse.ArgumentParser, arguments: list[str]) -> None:
    """The flags of the parent's parts, with its values as defaults."""
    number = _run_of(arguments)
    if number is None:
        return
    spec = open_store().runs.get(number).parsed()
    asked = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for section in PARTS:
        asked.add_argument(f"--{section}", default=getattr(spec, section).name)
    names, _ = asked.parse_known_args(arguments)
    add_part_flags(parser, choose_parts(vars(names)), spec.values())


def _run_of(arguments: list[str]) -> int | None:
    """The number of the run among words whose flags are not known yet: one that is not the value of a flag before it."""
    words = [(before, word) for before, word in pairwise(["", *arguments]) if _MAYBE_RUN.fullmatch(word)]
    alone = [word for before, word in words if before in _BARE or not before.startswith("--")]
    after_a_switch = [word for _, word in words[-1:]]
    return next((int(word) for word in [*alone, *after_a_switch]), None)


def fork(arguments: argparse.Namespace, train_here: "Callable[[Store, Run, bool], int]") -> int:
    """`fork`: train the new run here, or queue it."""
    from engine.executor.local import TERMINAL
    from engine.forks import fork_run, fork_spec

    store = open_store()
    spec = fork_spec(store.runs.get(arguments.run), arguments.epoch, run_values(arguments))
    slot = "" if arguments.queue else TERMINAL
    made = fork_run(store, arguments.run, arguments.epoch, spec, arguments.owner or "", slot)
    if slot:
        return train_here(store, made, arguments.json)
    alive = (known := store.leases.get()) is not None and known.alive
    found = _state(made) | {"parent": made.parent_id, "epoch": made.parent_epoch, "executor_alive": alive}
    print(json.dumps(found) if arguments.json else f"Run {made.id} is queued.")
    if not alive and not arguments.json:
        print("No executor is alive: start one with `python -m engine executor`, or open the dashboard.")
    return 0


def pause(arguments: argparse.Namespace) -> int:
    """`pause`: ask, and wait a little for the answer."""
    store = open_store()
    run = store.runs.request_end(arguments.run, RunState.PAUSED)
    until = time.monotonic() + _ANSWER_SECONDS
    while run.live and time.monotonic() < until:
        time.sleep(0.1)
        run = store.runs.get(run.id)
    print(json.dumps(_state(run)) if arguments.json else f"Run {run.id} is {run.state.value}. {run.message}".rstrip())
    return 0


def steer(arguments: argparse.Namespace) -> int:
    """`steer`: ask; the event of the run says from which step on."""
    run = open_store().runs.steer(arguments.run, arguments.learning_rate)
    if arguments.json:
        print(json.dumps(_state(run) | {"steering": run.steering}))
    else:
        print(f"Run {run.id} goes on with learning rate {arguments.learning_rate:g}.")
    return 0


def _state(run: Run) -> dict[str, Any]:
    return {"run": run.id, "state": run.state.value}
