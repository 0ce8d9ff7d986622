"""A PostgreSQL server for one test session, on a socket in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import TrainyardError

_SETTINGS = "-c listen_addresses='' -c fsync=off -c max_connections=60 -k {folder}"


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give its SQLAlchemy URL. Raises `TrainyardError` with the reason where that cannot be."""
    programs = {name: _find(name) for name in ("initdb", "pg_ctl")}
    with tempfile.TemporaryDirectory(prefix="trainyard-pg-", ignore_cleanup_errors=True) as name:
        folder, user = Path(name), _unprivileged()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        _run(
            user,
            programs["initdb"],
            "-D",
            str(data),
            "-U",
            "trainyard",
            "-A",
            "trust",
            "-N",
            "--no-locale",
            "-E",
            "UTF8",
        )
        start = ["-D", str(data), "-w", "-t", "60", "-l", str(folder / "log"), "-o", _SETTINGS.format(folder=folder)]
        _run(user, programs["pg_ctl"], *start, "start")
        try:
            yield f"postgresql+psycopg://trainyard@/postgres?host={folder}"
        finally:
            _run(user, programs["pg_ctl"], "-D", str(data), "-m", "immediate", "-w", "stop")


def _find(name: str) -> str:
    places = [os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise TrainyardError(f"{name} is not installed")
    return found


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run the server as: PostgreSQL refuses root. None: as ourselves."""
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
