"""Commands that run until they are done or terminated: `executor` and `bench`."""

import argparse
import logging
import os
import sys
from collections.abc import Callable


def add_processes(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    executing = add("executor", executor, "Train queued runs until terminated.")
    executing.add_argument(
        "--until-idle", action="store_true", help="exit when no run is left and no dashboard is open"
    )
    executing.add_argument(
        "--ray", metavar="ADDRESS", help="train on a Ray cluster, such as 10.0.0.1:6379: see docs/deploy.md"
    )
    add("bench", bench, "Compare speeds and print the ratios as JSON.").add_argument(
        "names", nargs="*", metavar="NAME", help="measure only these; default: everything"
    )


def executor(arguments: argparse.Namespace) -> int:
    """`executor`: train queued runs until terminated, or until it is not needed."""
    from engine.executor.local import LocalExecutor
    from engine.executor.ray import RayExecutor
    from engine.logs import set_up_logs
    from engine.settings import settings
    from engine.store import open_store

    logging.getLogger().setLevel(logging.INFO)
    set_up_logs("executor")
    if settings().log_format == "json":
        os.dup2(sys.stderr.fileno(), 2)  # workers inherit it, and their lines belong beside those of the executor
    idle = settings().executor_idle_seconds if arguments.until_idle else None
    store = open_store()
    made = RayExecutor(store, arguments.ray) if arguments.ray else LocalExecutor(store, idle_seconds=idle)
    if made.run():
        return 0
    print("Another executor is already running.", file=sys.stderr)
    return 0 if arguments.until_idle else 1


def bench(arguments: argparse.Namespace) -> int:
    """`bench`: run the measurements of the folder `bench`."""
    import runpy

    sys.argv = ["bench", *arguments.names]
    runpy.run_module("bench", run_name="__main__")
    return 0
