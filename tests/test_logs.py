"""Logs for programs: one JSON object a line with run and user, and never a secret."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import logs
from engine.logs import log_also_as_json, logged_about, note_user, set_up_logs
from engine.settings import Settings, settings

SECRET = 'hunter2"\\\nhunter2'
PASSWORD = "p%40ss-word-of-ada"


@pytest.fixture
def written(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process with every secret set logs."""
    monkeypatch.setenv("TRAINYARD_LOG_FORMAT", "json")
    for name in Settings.secrets():
        value = f"postgresql+psycopg://ada:{PASSWORD}@host/runs" if name == "database_url" else SECRET
        monkeypatch.setenv(f"TRAINYARD_{name.upper()}", value)
    settings.cache_clear()
    logs._secrets.cache_clear()
    known = logging.getLogger().handlers[:]
    yield io.StringIO()
    logging.getLogger().handlers[:] = known
    logging.captureWarnings(False)
    logs._secrets.cache_clear()
    logs._process.clear()


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    """The lines, read as a program does."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_each_line_says_who_and_what_it_is_about(written: io.StringIO) -> None:
    set_up_logs("dashboard", stream=written)
    note_user("ada@example.org")
    with logged_about(run=12):
        logging.getLogger("engine.x").info("Two\nlines: %s", "训练")
    logging.getLogger("engine.y").warning("It ended.", extra={"run": 7})
    first, second = lines(written)
    assert (first["role"], first["run"], first["user"], first["level"]) == ("dashboard", 12, "ada@example.org", "info")
    assert first["message"] == "Two\nlines: 训练"
    assert (second["run"], second["logger"]) == (7, "engine.y")


def test_a_worker_writes_its_log_for_people_and_the_same_for_programs(written: io.StringIO) -> None:
    for run in (1, 2):  # a worker that trains several trials
        log_also_as_json("worker", written, run=run, user="ada")
        logging.getLogger("engine.worker").warning("Run %s ends.", run)
    assert [(line["run"], line["message"]) for line in lines(written)] == [(1, "Run 1 ends."), (2, "Run 2 ends.")]


def test_no_secret_is_written_whatever_is_logged(written: io.StringIO) -> None:
    set_up_logs("dashboard", stream=written)
    url = settings().database_url
    try:
        raise ValueError(f"cannot connect to {url} with {SECRET}")
    except ValueError:
        logging.getLogger("engine").exception("%s and %r", SECRET, url)
    (line,) = lines(written)
    assert "hunter2" not in written.getvalue()
    assert "word-of-ada" not in written.getvalue()
    assert "cannot connect to postgresql+psycopg://ada:[secret]@host/runs" in line["trace"]


def test_without_the_setting_nothing_changes(home: Path) -> None:
    before = logging.getLogger().handlers[:]
    set_up_logs("dashboard")
    assert logging.getLogger().handlers == before
