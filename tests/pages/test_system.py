"""The System page: the processes at work, and the parts of the installation."""

import pytest

from engine.settings import settings
from engine.store import Store
from tests.pages.opening import labels, open_page, press, words
from ui import lab


def test_a_machine_without_an_executor_says_so_and_offers_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[bool] = []
    monkeypatch.setattr(lab, "start_executor", lambda: started.append(True))
    at = open_page("system")
    assert "No executor is running" in words(at)
    press(at, "Start an executor")
    assert started == [True]


def test_a_living_executor_shows_its_slots_and_its_standby_worker(store: Store) -> None:
    info = {"pid": 42, "slots": [{"name": "cpu-0", "run": 7}], "standby": {"state": "ready"}}
    store.leases.hold("someone", info)
    at = open_page("system")
    assert "process 42" in at.success[0].value
    assert {m.label: m.value for m in at.metric}["Standby worker"] == "ready"
    assert "cpu-0" in at.dataframe[0].value.to_string()
    assert "Start an executor" not in labels(at)


def test_no_password_and_no_secret_is_shown(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = dict.fromkeys(("oidc_client_secret", "cookie_secret"), "hunter2")
    shown = settings().model_copy(update={"database_url": "postgresql+psycopg://ada:hunter2@db/runs"} | secrets)
    monkeypatch.setattr("ui.machine.settings", lambda: shown)
    at = open_page("system")
    tables = " ".join(table.value.to_string() for table in at.dataframe)
    assert "TRAINYARD_DATABASE_URL" in tables
    assert "hunter2" not in tables


def test_every_setting_is_listed_with_its_meaning(store: Store) -> None:
    tables = [table.value for table in open_page("system").dataframe]
    rows = next(table for table in tables if "Variable" in table.columns)
    assert len(rows) == len(type(settings()).model_fields)
    assert rows["Description"].str.len().min() > 10
