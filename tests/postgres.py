"""A PostgreSQL server for one test session, on a socket in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from engine.errors import TrainyardError

REQUIRED = "TRAINYARD_REQUIRE_POSTGRES"
"""Name of the variable with which tests that find no PostgreSQL fail instead of being skipped."""
_SETTINGS = "-c listen_addresses='' -c fsync=off -c max_connections=60 -k {folder}"


class Server:
    """A server that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._data, self._user = folder, folder / "data", _unprivileged()
        self._programs = {name: _find(name) for name in ("initdb", "pg_ctl")}
        self.url = f"postgresql+psycopg://trainyard@/postgres?host={folder}"
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-U", "trainyard", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = _SETTINGS.format(folder=self._folder)
        self._run("pg_ctl", "-w", "-t", "60", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as a crash does."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """Kill the main process alone, and wait until the others have noticed it."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        main = psutil.Process(pid)
        others = main.children()
        main.kill()
        psutil.wait_procs([main, *others], timeout=30)

    def _run(self, program: str, *arguments: str) -> None:
        _run(self._user, self._programs[program], "-D", str(self._data), *arguments)


@contextmanager
def restartable() -> Iterator[Server]:
    """Start a server that the test may stop. Where that cannot be, the test is skipped, or fails if one is required."""
    with tempfile.TemporaryDirectory(prefix="trainyard-pg-", ignore_cleanup_errors=True) as name:
        try:
            made = Server(Path(name))
            made.start()
        except TrainyardError as error:
            pytest.fail(str(error)) if os.environ.get(REQUIRED) == "1" else pytest.skip(str(error))
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give its SQLAlchemy URL."""
    with restartable() as made:
        yield made.url


def _find(name: str) -> str:
    places = [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise TrainyardError(f"{name} is not installed")
    return found


def _unprivileged() -> pwd.struct_passwd | None:
    """Return the user that runs the server: PostgreSQL refuses root. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise TrainyardError("PostgreSQL does not run as root, and there is no other user")


def _run(user: pwd.struct_passwd | None, *command: str) -> None:
    options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        cwd="/",
        timeout=90,
        **options,
    )
    if done.returncode:
        raise TrainyardError(f"{Path(command[0]).name} failed: {done.stdout.decode(errors='replace')[-300:]}")
