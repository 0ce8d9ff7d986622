"""`/metrics` for Prometheus: what the store knows of queue, runs and executor, and what this process has timed.

Closed unless TRAINYARD_METRICS_TOKEN is set. Every replica tells the same of the store, so a query takes the maximum of them, and its
own latencies, which are added up.
"""

import asyncio
import hmac
import shutil
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from engine.errors import TrainyardError
from engine.executor.drain import draining
from engine.measures import measured, measures
from engine.runs import RunState
from engine.service.opened import store
from engine.settings import settings
from engine.store import Store

if TYPE_CHECKING:
    from prometheus_client import Metric

ADDRESS = "/metrics"
_NOTHING = "There is nothing at this address.\n"
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_routes() -> list[BaseRoute]:
    """Return the address; it answers 404 where no token is set."""
    scrapes = Scrapes()
    return [Route(ADDRESS, scrapes.answer)]


class Scrapes:
    """Answers those who bring the token, one at a time: a database that hangs holds up one thread."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._registered = False

    async def answer(self, request: Request) -> Response:
        """Answer with all metrics; 404 where metrics are off, 401 without the token."""
        if not measured():
            return PlainTextResponse(_NOTHING, HTTPStatus.NOT_FOUND)
        if not _allowed(request.headers.get("authorization", "")):
            return PlainTextResponse(
                "Send the token of TRAINYARD_METRICS_TOKEN.\n",
                HTTPStatus.UNAUTHORIZED,
                {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"},
            )
        async with self._turn:
            text = await asyncio.to_thread(self._text)
        return Response(text, media_type=_TYPE, headers={"Cache-Control": "no-store"})

    def _text(self) -> bytes:
        from prometheus_client import generate_latest

        if not self._registered:
            measures().registry.register(StoreMetrics())
            self._registered = True
        return generate_latest(measures().registry)


class StoreMetrics:
    """What the store, the executor and the disk are like at the moment of the question."""

    def describe(self) -> "list[Metric]":
        """Nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> "Iterator[Metric]":
        """Yield all; without the database only that it is gone."""
        from prometheus_client.core import GaugeMetricFamily as Gauge

        yield Gauge("trainyard_draining", "1 while nothing new begins on this machine.", value=float(draining()))
        if (home := settings().home_path).is_dir():
            yield Gauge(
                "trainyard_disk_free_bytes", "Free space in the home folder.", value=shutil.disk_usage(home).free
            )
        try:
            yield from _of_store(store())
        except TrainyardError:  # said in the log by the store
            yield Gauge("trainyard_database_up", "1 where the database can be used.", value=0)
        else:
            yield Gauge("trainyard_database_up", "1 where the database can be used.", value=1)


def _of_store(known: Store) -> "Iterator[Metric]":
    from prometheus_client.core import GaugeMetricFamily as Gauge

    counts, oldest = known.runs.census()
    runs = Gauge("trainyard_runs", "Runs by state.", labels=["state"])
    for state in RunState:
        runs.add_metric([state.value], counts.get(state, 0))
    yield runs
    yield Gauge(
        "trainyard_queue_oldest_seconds",
        "How long the oldest queued run has waited.",
        value=max(0.0, time.time() - oldest) if oldest is not None else 0.0,
    )
    yield Gauge("trainyard_studies_live", "Studies that run or are paused.", value=len(known.studies.live()))
    lease = known.leases.get()
    alive = lease is not None and lease.alive
    yield Gauge("trainyard_executor_up", "1 where an executor reports.", value=float(alive))
    if lease is None:
        return
    yield Gauge(
        "trainyard_executor_heartbeat_seconds", "Time since the executor last reported.", value=lease.silent_seconds
    )
    slots = Gauge("trainyard_slot_busy", "1 where a run trains on the slot.", labels=["slot"])
    for slot in lease.info.get("slots", []):
        slots.add_metric([str(slot["name"])], float(slot.get("run") is not None))
    yield slots


def _allowed(header: str) -> bool:
    kind, _, given = header.partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), settings().metrics_token.encode())
