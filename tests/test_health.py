"""Whether the dashboard lives and can serve, as a load balancer asks; and a machine that is drained begins nothing."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from engine.cli import main
from engine.executor.drain import drain
from engine.executor.local import LocalExecutor
from engine.executor.slots import Slot
from engine.ops import health
from engine.settings import settings
from engine.store import Store
from tests import seeding


class Client:
    """Asks a server with these two addresses."""

    def __init__(self) -> None:
        self.app, self.loop = Starlette(routes=health.health_routes()), asyncio.Runner()

    def get(self, path: str) -> httpx.Response:
        """Its answer."""
        return self.loop.run(self._get(path))

    async def _get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://localhost") as client:
            return await client.get(path)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A server that asks the database each time."""
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    client = Client()
    yield client
    client.loop.close()


def test_it_is_ready_while_the_database_can_be_used(
    store: Store, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)
    monkeypatch.setenv("TRAINYARD_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "no database\n")
    assert client.get("/healthz").status_code == 200, "restarting it would not help"


def test_a_database_that_hangs_is_not_waited_for(home: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(health, "_PATIENCE_SECONDS", 0.05)
    asked: list[bool] = []
    monkeypatch.setattr(health, "_usable", lambda: asked.append(True) or over.wait(5))
    assert [client.get("/readyz").status_code for _ in range(3)] == [503] * 3
    over.set()
    assert len(asked) == 1, "one question at a time"


def test_a_drained_machine_is_alive_but_not_ready(
    store: Store, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drain", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"draining": True, "training": []}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "draining\n")
    assert client.get("/healthz").status_code == 200
    assert main(["doctor"]) == 0
    assert "drain --off" in capsys.readouterr().out
    assert main(["drain", "--off"]) == 0
    assert client.get("/readyz").status_code == 200


def test_a_drained_machine_begins_no_run(store: Store) -> None:
    executor = LocalExecutor(store, slots=[Slot("cpu-0", None)])
    run = seeding.queued(store)
    drain(True)
    executor._fill_slots()
    assert store.runs.get(run.id).state == "queued"
    drain(False)
    executor._fill_slots()
    with executor._busy["cpu-0"]._child:
        executor._busy["cpu-0"].kill()
    assert store.runs.get(run.id).state == "running"
