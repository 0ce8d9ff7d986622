"""Errors of a request: a sentence and a status. Every error of the API is `{"error": sentence}`."""

from http import HTTPStatus

from engine.access import Forbidden
from engine.accounts.sessions import Ended
from engine.accounts.tokens import BadToken
from engine.errors import StoreUnavailable, TrainyardError
from engine.limits.rates import Exceeded
from engine.serving.client import Unavailable
from engine.serving.turns import Busy, Late


class Problem(TrainyardError):  # noqa: N818  # most are of the client's making
    """A sentence with the status that says whose turn it is."""

    def __init__(self, status: HTTPStatus, template: str, /, **values: object) -> None:
        super().__init__(template, **values)
        self.status = status


def status_of(error: TrainyardError) -> HTTPStatus:
    """The status of an error: what the network or the decoding refuses is the input's fault."""
    if isinstance(error, Problem):
        return error.status
    if isinstance(error, BadToken | Ended):
        return HTTPStatus.UNAUTHORIZED
    if isinstance(error, Exceeded):
        return HTTPStatus.TOO_MANY_REQUESTS
    if isinstance(error, Forbidden):
        return HTTPStatus.FORBIDDEN
    if isinstance(error, Busy | Unavailable | StoreUnavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.GATEWAY_TIMEOUT if isinstance(error, Late) else HTTPStatus.BAD_REQUEST
