"""Liveness and readiness, for load balancers and orchestrators: a word each, since anybody may ask."""

import asyncio
import time
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from engine.errors import TrainyardError
from engine.executor.drain import draining
from engine.service.opened import store

_KEPT_SECONDS = 1.0  # however many ask, the database is asked once in this time
_PATIENCE_SECONDS = 5.0
READY, DRAINING, NO_DATABASE = "ready", "draining", "no database"


def health_routes() -> list[BaseRoute]:
    """Return `/healthz`: this process answers; and `/readyz`: it can serve, or 503 with the reason."""
    readiness = Readiness()
    return [Route("/healthz", _alive), Route("/readyz", readiness.answer)]


class Readiness:
    """Whether people may be sent here."""

    def __init__(self) -> None:
        self._asking: asyncio.Task[bool] | None = None
        self._asked = 0.0

    async def answer(self, _request: Request) -> Response:
        """Answer 200 where the database can be used and the machine is not drained, 503 otherwise."""
        found = DRAINING if draining() else READY if await self._database() else NO_DATABASE
        status = HTTPStatus.OK if found == READY else HTTPStatus.SERVICE_UNAVAILABLE
        return PlainTextResponse(f"{found}\n", status, {"Cache-Control": "no-store"})

    async def _database(self) -> bool:
        """Return whether the database answers soon. One question at a time: one that hangs holds up one thread."""
        old = time.monotonic() - self._asked > _KEPT_SECONDS
        if self._asking is None or (self._asking.done() and old):
            self._asked = time.monotonic()
            self._asking = asyncio.create_task(asyncio.to_thread(_usable))
        done, _ = await asyncio.wait({self._asking}, timeout=_PATIENCE_SECONDS)
        return bool(done) and self._asking.result()


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("alive\n", headers={"Cache-Control": "no-store"})


def _usable() -> bool:
    try:
        store().check()
    except TrainyardError:  # said in the log by the store
        return False
    return True
