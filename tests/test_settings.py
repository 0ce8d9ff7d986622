"""Settings of an installation: from the environment, checked, and each with its line in the docs."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.settings import Settings, settings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_has_its_line_in_the_docs(name: str) -> None:
    info = Settings.model_fields[name]
    assert info.description
    assert info.description.endswith(".")
    (line,) = re.findall(rf"^- \*\*`TRAINYARD_{name.upper()}`\*\* .*$", PAGE.read_text(), re.MULTILINE)
    assert line.endswith(info.description)


def test_the_docs_name_no_setting_that_is_gone() -> None:
    documented = re.findall(r"^- \*\*`TRAINYARD_(\w+)`\*\*", PAGE.read_text(), re.MULTILINE)
    assert [name.lower() for name in documented] == list(Settings.model_fields)


def test_home_moves_everything(home: Path) -> None:
    found = settings()
    assert found.home_path == home
    for path in (found.runs_path, found.datasets_path, found.cache_path):
        assert path.is_relative_to(home)
    assert found.url == f"sqlite:///{home / 'trainyard.db'}"


def test_a_tilde_means_the_home_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings(home=Path("~/lab")).home_path == tmp_path / "lab"


def test_a_database_url_wins_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_DATABASE_URL", "postgresql+psycopg://ada@host/runs")
    settings.cache_clear()
    assert settings().url == "postgresql+psycopg://ada@host/runs"


@pytest.mark.parametrize(
    ("name", "value"), [("SLOTS", "65"), ("SLOTS", "many"), ("DISK_BUDGET_MB", "1"), ("PREDICT_TIMEOUT_SECONDS", "0")]
)
def test_a_wrong_setting_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TRAINYARD_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_settings_are_read_once_a_process(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = settings()
    monkeypatch.setenv("TRAINYARD_OWNER", "somebody else")
    assert settings() is first


@pytest.mark.parametrize("value", ["*", "https://*", "example.org", "https://example.org; script-src *"])
def test_a_frame_is_for_named_origins_only(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_FRAME_ORIGINS", f"https://a.example, {value}")
    with pytest.raises(ValidationError, match="is no origin"):
        Settings()
