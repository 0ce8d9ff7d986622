"""Commands that run until they are done or terminated: `executor` and `bench`."""

import argparse
import logging
import sys
from collections.abc import Callable


def add_processes(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    add("executor", executor, "Train queued runs until terminated.").add_argument(
        "--until-idle", action="store_true", help="exit when no run is left and no dashboard is open"
    )
    add("bench", bench, "Compare speeds and print the ratios as JSON.").add_argument(
        "names", nargs="*", metavar="NAME", help="measure only these; default: everything"
    )


def executor(arguments: argparse.Namespace) -> int:
    """`executor`: train queued runs until terminated, or until it is not needed."""
    from engine.executor.local import LocalExecutor
    from engine.logs import set_up_logs
    from engine.settings import settings
    from engine.store import open_store

    logging.getLogger().setLevel(logging.INFO)
    set_up_logs("executor")
    idle = settings().executor_idle_seconds if arguments.until_idle else None
    if LocalExecutor(open_store(), idle_seconds=idle).run():
        return 0
    print("Another executor is already running.", file=sys.stderr)
    return 0 if arguments.until_idle else 1


def bench(arguments: argparse.Namespace) -> int:
    """`bench`: run the measurements of the folder `bench`."""
    import runpy

    sys.argv = ["bench", *arguments.names]
    runpy.run_module("bench", run_name="__main__")
    return 0
