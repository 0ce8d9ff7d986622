"""PostgreSQL is stopped and started again: a dashboard reports it once, and everything continues by itself."""

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.access import Actor, Role
from engine.executor.launch import keep_executor
from engine.service import opened
from engine.settings import settings
from engine.store import Store
from tests import postgres, seeding
from tests.faults.lab import PATIENCE_SECONDS
from ui.runs.feeds import Feed

ADA = Actor("ada", Role.ADMIN)


@pytest.fixture
def server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[postgres.Server]:
    """A server that holds the database of this test."""
    with postgres.restartable() as made:
        monkeypatch.setenv("TRAINYARD_DATABASE_URL", made.url)
        settings.cache_clear()
        yield made
        opened.close()


def test_a_restarted_server_is_found_again_and_the_log_has_two_lines(
    server: postgres.Server, caplog: pytest.LogCaptureFixture
) -> None:
    run = seeding.running(opened.store(), epochs=1)
    feed = Feed(run.id)
    feed.follow(ADA)
    with caplog.at_level(logging.INFO):
        server.stop()
        for _ in range(20):
            assert opened.problem() is not None
        server.start()
        assert feed.follow(ADA, 0.0).id == run.id
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in said] == ["engine.store.outages"] * 2
    assert not any(record.exc_info for record in said)


def test_a_dashboard_that_starts_before_its_database_goes_on_when_that_is_there(server: postgres.Server) -> None:
    opened.close()
    server.stop()
    assert "cannot be opened" in str(opened.problem())
    server.start()
    assert opened.problem() is None


def test_looking_after_the_executor_survives_the_outage_without_a_traceback(
    server: postgres.Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("engine.executor.launch._CHECK_SECONDS", 0.05)
    started: list[Store] = []

    def look_for_one(store: Store) -> None:
        assert store.leases.get() is None
        started.append(store)

    monkeypatch.setattr("engine.executor.launch.ensure_executor", look_for_one)

    async def look() -> None:
        opened.store()
        server.stop()
        task = asyncio.create_task(keep_executor(opened.store))
        await asyncio.sleep(1)
        started.clear()  # what was asked before the server was gone
        await asyncio.to_thread(server.start)
        until = time.monotonic() + PATIENCE_SECONDS
        while not started and time.monotonic() < until:
            await asyncio.sleep(0.1)
        task.cancel()

    asyncio.run(look())
    assert started
    assert not any(record.exc_info for record in caplog.records)
