"""A run's report over HTTP: a file to keep, in which a browser may load nothing else."""

from starlette.responses import Response

from engine import service
from engine.access import Actor
from engine.api.models import Models
from engine.reporting.page import CONTENT_POLICY

HEADERS = {
    "Content-Security-Policy": f"{CONTENT_POLICY}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Beside the policy inside the file: what only a header can forbid."""


def report_of(actor: Actor, name: str) -> Response:
    """Return the report of a run as an attachment. Raise `Problem` where there is no such run."""
    run = Models(actor).find(name)
    written = service.reports.write(actor, run)
    named = {"Content-Disposition": f'attachment; filename="run-{run.id}.html"'}
    return Response(written, media_type="text/html", headers=HEADERS | named)
