"""Commands that keep working until they are done or ended: `executor` and `bench`."""

import argparse
import logging
import sys
from collections.abc import Callable


def add_processes(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    add("executor", executor, "Claim queued runs and train them, until ended.").add_argument(
        "--until-idle", action="store_true", help="end when nothing runs and no dashboard is open"
    )
    add("bench", bench, "Measure speed side by side and print ratios as JSON.").add_argument(
        "names", nargs="*", metavar="NAME", help="measure only these; default: everything"
    )


def executor(arguments: argparse.Namespace) -> int:
    """`executor`: until ended, or until nobody needs it."""
    from engine.executor.local import LocalExecutor
    from engine.settings import settings
    from engine.store import open_store

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
