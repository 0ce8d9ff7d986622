"""A real dashboard on loopback under hostile and broken requests: it goes on, says nothing of itself, and keeps nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import settings
from engine.store import open_store
from tests import seeding
from tests.e2e.dashboard import Dashboard
from tests.hostile import KINDS, SECRETS, attack, files_of
from tests.saved_runs import TINY, save_network

COUNT = 165
"""Requests in the normal suite; `python -m bench hostile` sends a thousand."""


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Dashboard]:
    """A dashboard with a model that answers, and secrets in its environment."""
    dashboard = Dashboard(tmp_path / "home", **SECRETS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(dashboard.home))
        settings.cache_clear()
        settings().runs_path.mkdir(parents=True)
        store = open_store()
        save_network(seeding.evaluated(store, **TINY))
        store.close()
    settings.cache_clear()
    dashboard.start()
    yield dashboard
    dashboard.close()


def test_hostile_requests_break_nothing_tell_nothing_and_leave_nothing(target: Dashboard) -> None:
    before, pid = files_of(target.home), target.pid
    found = attack(target, COUNT)
    assert not found.failures
    assert not found.leaks
    assert sum(found.statuses.values()) == COUNT
    assert len(KINDS) * 15 == COUNT
    assert target.answers()
    assert target.pid == pid
    assert files_of(target.home) == before
    written = b"".join(path.read_bytes() for path in target.home.rglob("*") if path.is_file())
    assert b"Traceback" not in target.log.read_bytes()
    assert not [secret for secret in SECRETS.values() if secret.encode() in written]
