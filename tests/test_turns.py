"""Turns of requests: those that share one, those that wait, and what each gets."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.table.rows import make_rows
from engine.serving.loaded import answer_together
from engine.serving.outputs import Signature
from engine.serving.requests import Arrays
from engine.serving.sources import LoadedModel
from engine.serving.turns import TOGETHER_BYTES, Busy, Late, Turns
from engine.serving.wire import pack, pack_inputs, unpack, unpack_inputs
from engine.tasks.base import tasks


class Work:
    """Answers each body with itself in capitals; notes who came together, and waits for `gate` before it does."""

    def __init__(self) -> None:
        self.turns: list[list[bytes]] = []
        self.gate = threading.Event()

    def __call__(self, bodies: list[bytes]) -> list[bytes | Exception]:
        self.gate.wait(10)
        self.turns.append(bodies)
        return [TrainyardError(f"No {body.decode()}.") if body == b"bad" else body.upper() for body in bodies]


def outcomes(work: Work, asks: Callable[[Turns], list[Awaitable[bytes]]], limit: float = 10.0) -> list[object]:
    """Return what each of some requests gets that are there before the first turn begins."""

    async def all_of_them() -> list[object]:
        turns = Turns(100, limit, lambda: None)
        asked = [asyncio.ensure_future(ask) for ask in asks(turns)]
        await asyncio.sleep(0.2)
        work.gate.set()
        return list(await asyncio.gather(*asked, return_exceptions=True))

    return asyncio.run(all_of_them())


def test_all_that_wait_for_the_same_share_the_next_turn_and_each_gets_its_own() -> None:
    work = Work()
    found = outcomes(
        work, lambda turns: [turns.share(key, body, work) for key, body in [("a", b"1"), *WAITING, ("b", b"z")]]
    )
    assert work.turns == [[b"1"], [b"x", b"bad", b"y"], [b"z"]]
    assert [str(item) for item in found] == ["b'1'", "b'X'", "No bad.", "b'Y'", "b'Z'"]


WAITING = [("a", b"x"), ("a", b"bad"), ("a", b"y")]


def test_a_large_request_has_its_turn_alone() -> None:
    work, large = Work(), b"l" * TOGETHER_BYTES
    outcomes(work, lambda turns: [turns.share("a", body, work) for body in (b"1", b"2", large, b"3", b"4")])
    assert work.turns == [[b"1"], [b"2"], [large], [b"3", b"4"]]


def test_who_has_waited_too_long_is_not_worked_for() -> None:
    work = Work()

    async def late_then_soon() -> bytes:
        turns = Turns(100, 0.2, lambda: None)
        first = asyncio.ensure_future(turns.share("a", b"1", work))
        second = asyncio.ensure_future(turns.share("a", b"2", work))
        for ask in (first, second):
            with pytest.raises(Late):
                await ask
        work.gate.set()
        return await turns.share("a", b"3", work)

    assert asyncio.run(late_then_soon()) == b"3"
    assert work.turns == [[b"1"], [b"3"]]  # the first had begun


def test_a_crowd_that_comes_again_one_by_one_is_waited_for_and_somebody_alone_is_not() -> None:
    turns_of: list[int] = []

    def slow(bodies: list[bytes]) -> list[bytes | Exception]:
        turns_of.append(len(bodies))
        time.sleep(1.0 if bodies == [b"begin"] else 0.1)
        return list(bodies)

    async def crowd() -> None:
        turns = Turns(100, 10, lambda: None)
        await asyncio.gather(*(turns.share("a", body, slow) for body in (b"begin", b"1", b"2", b"3")))

        async def again(position: int) -> None:
            await asyncio.sleep(position / 1_000)
            await turns.share("a", b"x", slow)

        await asyncio.gather(*(again(position) for position in range(3)))
        await turns.share("a", b"alone", slow)
        await turns.share("a", b"alone", slow)

    asyncio.run(crowd())
    assert turns_of == [1, 3, 3, 1, 1]


def test_work_that_breaks_tells_all_who_shared_it() -> None:
    def broken(bodies: list[bytes]) -> list[bytes | Exception]:
        time.sleep(0.1)
        raise KeyError("oops")

    found = outcomes(Work(), lambda turns: [turns.share("a", b"1", broken), turns.share("a", b"2", broken)])
    assert [type(item) for item in found] == [KeyError, KeyError]


# -- requests of one model --------------------------------------------------------------------------------------------


def doubling(batch: np.ndarray) -> np.ndarray:
    """Twice the pixels; no network likes a 13."""
    SIZES.append(len(batch))
    if (batch == 13).any():
        raise ArithmeticError("13")
    return 2.0 * batch.reshape(len(batch), -1)


SIZES: list[int] = []
MODEL = LoadedModel(Signature(tasks["image-classification"](), DataInfo((1, 2, 1), ("a", "b"))), doubling)


def images(*pixels: int) -> Arrays:
    return Arrays(np.array(pixels, np.uint8).reshape(-1, 1, 2, 1))


def test_requests_go_through_the_network_as_one_batch_and_come_apart_again() -> None:
    SIZES.clear()
    wrong = Arrays(np.zeros((1, 3), np.uint8))
    first, none, error, second = answer_together(MODEL, [images(1, 2), images(), wrong, images(3, 4, 5, 6)])
    assert SIZES == [3]
    assert first.tolist() == [[2, 4]]
    assert second.tolist() == [[6, 8], [10, 12]]
    assert len(none) == 0
    assert "does not fit this network, which takes (examples, 1, 2, 1)" in str(error)


def test_an_input_that_breaks_the_network_breaks_its_own_request_only() -> None:
    first, error, second = answer_together(MODEL, [images(1, 2), images(13, 0), images(3, 4)])
    assert (first.tolist(), second.tolist()) == ([[2, 4]], [[6, 8]])
    assert isinstance(error, ArithmeticError)


def test_a_batch_is_cut_into_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.settings import settings

    SIZES.clear()
    monkeypatch.setattr("engine.serving.loaded.settings", lambda: settings().model_copy(update={"max_batch": 2}))
    (found,) = answer_together(MODEL, [images(*range(10, 13), *range(14, 21))])
    assert SIZES == [2, 2, 1]
    assert found.ravel().tolist() == [20, 22, 24, *range(28, 41, 2)]


# -- what travels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inputs",
    [
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1),
        np.arange(6, dtype=np.int16).reshape(2, 3),
        np.array(["", "é\n中"], object),
        make_rows(np.array([[1.5, np.nan]]), np.array([["", "ß"]], object)),
        make_rows(np.array([[1.5]]), None),
        make_rows(None, np.array([["a"], ["b"]], object)),
        np.empty((0, 2), np.uint8),
    ],
    ids=lambda inputs: str(inputs.dtype),
)
def test_inputs_of_every_modality_arrive_as_they_were(inputs: np.ndarray) -> None:
    found = unpack_inputs(pack_inputs(inputs))
    assert (found.dtype, found.shape) == (inputs.dtype, inputs.shape)
    for name in inputs.dtype.names or ():
        np.testing.assert_array_equal(found[name], inputs[name])
    if not inputs.dtype.names:
        np.testing.assert_array_equal(found, inputs)


def test_a_body_comes_apart_into_what_was_packed() -> None:
    assert unpack(pack({"a": "é"}, [b"", b"\x00\xff"])) == ({"a": "é"}, [b"", b"\x00\xff"])


def test_what_is_done_aside_holds_no_turn_and_counts_as_waiting() -> None:
    gate = threading.Event()

    async def ask() -> tuple[int, str, bool]:
        turns = Turns(1, 10.0, lambda: None)
        long = asyncio.ensure_future(turns.aside(lambda: gate.wait(10)))
        await asyncio.sleep(0.05)
        taken = await turns.take(lambda: 7)
        waiting = asyncio.ensure_future(turns.aside(lambda: gate.wait(10)))
        await asyncio.sleep(0.05)
        try:
            refused = str(await turns.take(lambda: 8))
        except Busy as error:
            refused = str(error)
        gate.set()
        return taken, refused, await long and await waiting

    taken, refused, ended = asyncio.run(ask())
    assert taken == 7
    assert "The predictor is busy" in refused
    assert ended
