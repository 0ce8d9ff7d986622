"""Data that viewers share: the series and figures of a run, the list of runs; read and built once, not once a viewer."""

import math
import threading
import time
from collections.abc import Callable

import streamlit as st

from engine import service
from engine.access import PROGRAM, Action, Actor, Reach, reach, visible
from engine.probes import ProbeReader, Probes
from engine.runs import Run
from engine.settings import settings
from ui.charts.figures import Figure, to_json
from ui.charts.series import Key, Series, SeriesReader
from ui.widgets.pace import MAX_AGE_SECONDS

MAX_FEEDS = 64
"""Number of runs kept in memory; the least recently opened one is dropped."""

VIEWER_SECONDS = 30.0
"""A page that has not looked for this long is closed: much longer than the slowest pace, so that no open page counts as closed."""
_TURN_SECONDS = 0.5
LOOK_SECONDS = 0.05
"""Time between two looks for the first point of a run that is about to train."""
MAX_FIGURES = 64
"""Most figures that are kept of a run: viewers differ in theme, language, scale and smoothing."""
MAX_READERS = 32
"""Number of people whose lists of runs are kept in memory; those who may look at the same share one."""
MAX_LISTED = 1_000
"""The newest runs that the table of runs holds."""


class Feed:
    """One run as it is followed by any number of sessions. Safe to share between their threads.

    A tick costs a read of what is new, never of what is known; a figure is built again only when one of the series
    that it shows has grown.
    """

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._lock = threading.Lock()
        self._run: Run | None = None
        self._reader = SeriesReader()
        self._parent = SeriesReader()
        self.kept: list[int] = []
        """The epochs from which the run can be forked."""
        self.probes: Probes | None = None
        """Fixed examples with their answers at epoch ends; None while there are none."""
        self._probes: ProbeReader | None = None
        self._generation = 0  # how often the series were read again from the start
        self._read_at = -math.inf
        self._figures: dict[tuple[str, ...], tuple[object, str]] = {}

    def follow(self, actor: Actor, max_age_seconds: float = MAX_AGE_SECONDS) -> Run:
        """The run as it stands, not older than `max_age_seconds`, with its series brought up to date.

        Raise `TrainyardError` for a run that is unknown, deleted, or hidden from `actor`.
        """
        with self._lock:
            now = time.monotonic()
            if self._run is None or now - self._read_at >= max_age_seconds:
                run = service.runs.get(actor, self._run_id)
                if self._run is not None and run.attempt != self._run.attempt:
                    self._forget()
                if not self._read(actor, run):
                    self._forget()
                    self._read(actor, run)
                self._read_parent(run)
                self.kept = service.artifacts.epochs(actor, run)
                self._probes = self._probes or service.artifacts.probes(actor, run)
                self.probes = self._probes.follow()
                self._run, self._read_at = run, now
            return service.runs.look(actor, self._run)

    def await_first_point(self, actor: Actor, seconds: float) -> Run:
        """The run once it trains or has ended, or as it stands after `seconds`."""
        until = time.monotonic() + seconds
        while True:
            run = self.follow(actor, max_age_seconds=0.0)
            if not self.about_to_train(run) or time.monotonic() >= until:
                return run
            time.sleep(LOOK_SECONDS)

    def about_to_train(self, run: Run) -> bool:
        """Whether a live run has no point of a training metric yet: it is then looked at more often than it is drawn."""
        return run.live and not any(split == "train" for split, _name, _scope in self.series)

    def _read(self, actor: Actor, run: Run) -> bool:
        return self._reader.take(service.metrics.read(actor, run, after=self._reader.last_id))

    def _read_parent(self, run: Run) -> None:
        """Read the new points of the curves that lead to a fork; nothing once its parent was deleted."""
        if run.parent_id is None or run.parent_epoch is None:
            return
        found = service.metrics.read_parent(PROGRAM, run, after=self._parent.last_id)
        if found is None or not self._parent.take(found):
            self._parent = SeriesReader()

    def _forget(self) -> None:
        self._reader = SeriesReader()
        self._generation += 1

    @property
    def series(self) -> dict[Key, Series]:
        """All series by split, name and scope."""
        return self._reader.series

    def parent(self, actor: Actor) -> dict[Key, Series]:
        """Return the series of the run from which it was forked, up to the end of that epoch, one value an epoch; nothing where
        `actor` may not look at that run."""
        known = self._parent.series
        if not known or self._run is None or self._run.parent_id is None or reach(actor, Action.LOOK).everything:
            return known
        return known if service.runs.get_many(actor, [self._run.parent_id]) else {}

    def last(self, split: str, name: str, scope: str = "step") -> float | None:
        """The newest value of a series, or None if it has none."""
        series = self.series.get((split, name, scope))
        return series.last if series else None

    def figure(self, key: tuple[str, ...], keys: list[Key], build: Callable[[], Figure]) -> str:
        """The JSON of the figure named `key` (what, theme, language, style), rebuilt only when it shows more: points, a kept epoch, an end.

        What a run's end adds to a figure is the baseline, when no earlier run had found it.
        """
        with self._lock:
            best = self._run.best.get("epoch") if self._run else None
            lengths = tuple(len(self.series[k].values) if k in self.series else 0 for k in keys)
            state = self._run.state if self._run else None
            version = (self._generation, state, best, lengths, self._parent.last_id, tuple(self.kept))
            held = self._figures.get(key)
            if held is None or held[0] != version:
                held = (version, to_json(build()))
                self._figures.pop(key, None)  # the newest stands last
                self._figures[key] = held
                if len(self._figures) > MAX_FIGURES:
                    del self._figures[next(iter(self._figures))]
            return held[1]


