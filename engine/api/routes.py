"""The addresses under /api/v1. The service layer is asked on threads of their own, at most as many as may wait."""

import asyncio
import json
import logging
import re
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from engine.access import Actor
from engine.api import classrooms, demos
from engine.api.bodies import read_body, read_files
from engine.api.limits import limits_of
from engine.api.models import Models
from engine.api.openapi import document
from engine.api.problems import Problem, status_of
from engine.api.queue import queue_of
from engine.api.reports import report_of
from engine.errors import TrainyardError
from engine.limits.rates import Exceeded
from engine.sentences import Sentence
from engine.serving.answers import PredictResult
from engine.serving.client import Busy, Predictor, Stream
from engine.serving.pace import Crowded
from engine.serving.streaming import Pieces
from engine.settings import settings

ADDRESS = "/api/v1"
T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]
logger = logging.getLogger(__name__)
_JSON, _FORM, _EVENTS = "application/json", "multipart/form-data", "text/event-stream"
_HEADERS = {
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "1"},
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
}
_YES = {"true": True, "1": True, "": True, "false": False, "0": False}


def api_routes(actor: Callable[[Request], Actor], predictor: Callable[[], Predictor]) -> list[BaseRoute]:
    """Return the API routes of the dashboard's server; with `TRAINYARD_API` off, an address that says so."""
    routes = _Api(actor, predictor).routes() if settings().api else []
    handlers: dict[Any, Any] = {TrainyardError: _refuse, HTTPException: _refuse_address, Exception: _fail}
    mount = Mount(ADDRESS, Starlette(routes=routes, exception_handlers=handlers))
    # as it comes, a line break in an address would match nothing, and be refused by the dashboard in place of the API
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return [mount]


class _Number(IntegerConvertor):
    """The number of a version in an address: one that a database can hold."""

    regex = "[0-9]{1,18}"


register_url_convertor("number", _Number())


