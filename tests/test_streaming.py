"""Answers that come piece by piece: through the predictor's process, real HTTP and threads, without the seconds of Keras."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.errors import TrainyardError
from engine.serving.client import Predictor, Stream
from engine.settings import settings

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
    with pytest.raises(TrainyardError, match="busy: 3 requests wait"):
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
    with pytest.raises(TrainyardError, match="ended while it worked on this"):
        list(stream)
