"""The predictor's side of the wire: named work over HTTP on a Unix socket, for as long as the parent lives.

Each answer is what the work returned, or the JSON `{"error": sentence}`. The socket lies in a folder that only its owner
may enter, so that no other user of the machine can send requests.
"""

import contextlib
import functools
import json
import logging
import os
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.errors import TrainyardError
from engine.sentences import Sentence, to_json
from engine.serving.streaming import Pieces, with_first
from engine.serving.turns import Busy, Late, Turns
from engine.settings import settings

Work = Callable[[dict[str, Any]], Any]
"""Takes the JSON object of a request, returns what JSON can hold, raises `TrainyardError` with a sentence."""

Beside = Callable[[bytes], bytes]
"""Takes the body of a request, returns that of the answer; raises `TrainyardError` with a sentence."""


class SharedWork(Protocol):
    """Work that several requests share, by its key."""

    def slow(self, key: str, body: bytes) -> bool:
        """Whether a request may take long to decode."""

    def known(self, key: str) -> Any:
        """Return what decoding must know of the thing, or None when that takes a turn: `learn`."""

    def learn(self, key: str) -> Any:
        """The same, in a turn."""

    def decode(self, body: bytes, known: Any) -> Any:
        """Decode a slow request beside the turns; what is wrong with it is for `answer` to say."""

    def answer(self, key: str, bodies: list[Any]) -> Sequence[bytes | Exception]:
        """Take bodies, and what `decode` made of slow ones; return a body or an error for each."""

    def stream(self, key: str, body: Any) -> Iterator[bytes]:
        """Yield the answer to one body as far as it has come, again and again: a line each."""


logger = logging.getLogger(__name__)
_STATUS = {Busy: 503, Late: 504}


def serve(
    work: Mapping[str, Work],
    socket: Path,
    warm_up: Callable[[], None] | None = None,
    shared: Mapping[str, SharedWork] | None = None,
    beside: Mapping[str, Beside] | None = None,
) -> None:
    """Answer `POST /NAME` with `work[NAME]`, one request at a time, until stdin ends; then end this process.

    `POST /NAME` with `beside[NAME]` waits for no turn. Requests to `POST /NAME/KEY` that wait at the same time are answered
    together by `shared[NAME]`; those to `POST /NAME/KEY/stream` are answered in lines as the answer comes. The socket appears
    after the warm-up, so a client that can connect gets an answer soon.
    """
    threading.Thread(target=_end_with_parent, args=[socket], name="parent", daemon=True).start()
    turns = Turns(settings().max_waiting_predictions, settings().predict_timeout_seconds, lambda: _end(socket, 1))
    if warm_up is not None:
        turns.begin_with(warm_up)
    config = uvicorn.Config(
        make_app(work, turns, shared or {}, beside or {}),
        uds=str(socket),
        http="httptools",
        loop="uvloop",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=3600,
        lifespan="off",
    )
    uvicorn.Server(config).run()
    _end(socket, 0)


def make_app(
    work: Mapping[str, Work],
    turns: Turns,
    shared: Mapping[str, SharedWork],
    beside: Mapping[str, Beside],
) -> Starlette:
    """The routes: `GET /health`, `POST /NAME` for each named work and `POST /NAME/KEY` for each that is shared."""

    async def health(request: Request) -> Response:
        return JSONResponse({"work": sorted([*work, *shared])})

    routes = [Route("/health", health)]
    routes += [Route(f"/{name}", _endpoint(_alone(do, turns)), methods=["POST"]) for name, do in work.items()]
    routes += [Route(f"/{name}", _endpoint(_beside(do, turns)), methods=["POST"]) for name, do in beside.items()]
    routes += [
        Route(f"/{name}/{{key}}", _endpoint(_together(do, turns)), methods=["POST"]) for name, do in shared.items()
    ]
    routes += [
        Route(f"/{name}/{{key}}/stream", _guarded(_streamed(do, turns)), methods=["POST"])
        for name, do in shared.items()
    ]
    return Starlette(routes=routes)


def _alone(do: Work, turns: Turns) -> Callable[[Request], Awaitable[bytes]]:
    async def answer(request: Request) -> bytes:
        return await turns.take(functools.partial(_perform, do, await request.body()))

    return answer


def _beside(do: Beside, turns: Turns) -> Callable[[Request], Awaitable[bytes]]:
    async def answer(request: Request) -> bytes:
        return await turns.aside(functools.partial(do, await request.body()))

    return answer


def _together(do: SharedWork, turns: Turns) -> Callable[[Request], Awaitable[bytes]]:
    async def answer(request: Request) -> bytes:
        key, body = request.path_params["key"], await request.body()
        decoded = await _decoded(do, turns, key, body)
        return await turns.share(request.url.path, body, functools.partial(do.answer, key), decoded)

    return answer


async def _decoded(do: SharedWork, turns: Turns, key: str, body: bytes) -> Any:
    """Decode beside the turns what may take long."""
    if not do.slow(key, body):
        return body
    known = do.known(key) or await turns.take(functools.partial(do.learn, key))
    return await turns.aside(functools.partial(do.decode, body, known))


def _streamed(do: SharedWork, turns: Turns) -> Callable[[Request], Awaitable[Response]]:
    """The lines of an answer that comes piece by piece; an error after the first is a line, too, with its status."""

    async def respond(request: Request) -> Response:
        key = request.path_params["key"]
        decoded = await _decoded(do, turns, key, await request.body())
        pieces = turns.pieces(functools.partial(do.stream, key, decoded))
        return Pieces(_lines(with_first(await anext(pieces), pieces), request), "application/x-ndjson")

    return respond


async def _lines(pieces: AsyncGenerator[bytes, None], request: Request) -> AsyncGenerator[bytes, None]:
    """Yield a line for each piece, then an empty one; if that is missing, the answer is incomplete."""
    async with contextlib.aclosing(pieces):
        try:
            async for piece in pieces:
                yield piece + b"\n"
            yield b"\n"
        except Exception as error:  # noqa: BLE001  # the status has been sent, so the error goes into the stream
            status, sentence = _said(error, request)
            yield json.dumps({"error": to_json(sentence), "status": status}).encode() + b"\n"


def _endpoint(answer: Callable[[Request], Awaitable[bytes]]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        return Response(await answer(request), media_type="application/octet-stream")

    return _guarded(respond)


def _guarded(respond: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await respond(request)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other side waits for a sentence
            status, sentence = _said(error, request)
            return JSONResponse({"error": to_json(sentence)}, status)

    return guarded


def _said(error: Exception, request: Request) -> tuple[int, str]:
    """Return status and sentence of an error; one that is not ours goes to the log."""
    if isinstance(error, TrainyardError):
        return _STATUS.get(type(error), 422), error.sentence
    logger.error("The request %s failed", request.url.path, exc_info=error)
    sentence = Sentence(
        "The predictor failed ({kind}: {error}). Its log has the details.", kind=type(error).__name__, error=error
    )
    return 500, sentence


def _perform(do: Work, body: bytes) -> bytes:
    """Reading and writing JSON belong to the turn: megabytes of it would hold up the event loop."""
    return json.dumps(do(json.loads(body))).encode()


def _end_with_parent(socket: Path) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # ends when the parent closes the pipe, or dies
        pass
    _end(socket, 0)


def _end(socket: Path, code: int) -> None:
    """At once, without waiting for the thread that may be deep inside TensorFlow."""
    socket.unlink(missing_ok=True)
    try:
        socket.parent.rmdir()
    except OSError:
        logger.info("Left %s, which is not empty or not ours.", socket.parent)
    logging.shutdown()
    os._exit(code)