class _Api:
    def __init__(self, actor: Callable[[Request], Actor], predictor: Callable[[], Predictor]) -> None:
        self._actor, self._predictor = actor, predictor
        self._places = settings().max_waiting_predictions
        self._threads = ThreadPoolExecutor(self._places, thread_name_prefix="api")

    def routes(self) -> list[BaseRoute]:
        """All addresses, below `ADDRESS`."""
        return [
            Route("/models", self.list),
            Route("/models/{name}:predict", self.predict, methods=["POST"]),
            Route("/models/{name}/versions/{version:number}:predict", self.predict, methods=["POST"]),
            Route("/models/{name}/labels/{label}:predict", self.predict, methods=["POST"]),
            Route("/models/{name}", self.describe),
            Route("/models/{name}/versions/{version:number}", self.describe),
            Route("/models/{name}/labels/{label}", self.describe),
            Route("/demos", self.demos),
            Route("/demos", self.publish, methods=["POST"]),
            Route("/demos/{name}", self.change_demo, methods=["PATCH"]),
            Route("/demos/{name}", self.delete_demo, methods=["DELETE"]),
            Route("/demos/{name}/versions/{version:number}", self.withdraw, methods=["DELETE"]),
            Route("/classrooms", self._reads(classrooms.list_all)),
            Route("/classrooms", self._writes(classrooms.create, HTTPStatus.CREATED), methods=["POST"]),
            Route("/classrooms/{number:number}", self._reads(classrooms.describe)),
            Route("/classrooms/{number:number}", self._writes(classrooms.change), methods=["PATCH"]),
            Route("/classrooms/{number:number}", self._deletes(classrooms.delete), methods=["DELETE"]),
            Route("/classrooms/{number:number}/members", self._reads(classrooms.members)),
            Route("/classrooms/{number:number}/members/{name}", self._deletes(classrooms.remove), methods=["DELETE"]),
            Route("/classrooms/{number:number}/membership", self._writes(classrooms.rename), methods=["PATCH"]),
            Route("/classrooms/{number:number}/membership", self._deletes(classrooms.leave), methods=["DELETE"]),
            Route("/classrooms/{number:number}/code", self._reads(classrooms.make_code), methods=["POST"]),
            Route("/classrooms/{number:number}/code", self._deletes(classrooms.revoke_code), methods=["DELETE"]),
            Route(
                "/classrooms/{number:number}/assignments",
                self._writes(classrooms.assign, HTTPStatus.CREATED),
                methods=["POST"],
            ),
            Route("/memberships", self._writes(classrooms.join, HTTPStatus.CREATED), methods=["POST"]),
            Route("/assignments/{number:number}", self._deletes(classrooms.unassign), methods=["DELETE"]),
            Route("/assignments/{number:number}/leaderboard", self._reads(classrooms.leaderboard)),
            Route("/assignments/{number:number}/submissions", self._reads(classrooms.submissions)),
            Route(
                "/assignments/{number:number}/submissions",
                self._writes(classrooms.submit, HTTPStatus.CREATED),
                methods=["POST"],
            ),
            Route("/runs/{name}/report", self.report),
            Route("/me/limits", self.limits),
            Route("/queue", self.queue),
            Route("/openapi.json", self.openapi),
        ]

    async def list(self, request: Request) -> Response:
        """`GET /models`."""
        with self._place():
            return _answer(await self._thread(lambda: Models(self._actor(request)).list()))

    async def describe(self, request: Request) -> Response:
        """`GET /models/NAME`, and of a version or a label."""
        with self._place():
            name, wanted = request.path_params["name"], _wanted(request)
            return _answer(await self._thread(lambda: Models(self._actor(request)).describe(name, wanted)))

    async def demos(self, request: Request) -> Response:
        """`GET /demos`."""
        with self._place():
            return _answer(await self._thread(lambda: demos.list_demos(self._actor(request))))

    async def publish(self, request: Request) -> Response:
        """`POST /demos`."""
        with self._place():
            body = await read_body(request)
            made = await self._thread(lambda: demos.publish(self._actor(request), self._predictor(), body))
            return _answer(made, HTTPStatus.CREATED)

    async def change_demo(self, request: Request) -> Response:
        """`PATCH /demos/NAME`."""
        with self._place():
            name, body = request.path_params["name"], await read_body(request)
            return _answer(await self._thread(lambda: demos.change(self._actor(request), name, body)))

    async def delete_demo(self, request: Request) -> Response:
        """`DELETE /demos/NAME`."""
        with self._place():
            name = request.path_params["name"]
            await self._thread(lambda: demos.delete(self._actor(request), name))
            return Response(status_code=HTTPStatus.NO_CONTENT)

    async def withdraw(self, request: Request) -> Response:
        """`DELETE /demos/NAME/versions/N`."""
        with self._place():
            name, number = request.path_params["name"], request.path_params["version"]
            return _answer(await self._thread(lambda: demos.withdraw(self._actor(request), name, number)))

    def _reads(self, ask: Callable[..., BaseModel]) -> Endpoint:
        """Return what answers with `ask(actor, *values of the path)`."""

        async def answer(request: Request) -> Response:
            with self._place():
                values = request.path_params.values()
                return _answer(await self._thread(lambda: ask(self._actor(request), *values)))

        return answer

    def _writes(self, ask: Callable[..., BaseModel], status: HTTPStatus = HTTPStatus.OK) -> Endpoint:
        """Return what answers with `ask(actor, *values of the path, body)`."""

        async def answer(request: Request) -> Response:
            with self._place():
                values, body = request.path_params.values(), await read_body(request)
                return _answer(await self._thread(lambda: ask(self._actor(request), *values, body)), status)

        return answer

    def _deletes(self, ask: Callable[..., None]) -> Endpoint:
        """Return what does `ask(actor, *values of the path)`."""

        async def answer(request: Request) -> Response:
            with self._place():
                values = request.path_params.values()
                await self._thread(lambda: ask(self._actor(request), *values))
                return Response(status_code=HTTPStatus.NO_CONTENT)

        return answer

    async def report(self, request: Request) -> Response:
        """`GET /runs/NAME/report`."""
        with self._place():
            return await self._thread(lambda: report_of(self._actor(request), request.path_params["name"]))

    async def limits(self, request: Request) -> Response:
        """`GET /me/limits`."""
        with self._place():
            return _answer(await self._thread(lambda: limits_of(self._actor(request))))

    async def queue(self, request: Request) -> Response:
        """`GET /queue`."""
        with self._place():
            return _answer(await self._thread(lambda: queue_of(self._actor(request))))

    async def openapi(self, request: Request) -> Response:
        """`GET /openapi.json`."""
        return JSONResponse(document())

    async def predict(self, request: Request) -> Response:
        """`POST /models/NAME:predict`, with JSON or with a form of files; as events where those are accepted."""
        with ExitStack() as held:
            held.enter_context(self._place())
            streamed = _EVENTS in _types(request.headers.get("accept", ""))
            raw, actor = _raw(request), await self._thread(lambda: self._actor(request))
            kind = next(iter(_types(request.headers.get("content-type", ""))), "")
            if kind not in (_JSON, _FORM):
                raise Problem(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                    "The body is of type {kind!r}; {json} or {form} is expected. Set Content-Type.",
                    kind=kind[:80],
                    json=_JSON,
                    form=_FORM,
                )
            name, wanted = request.path_params["name"], _wanted(request)
            model = await self._thread(lambda: Models(actor).answering(name, wanted))
            if kind == _JSON:
                body = await read_body(request)
                if streamed:
                    ask = partial(model.stream_instances, self._predictor(), body, raw=raw)
                    return await self._events(ask, bytes, held)
                found = await self._thread(partial(model.instances, self._predictor(), body, raw=raw))
                return Response(found, media_type=_JSON)
            files, parameters = await read_files(request)
            if streamed:
                open_ = partial(self._predictor().stream, raw=raw, parameters=parameters)
                opened = partial(model.files, open_, files)
                return await self._events(opened, lambda results: json.dumps(_of_files(results, raw)).encode(), held)
            answer = partial(self._predictor().predict, raw=raw, parameters=parameters)
            results = await self._thread(partial(model.files, answer, files))
            return JSONResponse(_of_files(results, raw))

    async def _events(self, ask: Callable[[], Stream[T]], read: Callable[[T], bytes], held: ExitStack) -> Response:
        """The answer as server-sent events; what is wrong before the first piece has a status of its own."""
        stream = await self._thread(ask)
        held.callback(stream.close)
        first = await self._thread(lambda: read(next(stream)))
        return Pieces(self._pieces(first, stream, read), _EVENTS, held.pop_all().close)

    async def _pieces(self, piece: bytes, stream: Stream[T], read: Callable[[T], bytes]) -> AsyncGenerator[bytes, None]:
        try:
            found: bytes | None = piece
            while found is not None:
                piece = found
                yield _event(piece)
                found = await self._thread(lambda: next(map(read, stream), None))
            yield _event(piece, "done")
        except TrainyardError as error:
            yield _event(json.dumps({"error": str(error)}).encode(), "error")

    async def _thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the places for requests that are open at the same time: each may hold a body in memory."""
        if not self._places:
            raise Busy("The server is busy with other requests. Try again in a moment.")
        self._places -= 1
        try:
            yield
        finally:
            self._places += 1


def _types(header: str) -> list[str]:
    """Return the media types of a header, without what follows them."""
    return [part.partition(";")[0].strip().lower() for part in header.split(",")]


def _event(data: bytes, name: str = "") -> bytes:
    """A server-sent event; JSON stands on one line."""
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + data + b"\n\n"


def _raw(request: Request) -> bool:
    asked = request.query_params.get("raw", "false")
    if asked not in _YES:
        raise Problem(HTTPStatus.BAD_REQUEST, "raw is {asked!r}; expected true or false.", asked=asked[:80])
    return _YES[asked]


def _of_files(results: list[PredictResult], raw: bool) -> dict[str, Any]:
    """One entry a file; when none could be used, or plain outputs cannot say which, the request is refused."""
    wrong = [result.error for result in results if result.error]
    if wrong and (raw or len(wrong) == len(results)):
        raise Problem(HTTPStatus.BAD_REQUEST, wrong[0])
    epoch = {} if results[0].epoch is None else {"epoch": results[0].epoch}
    if raw:
        return {"predictions": [result.outputs for result in results]} | epoch
    entries = [
        {"file": r.name} | (r.prediction.values if r.prediction is not None else {"error": r.error}) for r in results
    ]
    return {"predictions": entries} | epoch


def _wanted(request: Request) -> int | str | None:
    """The version of a path, by number or label."""
    version, label = request.path_params.get("version"), request.path_params.get("label")
    return int(version) if version is not None else str(label) if label is not None else None


def _answer(found: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(found.model_dump_json(), status, media_type=_JSON)


def _error(status: int, sentence: str, headers: Any = None) -> Response:
    # escaped, since a sentence may quote half a character, which UTF-8 has no bytes for
    return Response(json.dumps({"error": sentence}), status, headers, media_type=_JSON)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, TrainyardError)
    status = status_of(error)
    waiting = {"Retry-After": str(error.wait_seconds)} if isinstance(error, Exceeded | Crowded) else None
    return _error(status, str(error), waiting or _HEADERS.get(status))


async def _refuse_address(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = Sentence(
        "There is nothing at this address; {address}/openapi.json lists what is available.", address=ADDRESS
    )
    if not settings().api:
        sentence = Sentence("The API is switched off on this server (TRAINYARD_API).")
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        sentence = Sentence("{method} is not allowed at this address.", method=request.method)
    return _error(error.status_code, sentence, error.headers)


async def _fail(request: Request, error: Exception) -> Response:
    number = uuid.uuid4().hex[:8]
    logger.error("Error %s in the API", number, exc_info=error)
    return _error(
        500,
        Sentence(
            "Something went wrong. The log of the dashboard has the details under number {number}.", number=number
        ),
    )
