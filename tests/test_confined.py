"""A process that decodes files of strangers has less than the one that started it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.settings import settings

ROOT = Path(__file__).resolve().parents[1]


def probe(**environment: str) -> tuple[dict[str, Any], str]:
    """Return what a confined process can do, and what it logged."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-m", "engine.confined", "tests.confined_probe", str(server.getsockname()[1])]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_what_decodes_files_of_strangers_has_no_network(home: Path) -> None:
    found, said = probe()
    if "has a network" in said:
        pytest.skip(said)
    assert not found["network"]
    assert found["core"] == 0
    assert found["user"] == os.getuid()


def test_more_memory_than_allowed_is_refused(home: Path) -> None:
    found, _ = probe()
    assert found["little"]
    assert not found["much"]


def test_a_database_on_the_network_is_still_reached_and_the_log_says_so(home: Path) -> None:
    found, said = probe(TRAINYARD_DATABASE_URL="postgresql+psycopg://ada@host/runs")
    assert found["network"]
    assert "the database is asked over it" in said


def test_the_predictor_is_started_like_that() -> None:
    from engine.serving.client import COMMAND

    assert COMMAND[1:] == ("-m", "engine.confined", "engine.serving.predictor")
    assert settings().predictor_memory_mb
