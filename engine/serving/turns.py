"""One thread that does all the work, a bounded queue before it, and a time limit on each request."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from engine.errors import TrainyardError

T = TypeVar("T")
logger = logging.getLogger(__name__)
TOGETHER_BYTES = 1 << 20
"""Requests share a turn until they have this many bytes together; a larger one has its turn alone."""

MAX_GATHER_SECONDS = 0.02
"""Longest wait for those who may be about to join a turn."""


class Busy(TrainyardError):  # noqa: N818  # not a fault: others are served
    """The queue is full."""


class Late(TrainyardError):  # noqa: N818  # as Busy
    """The time limit passed before there was an answer."""


def late(limit_seconds: float) -> Late:
    """The error for an answer that took longer than `limit_seconds`."""
    return Late(
        "There was no answer within {seconds:g} seconds (TRAINYARD_PREDICT_TIMEOUT_SECONDS). Send "
        "less at once, or try again when the machine is less busy.",
        seconds=limit_seconds,
    )


def attempt(work: Callable[[], T]) -> T | Exception:
    """Return what `work` returns or raises: where several share a turn, the error of one is an answer to that one."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  # whatever it is, nobody may wait for ever
        return error


@dataclass(frozen=True)
class _Seat:
    """One request that waits for a turn which it may share."""

    body: bytes
    payload: Any
    """Input of the work: the body, or what was made of it already."""
    future: "Future[Any]" = field(default_factory=Future)


@dataclass(frozen=True)
class _Turn:
    """One that was shared, or could have been."""

    key: str = ""
    count: int = 0
    seconds: float = 0.0


class Turns:
    """Work is done one after the other, in the order in which it came, on one thread of its own.

    Keras keeps its global state by thread, and two networks at once would only fight for the cores. Use it from one
    event loop.
    """

    def __init__(self, max_waiting: int, limit_seconds: float, give_up: Callable[[], None]) -> None:
        """`give_up` is called when work runs longer than twice the limit: a thread cannot be stopped."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="turns")
        self._aside = ThreadPoolExecutor(max_waiting + 1, thread_name_prefix="aside")
        self._max_waiting, self._limit, self._give_up = max_waiting, limit_seconds, give_up
        self._open = 0
        self._seats: dict[str, deque[_Seat]] = {}
        self._came = threading.Condition()
        self._last = _Turn()

    def begin_with(self, work: Callable[[], None]) -> None:
        """Do `work` on the thread before anything else, however long it takes."""
        self._thread.submit(work).result()

    async def take(self, work: Callable[[], T]) -> T:
        """Wait for a turn, do `work`, return what it returns. Raises `Busy` at once or `Late` after the limit."""
        self._check_room()
        return await self._wait(self._thread.submit(work))

    async def aside(self, work: Callable[[], T]) -> T:
        """Do `work` on another thread, beside the turns. Raises as `take`; work that goes on for too long must end itself."""
        self._check_room()
        return await self._wait(self._aside.submit(work), give_up=False)

    async def share(
        self, key: str, body: bytes, work: Callable[[list[Any]], Sequence[T | Exception]], payload: Any = None
    ) -> T:
        """As `take`, but one turn answers all that wait with the same `key` when it begins.

        `work` gets their bodies, or what was `payload` instead, and returns for each an answer or the error that is raised
        to that one alone.
        """
        self._check_room()
        seat = _Seat(body, body if payload is None else payload)
        with self._came:
            self._seats.setdefault(key, deque()).append(seat)
            self._came.notify()
        self._thread.submit(self._serve, key, work)
        answer: T = await self._wait(seat.future)
        return answer

    async def pieces(self, work: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Yield what `work` yields. Each piece has a turn of its own, so that others are served in between.

        Raises `Busy` at once, and `Late` when all of it takes longer than the limit. Where nobody wants the rest, the work
        is closed; it keeps its place among those that wait until then.
        """
        self._check_room()
        until = time.monotonic() + self._limit
        self._open += 1  # from the first piece to the last, however slowly they are taken
        opened: list[Iterator[T]] = []
        try:
            while found := await self._within(until - time.monotonic(), self._thread.submit(_next_piece, work, opened)):
                yield found[0]
        finally:
            self._open -= 1
            self._thread.submit(_close, opened)

    def _check_room(self) -> None:
        if self._open > self._max_waiting:
            raise Busy(
                "The predictor is busy: {max_waiting} requests are already waiting "
                "(TRAINYARD_MAX_WAITING_PREDICTIONS). Try again in a moment.",
                max_waiting=self._max_waiting,
            )

    async def _wait(self, future: "Future[T]", *, give_up: bool = True) -> T:
        loop = asyncio.get_running_loop()
        self._open += 1
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        return await self._within(self._limit, future, give_up=give_up)

    async def _within(self, seconds: float, future: "Future[T]", *, give_up: bool = True) -> T:
        loop = asyncio.get_running_loop()
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait([waiting], timeout=max(0.0, seconds))
        if done:
            return waiting.result()
        if not future.cancel() and give_up:  # it runs: nobody waits for its result any more, but its turn goes on
            loop.call_later(self._limit, self._check, future)
        raise late(self._limit)

    def _serve(self, key: str, work: Callable[[list[Any]], Sequence[Any]]) -> None:
        self._gather(key)
        seats = self._next(key)
        if not seats:  # an earlier turn has answered them all
            return
        began = time.monotonic()
        found = attempt(lambda: work([seat.payload for seat in seats]))
        self._last = _Turn(key, len(seats), time.monotonic() - began)
        answers = [found] * len(seats) if isinstance(found, Exception) else found
        for seat, answer in zip(seats, answers, strict=True):
            if isinstance(answer, Exception):
                seat.future.set_exception(answer)
            else:
                seat.future.set_result(answer)

    def _gather(self, key: str) -> None:
        """Wait for as many as came together last time: clients that just got an answer often ask again at once.

        Never for longer than half of what that turn took, and not at all for somebody who asks alone.
        """
        last = self._last
        with self._came:
            if last.key == key and last.count > 1 and self._seats.get(key):
                seconds = min(last.seconds / 2, MAX_GATHER_SECONDS)
                self._came.wait_for(lambda: len(self._seats[key]) >= last.count, seconds)

    def _next(self, key: str) -> list[_Seat]:
        """Return the waiting requests with `key` whose clients are still there: the first, and more while they are small."""
        taken: list[_Seat] = []
        size = 0
        with self._came:
            seats = self._seats.get(key, deque())
            while seats and (not taken or size + len(seats[0].body) <= TOGETHER_BYTES):
                seat = seats.popleft()
                if seat.future.set_running_or_notify_cancel():
                    taken.append(seat)
                    size += len(seat.body)
            if not seats:
                self._seats.pop(key, None)
        return taken

    def _leave(self) -> None:
        self._open -= 1

    def _check(self, future: "Future[T]") -> None:
        if not future.done():
            logger.error("Work runs for twice the limit of %s seconds; giving up.", self._limit)
            self._give_up()


def _next_piece(work: Callable[[], Iterator[T]], opened: list[Iterator[T]]) -> list[T]:
    """Begin the work with its first piece; no piece is the end."""
    if not opened:
        opened.append(work())
    return list(islice(opened[0], 1))


def _close(opened: list[Iterator[Any]]) -> None:
    for one in opened:
        if isinstance(one, Generator):
            one.close()
