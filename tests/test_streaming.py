"""Answers that come piece by piece: through the predictor's process, real HTTP and threads, without the seconds of Keras."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.serving.client import Predictor, Stream
from engine.settings import settings
from engine.store import open_store
from tests.saved_runs import TINY
from tests.test_api import serving

ROOT = Path(__file__).parents[1]
SLOW = (sys.executable, str(ROOT / "tests" / "slow_predictor.py"))


@pytest.fixture
def predictor(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Predictor]:
    """One that counts; three requests may wait, and no answer may take longer than two seconds."""
    monkeypatch.setenv("TRAINYARD_PREDICT_TIMEOUT_SECONDS", "2")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TRAINYARD_MAX_WAITING_PREDICTIONS", "3")
    settings.cache_clear()
    handle = Predictor(SLOW)
    until = time.monotonic() + 60
    while not handle.ready():
        assert time.monotonic() < until
        time.sleep(0.05)
    yield handle
    handle.close()
    settings.cache_clear()


def count(predictor: Predictor, pieces: int, seconds: float, **more: Any) -> Stream[Any]:
    """Ask for so many numbers, one each so many seconds."""
    return predictor.stream(1, [("one", json.dumps({"pieces": pieces, "seconds": seconds, **more}).encode())])


def number(results: Any) -> int:
    """The number that a piece says."""
    (result,) = results
    return int(result.prediction.values["number"])


def test_pieces_are_there_as_soon_as_they_are_made(predictor: Predictor) -> None:
    came = []
    began = time.monotonic()
    with count(predictor, 4, 0.2) as stream:
        for piece in stream:
            came.append((number(piece), time.monotonic() - began))
    assert [at for at, _seconds in came] == [0, 1, 2, 3]
    assert came[0][1] < 0.4 < 0.75 < came[3][1]


def test_others_are_served_between_two_pieces(predictor: Predictor) -> None:
    with count(predictor, 10, 0.1) as stream:
        next(stream)
        began = time.monotonic()
        predictor.describe({"seconds": 0})
        assert time.monotonic() - began < 0.35, "not after all ten"
        assert [number(piece) for piece in stream] == list(range(1, 10))


def test_who_goes_away_ends_the_work(predictor: Predictor, tmp_path: Path) -> None:
    note = tmp_path / "note"
    stream = count(predictor, 1_000, 0.05, note=str(note))
    next(stream)
    stream.close()
    until = time.monotonic() + 1
    while not note.exists():
        assert time.monotonic() < until, "it goes on for nobody"
        time.sleep(0.02)
    assert predictor.describe({"seconds": 0})
    stream.close()


def test_another_thread_may_close_it_while_one_waits(predictor: Predictor) -> None:
    stream = count(predictor, 2, 0.9)
    threading.Timer(0.2, stream.close).start()
    began = time.monotonic()
    assert list(map(number, stream)) == [0]
    assert time.monotonic() - began < 0.6
    assert predictor.describe({"seconds": 0})


def test_an_answer_that_takes_too_long_is_late_and_what_has_come_is_kept(predictor: Predictor) -> None:
    seen: list[int] = []
    began = time.monotonic()
    stream = count(predictor, 100, 0.3)
    with pytest.raises(TrainyardError, match="no answer within 2 seconds"):
        seen.extend(number(piece) for piece in stream)
    assert seen == list(range(len(seen)))
    assert 4 <= len(seen) <= 7
    assert time.monotonic() - began < 3
    assert predictor.describe({"seconds": 0})


def test_a_refusal_is_said_at_the_beginning_and_in_the_middle(predictor: Predictor) -> None:
    with pytest.raises(TrainyardError, match="No more of it"):
        count(predictor, 3, 0, refuse_at=0)
    with count(predictor, 3, 0, refuse_at=2) as stream:
        assert [number(next(stream)), number(next(stream))] == [0, 1]
        with pytest.raises(TrainyardError, match=r"^No more of it\.$"):
            next(stream)
    with pytest.raises(TrainyardError, match="The predictor failed"):
        predictor.stream(1, [("one", b"no JSON")])


def test_streams_take_places_of_those_that_wait(predictor: Predictor) -> None:
    streams = [count(predictor, 50, 0.02) for _ in range(4)]
    with pytest.raises(TrainyardError, match="busy: 3 requests"):
        count(predictor, 1, 0)
    for stream in streams:
        stream.close()
    time.sleep(0.3)
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda _: [number(piece) for piece in count(predictor, 3, 0.02)], range(3)))
    assert found == [[0, 1, 2]] * 3


def test_a_process_that_dies_is_told_of(predictor: Predictor) -> None:
    stream = count(predictor, 100, 0.05)
    next(stream)
    assert predictor._child is not None
    predictor._child.process.kill()
    with pytest.raises(TrainyardError, match="ended while working on this request"):
        list(stream)


# -- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(predictor: Predictor) -> Iterator[httpx.Client]:
    """A client of the dashboard's own addresses, before the process that counts; run 1 seems to have a model."""
    model = artifacts_of(open_store().runs.create(RunSpec.build(TINY)).id).model
    model.parent.mkdir(parents=True)
    model.touch()
    yield from serving(predictor)


