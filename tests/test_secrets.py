"""Secrets come from the environment or from files, and go nowhere else."""

import os
import runpy
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.settings import Settings, child_environment, settings
from engine.store import copies
from ui.machine import settings_rows

SECRET = "correct-horse-battery"


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A file as Docker mounts a secret."""
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


def test_a_file_holds_the_value_of_a_setting(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_COOKIE_SECRET_FILE", str(secret_file))
    assert Settings().cookie_secret == SECRET
    monkeypatch.setenv("TRAINYARD_COOKIE_SECRET", "from the environment")
    assert Settings().cookie_secret == "from the environment"


def test_a_value_from_a_file_is_checked_as_any_other(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_SLOTS_FILE", str(secret_file))
    with pytest.raises(ValidationError, match="slots") as caught:
        Settings()
    assert SECRET not in str(caught.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_COOKIE_SECRET_FILE", str(tmp_path / "missing"))
    with pytest.raises(ValueError, match=r"TRAINYARD_COOKIE_SECRET_FILE names .*missing"):
        Settings()


@pytest.mark.parametrize("name", Settings.secrets())
def test_a_secret_is_neither_printed_nor_shown(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = f"postgresql+psycopg://ada:{SECRET}@host/runs" if name == "database_url" else SECRET
    monkeypatch.setenv(f"TRAINYARD_{name.upper()}", value)
    settings.cache_clear()
    assert getattr(settings(), name) == value
    assert SECRET not in f"{settings()!r} {settings()}"
    assert SECRET not in str(settings_rows())


@pytest.mark.parametrize("url", [f"ada:{SECRET}@host/runs", f"ada@host/runs?password={SECRET}&sslmode=require"])
def test_a_password_of_the_database_is_on_no_command_line(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@ and $PGPASSWORD" > {tmp_path}/said\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    copies.save(f"postgresql+psycopg://{url}", tmp_path / "copy")
    command, _, password = (tmp_path / "said").read_text().strip().partition(" and ")
    assert password == SECRET
    assert SECRET not in command
    assert "ada@host/runs" in command


def test_what_decodes_files_gets_no_secret_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    withheld = {
        "STREAMLIT_SERVER_COOKIE_SECRET",
        *(
            f"TRAINYARD_{name.upper()}{end}"
            for name in Settings.secrets()
            if name != "database_url"
            for end in ("", "_FILE")
        ),
    }
    for name in withheld:
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("TRAINYARD_HOME", "/somewhere")
    found = child_environment(OMP_NUM_THREADS="1")
    assert not withheld & set(found)
    assert found["TRAINYARD_HOME"] == "/somewhere"
    assert found["OMP_NUM_THREADS"] == "1"
    assert found["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize(
    ("report", "code", "words"),
    [
        ({}, 0, "NOT AUDITED"),
        ({"dependencies": [{"name": "a", "skip_reason": "unknown"}]}, 0, "NOT AUDITED"),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, "No known vulnerability in 1"),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]},
            1,
            "a 1: CVE-1 (mended in 2)",
        ),
    ],
)
def test_an_audit_fails_for_a_flaw_and_says_when_nobody_answered(
    report: dict[str, object], code: int, words: str
) -> None:
    judge = runpy.run_path("scripts/audit.py")["judge"]
    found = judge(report)
    assert found[0] == code
    assert words in found[1]


def test_an_audit_that_breaks_is_not_taken_for_one_without_a_service() -> None:
    judge = runpy.run_path("scripts/audit.py")["judge_failure"]
    assert judge("requests.exceptions.ConnectionError: nobody")[0] == 0
    assert judge("No module named pip_audit") == (2, "pip-audit failed:\nNo module named pip_audit")
