"""One thread that does all the work, a bounded queue before it, and a time limit on each request."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from engine.errors import TrainyardError

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Busy(TrainyardError):  # noqa: N818  # not a fault: others are served
    """The queue is full."""


class Late(TrainyardError):  # noqa: N818  # as Busy
    """The time limit passed before there was an answer."""


def late(limit_seconds: float) -> Late:
    """The error for an answer that took longer than `limit_seconds`."""
    return Late(
        f"There was no answer within {limit_seconds:g} seconds (TRAINYARD_PREDICT_TIMEOUT_SECONDS). "
        "Ask for less at once, or try again when the machine is less busy."
    )


class Turns:
    """Work is done one after the other, in the order in which it came, on one thread of its own.

    Keras keeps its global state by thread, and two networks at once would only fight for the cores. Use it from one
    event loop.
    """

    def __init__(self, max_waiting: int, limit_seconds: float, give_up: Callable[[], None]) -> None:
        """`give_up` is called when work runs longer than twice the limit: a thread cannot be stopped."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="turns")
        self._max_waiting, self._limit, self._give_up = max_waiting, limit_seconds, give_up
        self._open = 0

    def begin_with(self, work: Callable[[], None]) -> None:
        """Do `work` on the thread before anything else, however long it takes."""
        self._thread.submit(work).result()

    async def take(self, work: Callable[[], T]) -> T:
        """Wait for a turn, do `work`, return what it returns. Raises `Busy` at once or `Late` after the limit."""
        if self._open > self._max_waiting:
            raise Busy(
                f"The predictor is busy: {self._max_waiting} requests wait already "
                "(TRAINYARD_MAX_WAITING_PREDICTIONS). Try again in a moment."
            )
        loop = asyncio.get_running_loop()
        self._open += 1
        future = self._thread.submit(work)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait([waiting], timeout=self._limit)
        if done:
            return waiting.result()
        if not future.cancel():  # it runs: nobody waits for its result any more, but its turn goes on
            loop.call_later(self._limit, self._check, future)
        raise late(self._limit)

    def _leave(self) -> None:
        self._open -= 1

    def _check(self, future: "Future[T]") -> None:
        if not future.done():
            logger.error("Work runs for twice the limit of %s seconds; giving up.", self._limit)
            self._give_up()
