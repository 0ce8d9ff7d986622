"""Answers over HTTP that are sent piece by piece, for both servers: the predictor's and the dashboard's."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from engine.settings import settings

logger = logging.getLogger(__name__)
_GRACE_SECONDS = 5.0  # what makes the pieces is late first, and says so


class Pieces(StreamingResponse):
    """Sends what a generator yields, and closes it when there is no more, or nobody who takes it.

    A client that does not read is left alone when all of the answer should have been there.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], media_type: str, ended: Callable[[], None] = lambda: None
    ) -> None:
        """`ended` is called when it is over, one way or the other."""
        super().__init__(
            pieces, media_type=media_type, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        self._pieces, self._ended = pieces, ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all of it."""
        limit = settings().predict_timeout_seconds + _GRACE_SECONDS
        try:
            async with contextlib.aclosing(self._pieces), asyncio.timeout(limit):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            logger.info("An answer was not read within %s seconds, and is given up.", limit)
        finally:
            self._ended()


async def with_first(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield a piece that was waited for already, since an error before it has a status of its own; then the rest."""
    async with contextlib.aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
