"""What this process counts and times for Prometheus. Where TRAINYARD_METRICS_TOKEN is empty, nothing is imported or done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from engine.errors import TrainyardError
from engine.settings import settings

if TYPE_CHECKING:
    pass

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Measures:
    """The counters and histograms of one process."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

        self.registry: CollectorRegistry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.pages = Histogram(
            "trainyard_page_seconds", "Time to draw a page.", ["page"], buckets=_BUCKETS, registry=self.registry
        )
        self.predictions = Histogram(
            "trainyard_prediction_seconds",
            "Time from a question to the predictor to its answer.",
            ["outcome"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.responses = Counter(
            "trainyard_http_responses",
            "Responses by kind of address and status.",
            ["area", "status"],
            registry=self.registry,
        )
        self.websockets = Gauge("trainyard_websockets", "Open pages: websockets of browsers.", registry=self.registry)


def measured() -> bool:
    """Return whether anybody may ask."""
    return bool(settings().metrics_token)


@cache
def measures() -> Measures:
    """Return those of this process, made when they are first needed."""
    return Measures()


@contextmanager
def page_timed(page: str) -> Iterator[None]:
    """Time how long a page takes to be drawn, whether it ends or is left early."""
    if not measured():
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        measures().pages.labels(page).observe(time.perf_counter() - began)


@contextmanager
def prediction_timed() -> Iterator[None]:
    """Time a prediction, and note what kind of error it ended in."""
    if not measured():
        yield
        return
    began, outcome = time.perf_counter(), "answered"
    try:
        yield
    except TrainyardError as error:
        outcome = type(error).__name__.lower()
        raise
    except BaseException:
        outcome = "error"
        raise
    finally:
        measures().predictions.labels(outcome).observe(time.perf_counter() - began)
