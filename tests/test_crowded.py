"""Where the estimated wait for the predictor is too long, nobody is queued: who asks is told, and shown what is ready."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from engine import service
from engine.access import Actor, Role, local_owner
from engine.api.routes import api_routes
from engine.serving.client import Busy, Predictor
from engine.serving.pace import Crowded, Pace
from engine.settings import settings
from engine.store import Store
from tests import seeding
from tests.pages.opening import open_page, press
from tests.test_opened import COMMAND, image
from tests.waiting import wait_until
from ui import lab

EVE = Actor("visitor", Role.VISITOR)


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody waits for more than a twentieth of a second."""
    monkeypatch.setenv("TRAINYARD_LONGEST_WAIT_SECONDS", "0.05")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("home", "longest")
def test_behind_a_slow_request_the_next_is_refused_at_once_and_served_when_it_is_over() -> None:
    predictor = Predictor((sys.executable, "-m", "tests.slow_predictor"))
    try:
        predictor.describe({"seconds": 0.6})
        assert predictor._pace._each_seconds > 0.05, "the time of an answer, of which the newest counts for a fifth"
        slow = threading.Thread(target=predictor.describe, args=[{"seconds": 0.6}])
        slow.start()
        wait_until(lambda: predictor._pace.open == 1, "a request that is open")
        with pytest.raises(Crowded, match="the estimated wait is") as refused:
            predictor.describe({"seconds": 0})
        assert refused.value.wait_seconds >= 1
        slow.join()
        assert predictor.describe({"seconds": 0}) is not None
    finally:
        predictor.close()


@pytest.mark.usefixtures("home", "longest")
def test_the_start_of_the_process_and_what_it_refuses_say_nothing_about_how_long_answers_take() -> None:
    pace = Pace()
    with pace.turn() as turn:
        turn.began -= 1_000  # it started for very long
        turn.begin()
    assert pace._each_seconds < 100
    pace.note(50)
    before = pace._each_seconds
    with pytest.raises(Busy), pace.turn():
        raise Busy("The queue is full.")
    assert (pace._each_seconds, pace.open) == (before, 0)


def test_without_a_limit_only_the_queue_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_LONGEST_WAIT_SECONDS", "0")
    settings.cache_clear()
    pace = Pace()
    pace.note(1e6)
    with pace.turn(), pace.turn():
        assert pace.open == 2
    settings.cache_clear()


def test_a_program_is_told_when_to_come_back(store: Store) -> None:
    class Full:
        def predict_instances(self, run_id: int, body: bytes, raw: bool = False) -> bytes:
            raise Crowded(74.2)

    run = seeding.completed(store, epochs=1)
    app = Starlette(routes=api_routes(lambda _request: local_owner(), Full))  # type: ignore[arg-type,return-value]

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lab") as client:
            headers = {"Content-Type": "application/json"}
            return await client.post(f"/api/v1/models/{run.id}:predict", content=b"{}", headers=headers)

    found = asyncio.run(ask())
    assert (found.status_code, found.headers["Retry-After"]) == (503, "75")
    assert "the estimated wait is 74 seconds" in found.json()["error"]


@pytest.fixture
def predictor(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Predictor]:
    """One that answers, in a process."""
    made = Predictor(COMMAND)
    monkeypatch.setattr(lab, "predictor", lambda: made)
    monkeypatch.setattr(lab, "actor", lambda: EVE)
    yield made
    made.close()


def give(demo: str) -> Any:
    """The page of a demo after a picture was given."""
    at = open_page("demos", demo=demo)
    at.session_state[f"way-{demo}-1"] = "upload"
    at.run()
    at.file_uploader[0].upload("a.png", image(), "image/png")
    at.run()
    assert not at.exception, at.exception[0].message
    return at


@pytest.mark.parametrize("examples", [True, False])
def test_visitors_of_a_crowded_demo_are_shown_examples_with_their_answers(
    store: Store, predictor: Predictor, examples: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"digits-{str(examples).lower()}"
    run = seeding.completed(store, epochs=1, owner="carol", dataset="mnist")
    service.demos.publish(Actor("carol", Role.MEMBER), run.id, name, examples=examples)
    assert give(name).metric[0].value == "7", "answers to examples are kept when there is time"
    monkeypatch.setattr(predictor._pace, "_each_seconds", 100.0)
    monkeypatch.setattr(predictor._pace, "_open", 1)
    at = give(name)
    said = at.warning if examples else at.error
    assert "the estimated wait is 100 seconds" in said[0].value
    assert not at.metric
    if examples:
        press(at, "7")
        assert at.metric[0].value == "7"
        assert "the estimated wait" in at.warning[0].value
    else:
        assert not [button for button in at.button if button.label == "7"]
