"""Copies of a whole database, Optuna's tables included: taken while others write, put back where there is none yet."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from engine.errors import StoreUnavailable, TrainyardError


def kind_of(url: str) -> str:
    """Return which database the URL names: "sqlite" or "postgresql"."""
    return make_url(url).get_backend_name()


def save(url: str, target: Path) -> None:
    """Write a copy of the database as it is at one moment; writers go on meanwhile."""
    parsed = make_url(url)
    if kind_of(url) != "sqlite":
        _run(parsed, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        return
    with closing(sqlite3.connect(str(parsed.database))) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def load(url: str, source: Path) -> None:
    """Put a copy where the URL says; nothing is left there if that fails."""
    parsed = make_url(url)
    if kind_of(url) != "sqlite":
        _run(parsed, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction", str(source))
        return
    target = Path(str(parsed.database))
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.part")
    try:
        shutil.copyfile(source, partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def is_empty(url: str) -> bool:
    """Return whether there is no table at the URL. Raises `StoreUnavailable` where the server cannot be asked."""
    parsed = make_url(url)
    if kind_of(url) == "sqlite":
        return not Path(str(parsed.database)).exists()
    engine = create_engine(url)
    try:
        return not inspect(engine).get_table_names()
    except DatabaseError as error:
        raise StoreUnavailable(
            "The database {database} cannot be opened: {problem}. Check TRAINYARD_HOME and TRAINYARD_DATABASE_URL.",
            database=parsed.render_as_string(),
            problem=str(error.orig).strip(),
        ) from error
    finally:
        engine.dispose()


def _run(url: URL, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on the database. The password travels in the environment, not on the command line."""
    if shutil.which(program) is None:
        raise TrainyardError(
            "{program} is not installed, and a copy of a PostgreSQL database needs it. "
            "Install PostgreSQL's client programs: apt-get install postgresql-client",
            program=program,
        )
    password = url.password or url.query.get("password")
    bare = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    )  # `set` keeps a password
    place = bare.difference_update_query(["password"]).render_as_string(hide_password=False)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(
        [program, f"--dbname={place}", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise TrainyardError(
            "{program} failed: {problem}", program=program, problem=done.stderr.strip()[-500:] or str(done.returncode)
        )
