"""Bodies of requests, counted while they are read: what a header announces proves nothing."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from engine.api.problems import Problem
from engine.errors import readable
from engine.settings import settings

Body = TypeVar("Body", bound=BaseModel)

FIELD = "files"
"""Name of the fields of a form that hold files."""
PARAMETERS = "parameters"
"""Name of the field of a form that holds settings of the answer."""
_MAX_FIELDS = 10
_MAX_FIELD_BYTES = 1_000


def parse_body(shape: type[Body], body: bytes) -> Body:
    """Return the JSON of a request in its shape; `Problem` where it is not."""
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "The body is not as expected: {problem}", problem=readable(error)
        ) from error


async def read_body(request: Request) -> bytes:
    """All of it, at most `max_request_mb` and within `predict_timeout_seconds`; `Problem` otherwise."""
    async with _in_time():
        return b"".join([chunk async for chunk in _counted(request)])


async def read_files(request: Request) -> tuple[list[tuple[str, bytes]], dict[str, Any]]:
    """Name and content of the files of a form, and the settings of the answer. What is large waits on the disk."""
    limit = settings().max_predictions
    parser = MultiPartParser(
        request.headers,
        _counted(request),
        max_files=limit,
        max_fields=_MAX_FIELDS,
        max_part_size=_MAX_FIELD_BYTES,
    )
    try:
        async with _in_time():
            form = await parser.parse()
    except (MultiPartException, ValueError) as error:
        if isinstance(error, Problem):
            raise
        reason = error.message if isinstance(error, MultiPartException) else "it cannot be read."
        raise Problem(
            HTTPStatus.BAD_REQUEST, "The form is broken or too large: {reason}", reason=reason[:200]
        ) from error
    try:
        wrong = sorted({name[:80] for name, value in form.multi_items() if name not in (FIELD, PARAMETERS)})
        if wrong:
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                "The form has a field {wrong!r}; only {field!r} and {parameters!r} are allowed.",
                wrong=wrong[0],
                field=FIELD,
                parameters=PARAMETERS,
            )
        uploads = [value for value in form.getlist(FIELD) if isinstance(value, UploadFile)]
        if not uploads or len(uploads) < len(form.getlist(FIELD)):
            raise Problem(
                HTTPStatus.BAD_REQUEST, "The form must contain one or more files named {field!r}.", field=FIELD
            )
        parameters = _parameters(form.getlist(PARAMETERS))
        return [(upload.filename or "file", await upload.read()) for upload in uploads], parameters
    finally:
        await form.close()


def _parameters(given: list[UploadFile | str]) -> dict[str, Any]:
    """Return the JSON object of the field, if it is there."""
    if not given:
        return {}
    try:
        found = json.loads(given[0]) if len(given) == 1 and isinstance(given[0], str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            'The field {field!r} of the form must be one JSON object of settings of the answer, such as {{"temperature": 0.8}}.',
            field=PARAMETERS,
        )
    return found


async def _counted(request: Request) -> AsyncGenerator[bytes, None]:
    limit = settings().max_request_mb * 1_000_000
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isascii() and announced.isdecimal() and len(announced) < 20 else 0
    if size <= limit:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                break
            yield chunk
    if size > limit:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The body is larger than {max_request_mb} MB (TRAINYARD_MAX_REQUEST_MB). Send it in parts.",
            max_request_mb=settings().max_request_mb,
        )


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    limit = settings().predict_timeout_seconds
    try:
        async with asyncio.timeout(limit):
            yield
    except TimeoutError as error:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive within {limit:g} seconds.", limit=limit
        ) from error
    except ClientDisconnect as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The connection closed before the whole body arrived.") from error