def events(client: httpx.Client, **asked: Any) -> Iterator[tuple[str, Any]]:
    """Name and data of each event of an answer to one instance."""
    body = {"instances": [asked]}
    headers = {"accept": "text/event-stream"}
    with client.stream("POST", "/models/1:predict", json=body, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = "message"
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


def test_events_come_as_they_are_made_and_the_last_has_the_whole_answer(client: httpx.Client) -> None:
    began = time.monotonic()
    found = []
    for name, data in events(client, pieces=4, seconds=0.2):
        found.append((name, data["predictions"][0]["number"]))
        if len(found) == 1:
            assert time.monotonic() - began < 0.6, "the first does not wait for the last"
    assert found == [("message", 0), ("message", 1), ("message", 2), ("message", 3), ("done", 3)]


def test_files_of_a_form_are_answered_by_events_too(client: httpx.Client) -> None:
    content = json.dumps({"pieces": 2, "seconds": 0}).encode()
    answer = client.post(
        "/models/1:predict", files={"files": ("one", content)}, headers={"accept": "text/event-stream"}
    )
    assert answer.text.splitlines()[0] == 'data: {"predictions": [{"file": "one", "number": 0}]}'
    assert "event: done" in answer.text


def test_what_goes_wrong_is_a_status_before_the_first_event_and_an_event_later(client: httpx.Client) -> None:
    headers = {"accept": "application/json;q=0.5, text/event-stream"}
    body = {"instances": [{"pieces": 3, "seconds": 0, "refuse_at": 0}]}
    answer = client.post("/models/1:predict", json=body, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"error": "No more of it."})
    *_before, (name, data) = events(client, pieces=3, seconds=0, refuse_at=2)
    assert (name, data) == ("error", {"error": "No more of it."})
    *_before, (name, data) = events(client, pieces=100, seconds=0.2)
    assert name == "error"
    assert "no answer within 2 seconds" in data["error"]


def test_a_client_that_goes_away_ends_the_work_and_gives_its_place_back(client: httpx.Client, tmp_path: Path) -> None:
    for number in range(6):  # more than there are places
        note = tmp_path / str(number)
        one = events(client, pieces=1_000, seconds=0.05, note=str(note))
        next(one)
        one.close()
        until = time.monotonic() + 1
        while not note.exists():
            assert time.monotonic() < until, "it goes on for nobody"
            time.sleep(0.02)
    assert client.get("/models").status_code == 200


def test_answers_in_json_do_not_wait_for_a_stream(client: httpx.Client) -> None:
    stream = events(client, pieces=20, seconds=0.05)
    next(stream)
    began = time.monotonic()
    assert client.get("/models/1").status_code == 200
    assert client.post("/models/1:predict", json={"instances": [{}]}).content == b"[]"
    assert time.monotonic() - began < 0.6
    stream.close()