class Crowd:
    """Viewers of live pages now, over all runs: what the dashboard may spend on them is shared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}
        self._turn = -math.inf

    def count(self, viewer: str, now: float | None = None) -> int:
        """Return the number of viewers, after noting that `viewer` is one. `now` is a monotonic time in seconds."""
        now = time.monotonic() if now is None else now
        with self._lock:
            self._seen[viewer] = now
            self._seen = {who: seen for who, seen in self._seen.items() if now - seen < VIEWER_SECONDS}
            return len(self._seen)

    def take_turn(self, now: float | None = None) -> bool:
        """Whether the caller may redraw its whole page for another pace: one page at a time, not all at once."""
        now = time.monotonic() if now is None else now
        with self._lock:
            if now - self._turn < _TURN_SECONDS:
                return False
            self._turn = now
            return True


class Listing:
    """The newest runs, as all open tables of those share them who may look at the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[Reach, bool], tuple[float, list[Run]]] = {}

    def follow(self, actor: Actor, max_age_seconds: float = 0.0, *, trials: bool = False) -> list[Run]:
        """The runs, the newest first, not older than `max_age_seconds`; at most `MAX_LISTED`. With `trials` also those of studies."""
        with self._lock:
            now = time.monotonic()
            key = reach(actor, Action.LOOK), trials
            read_at, runs = self._known.pop(key, (-math.inf, []))
            if now - read_at >= max_age_seconds:
                read_at, runs = now, service.runs.list_all(actor, limit=MAX_LISTED, trials=trials)
            self._known[key] = read_at, runs  # the newest stands last
            if len(self._known) > MAX_READERS:
                del self._known[next(iter(self._known))]
            return visible(actor, runs)


@st.cache_resource(max_entries=MAX_FEEDS, show_spinner=False)
def _feed(url: str, run_id: int) -> Feed:
    return Feed(run_id)


def feed(run_id: int) -> Feed:
    """The feed of a run, shared by all sessions of this process."""
    return _feed(settings().url, run_id)


@st.cache_resource(show_spinner=False)
def crowd() -> Crowd:
    """The viewers of all live pages of this process."""
    return Crowd()


@st.cache_resource(max_entries=4, show_spinner=False)
def _listing(url: str) -> Listing:
    return Listing()


def listing() -> Listing:
    """The list of runs, shared by all sessions of this process."""
    return _listing(settings().url)
