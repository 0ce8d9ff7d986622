"""Metrics for Prometheus: closed unless there is a token, and then for those who bring it only."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from engine import measures
from engine.errors import TrainyardError
from engine.ops.metrics import metrics_routes
from engine.service import opened
from engine.settings import settings
from engine.web import web_middleware
from tests import seeding

GRAFANA = Path(__file__).resolve().parents[1] / "deploy" / "grafana" / "trainyard.json"
TOKEN = "a-token-of-prometheus"
KEY = {"Authorization": f"Bearer {TOKEN}"}


def client() -> TestClient:
    """A server with the address, behind what stands before every dashboard."""
    middleware = web_middleware(Path(__file__), lambda: [], lambda: "")
    return TestClient(Starlette(routes=metrics_routes(), middleware=middleware), base_url="http://127.0.0.1")


@pytest.fixture
def open_to_prometheus(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation with a token."""
    monkeypatch.setenv("TRAINYARD_METRICS_TOKEN", TOKEN)
    settings.cache_clear()
    measures.measures.cache_clear()
    yield
    measures.measures.cache_clear()


def test_there_is_nothing_without_a_token(home: Path) -> None:
    assert client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    assert client().get("/_stcore/metrics", headers=KEY).status_code == 404


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \u00e9"]
)
def test_nobody_reads_them_without_the_token(open_to_prometheus: None, header: str) -> None:
    answer = client().get("/metrics", headers={"Authorization": header.encode()})
    assert answer.status_code == 401
    assert TOKEN not in answer.text


def test_they_tell_of_queue_runs_executor_pages_predictions_and_refusals(open_to_prometheus: None) -> None:
    store = opened.store()
    seeding.completed(store, epochs=1, points=1)
    seeding.queued(store)
    store.leases.hold("me", {"slots": [{"name": "cpu-0", "run": 3}, {"name": "cpu-1", "run": None}]})
    with measures.page_timed("runs"):
        pass
    with pytest.raises(TrainyardError), measures.prediction_timed():
        raise TrainyardError("It is busy.")
    page = client()
    assert page.get("/", headers={"Host": "evil.example"}).status_code == 421
    answer = page.get("/metrics", headers=KEY)
    assert answer.status_code == 200
    found = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    wanted = {
        'trainyard_runs{state="completed"}': 1,
        'trainyard_runs{state="queued"}': 1,
        'trainyard_runs{state="failed"}': 0,
        "trainyard_executor_up": 1,
        'trainyard_slot_busy{slot="cpu-0"}': 1,
        'trainyard_slot_busy{slot="cpu-1"}': 0,
        "trainyard_database_up": 1,
        "trainyard_draining": 0,
        'trainyard_page_seconds_count{page="runs"}': 1,
        'trainyard_prediction_seconds_count{outcome="trainyarderror"}': 1,
        'trainyard_http_responses_total{area="pages",status="421"}': 1,
    }
    assert {name: float(found.get(name, "nan")) for name in wanted} == wanted
    assert 0 <= float(found["trainyard_executor_heartbeat_seconds"]) < 60
    assert float(found["trainyard_queue_oldest_seconds"]) > 0


def test_without_its_database_a_server_tells_what_it_knows(
    open_to_prometheus: None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    answer = client().get("/metrics", headers=KEY)
    assert "trainyard_database_up 0.0" in answer.text
    assert "trainyard_runs{" not in answer.text


def test_the_dashboard_of_grafana_asks_for_what_there_is(open_to_prometheus: None) -> None:
    opened.store().leases.hold("me", {"slots": [{"name": "cpu-0", "run": None}]})
    measures.measures()
    text = client().get("/metrics", headers=KEY).text
    known = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    asked = set(re.findall(r"(?:trainyard|process)_[a-z_]+", GRAFANA.read_text()))
    assert len(asked) > 10
    assert {name.removesuffix("_bucket").removesuffix("_count") for name in asked} <= known
