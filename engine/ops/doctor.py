"""`doctor`: one line for each thing that an installation needs, and what to do where it is not well."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.accounts.requirements import check_mode
from engine.devices import find_devices
from engine.environment import describe_environment
from engine.errors import TrainyardError
from engine.executor.drain import draining
from engine.processes import is_alive
from engine.service import opened
from engine.settings import Settings, settings
from engine.store.copies import kind_of
from engine.store.migration import HEAD

OK, WARNING, PROBLEM = "ok", "warning", "problem"
_PREFIX = "TRAINYARD_"
_TOOLS = {f"{_PREFIX}{name}" for name in ("REQUIRE_BROWSER", "REQUIRE_POSTGRES", "VERSION")}  # of tests and images


class Check(NamedTuple):
    """What was looked at, how it is, and what to do."""

    name: str
    state: str
    text: str
    advice: str = ""


def examine() -> list[Check]:
    """Look at everything, and change nothing but a database that has to be brought up to date."""
    return [check for look in _LOOKS for check in look()]


def _settings() -> Iterator[Check]:
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(set(os.environ) - known - _TOOLS):
        if name.startswith(_PREFIX) and name.removesuffix("_FILE") not in known:
            yield Check("settings", WARNING, f"{name} is not a setting.", "See docs/settings.md for their names.")
    try:
        check_mode("127.0.0.1")
    except TrainyardError as error:
        yield Check("settings", PROBLEM, str(error))
    else:
        yield Check("settings", OK, f"Mode {settings().mode}, home {settings().home_path}.")


def _home() -> Iterator[Check]:
    home = settings().home_path
    if not home.is_dir():
        yield Check("home", WARNING, f"{home} does not exist yet.", "It is made at the first start.")
    elif not os.access(home, os.W_OK | os.X_OK):
        yield Check("home", PROBLEM, f"{home} cannot be written.", "Give it to the user that runs Trainyard.")
    elif home.stat().st_mode & stat.S_IWOTH:
        yield Check("home", PROBLEM, f"Everybody on this machine can write to {home}.", f"Run: chmod o-w {home}")
    elif settings().mode == "shared" and home.stat().st_mode & stat.S_IROTH:
        yield Check("home", WARNING, f"Everybody on this machine can read {home}.", f"Run: chmod o-rx {home}")
    else:
        yield Check("home", OK, f"{home} can be written.")


def _database() -> Iterator[Check]:
    kind = kind_of(settings().url)
    try:
        opened.store().check()
    except TrainyardError as error:
        yield Check("database", PROBLEM, str(error))
        return
    yield Check("database", OK, f"{kind}, schema {HEAD}.")
    if kind == "postgresql" and shutil.which("pg_dump") is None:
        yield Check(
            "backup", WARNING, "pg_dump is not installed; backup needs it.", "Run: apt-get install postgresql-client"
        )


def _disk() -> Iterator[Check]:
    home = settings().home_path
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free, least = shutil.disk_usage(place).free / 1e6, settings().min_free_disk_mb
    state = PROBLEM if free < least else WARNING if free < 5 * least else OK
    advice = "" if state == OK else f"Below {least} MB no run is started: delete runs, or add space."
    yield Check("disk", state, f"{free:,.0f} MB are free at {place}.", advice)


def _executor() -> Iterator[Check]:
    try:
        lease, workers = opened.store().leases.get(), opened.store().attempts.workers()
        waiting = len(opened.store().runs.queue())
    except TrainyardError:
        return  # the line of the database tells it
    alive = lease is not None and lease.alive and is_alive(lease.info) is not False
    if lease is not None and alive:
        yield Check("executor", OK, f"{lease.holder}, heard of {lease.silent_seconds:.0f} seconds ago.")
    else:
        state = PROBLEM if waiting else WARNING
        text = f"No executor is running; {waiting} runs are queued."
        yield Check("executor", state, text, "Start the dashboard, or: python -m engine executor")
    if draining():
        yield Check("drain", WARNING, "This machine is drained: no run begins.", "Run: python -m engine drain --off")
    gone = [run.id for run, worker in workers if is_alive(worker) is False]
    if gone:
        text = f"The process of these runs is gone: {', '.join(map(str, gone))}."
        yield Check("runs", WARNING, text, "An executor queues them again; python -m engine runs ends them.")
    else:
        yield Check("runs", OK, f"{len(workers)} are training.")
    yield from _orphans({run.id for run in opened.store().runs.list(limit=1_000_000)})


def _orphans(known: set[int]) -> Iterator[Check]:
    """Folders of runs that the database does not know."""
    folder = settings().runs_path
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    left = [name for name in names if name.isdecimal() and int(name) not in known]
    if left:
        text = f"{len(left)} folders in {folder} belong to no run: {', '.join(left[:5])}{' …' if left[5:] else ''}."
        yield Check("folders", WARNING, text, "Delete them if this is the right database.")
    else:
        yield Check("folders", OK, "Each folder of a run belongs to a run.")


def _devices() -> Iterator[Check]:
    gpus = [device for device in find_devices() if device.kind == "gpu"]
    if not gpus and Path("/dev/nvidiactl").exists():
        text = "There is an NVIDIA driver, and no GPU is visible."
        yield Check("devices", PROBLEM, text, "Run nvidia-smi; in a container, start it with --gpus all.")
    else:
        yield Check("devices", OK, "; ".join(device.title for device in find_devices()) + ".")


def _versions() -> Iterator[Check]:
    about = describe_environment()
    versions = about["versions"]
    missing = [name for name in ("tensorflow", "keras") if name not in versions]
    if missing:
        text = f"Not installed: {', '.join(missing)}."
        yield Check("versions", PROBLEM, text, "Run: pip install -r requirements.txt")
    else:
        text = ", ".join(f"{name} {version}" for name, version in versions.items())
        yield Check("versions", OK, f"Python {about['python']}, {text}.")


_LOOKS: tuple[Callable[[], Iterator[Check]], ...] = (
    _settings,
    _home,
    _database,
    _disk,
    _executor,
    _devices,
    _versions,
)
