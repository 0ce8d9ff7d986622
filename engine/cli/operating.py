"""Commands for whoever runs an installation: `backup`, `restore`, `doctor` and `drain`."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from engine import service
from engine.access import local_owner
from engine.service.audited import write


def add_operating(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    made = add("backup", backup, "Write the database, all runs and your own datasets to one file, while they are used.")
    made.add_argument("file", nargs="?", metavar="FILE", help="default: trainyard-DATE-TIME.zip in this folder")
    made = add("restore", restore, "Put a backup into an empty home folder and an empty database. Hashes are checked.")
    made.add_argument("file", metavar="FILE", help="a file that backup has written")
    add("doctor", doctor, "Check settings, database, disk, executor and devices. Exit code 1: there is a problem.")
    words = "Begin no more runs on this machine, and tell load balancers (/readyz). Runs that train go on."
    add("drain", drain, words).add_argument("--off", action="store_true", help="end it: queued runs begin again")


def backup(arguments: argparse.Namespace) -> int:
    """`backup`: write one file."""
    from engine.ops.backup import back_up
    from engine.service.opened import store

    target = Path(arguments.file or f"trainyard-{time.strftime('%Y%m%d-%H%M%S')}.zip")
    manifest = back_up(store(), target)
    write(local_owner(), "operating.backup", thing=target.name)
    size, files = target.stat().st_size, len(manifest["files"])
    if arguments.json:
        print(json.dumps({"file": str(target), "bytes": size, "runs": manifest["runs"], "files": files}))
    else:
        print(f"{target}: {manifest['runs']} runs, {files} files, {size / 1e6:.1f} MB.")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """`restore`: put a backup in place."""
    from engine.ops.restore import restore as put_back

    manifest = put_back(Path(arguments.file))
    if arguments.json:
        print(json.dumps({"runs": manifest.runs, "files": len(manifest.files), "version": manifest.version}))
    else:
        print(f"Restored {manifest.runs} runs, {len(manifest.files)} files, written by version {manifest.version}.")
    return 0


def doctor(arguments: argparse.Namespace) -> int:
    """`doctor`: print one line for each thing that was checked."""
    from engine.ops.doctor import PROBLEM, examine

    found = examine()
    if arguments.json:
        print(json.dumps([check._asdict() for check in found]))
    else:
        for check in found:
            print(f"{check.state:8} {check.name}: {check.text}" + (f" {check.advice}" if check.advice else ""))
    return int(any(check.state == PROBLEM for check in found))


def drain(arguments: argparse.Namespace) -> int:
    """`drain`: begin or end drain mode."""
    from engine.service.opened import store

    service.executors.drain(local_owner(), not arguments.off)
    training = [run.id for run, _ in store().attempts.workers()]
    if arguments.json:
        print(json.dumps({"draining": not arguments.off, "training": training}))
    else:
        print(f"{'Drain mode is off' if arguments.off else 'Draining'}; {len(training)} runs train now.")
    return 0
