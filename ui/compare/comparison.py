"""Several runs as they are compared by any number of sessions: series as arrays, read once and then only what is new."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from engine import service
from engine.access import PROGRAM, Action, Actor, reach, visible
from engine.comparing.findings import Findings, compare_runs
from engine.runs import Run
from engine.settings import settings
from ui.charts.figures import Figure, to_json
from ui.charts.series import Key
from ui.widgets.pace import MAX_AGE_SECONDS

MAX_COMPARISONS = 16
"""Number of selections kept in memory; the least recently opened one is dropped."""
_MAX_FIGURES = 64  # of one selection: choices of metric, axis and smoothing


@dataclass(frozen=True, eq=False)
class Points:
    """One series of one run, oldest first: four arrays (points,). A value that is no number is NaN."""

    steps: np.ndarray
    epochs: np.ndarray
    values: np.ndarray
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.steps)

    def and_then(self, more: "Points") -> "Points":
        """These and the newer ones."""
        pairs = zip(self._columns(), more._columns(), strict=True)
        return Points(*(np.concatenate(pair) for pair in pairs))

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.steps, self.epochs, self.values, self.times


class Comparison:
    """A selection of runs. Safe to share between threads; a tick costs a read of what is new."""

    def __init__(self, run_ids: Sequence[int]) -> None:
        self.run_ids = tuple(run_ids)
        self._lock = threading.RLock()
        self._runs: list[Run] = []
        self._read_at = -math.inf
        self._series: dict[Key, dict[int, Points]] = {}
        self._newest: dict[Key, int] = {}
        self._whole: set[Key] = set()  # read after the last run had ended: nothing more will come
        self._figures: dict[tuple[str, ...], tuple[object, str]] = {}

    def follow(self, actor: Actor, max_age_seconds: float = MAX_AGE_SECONDS) -> list[Run]:
        """The runs that there are for `actor`, in the order of the selection, not older than `max_age_seconds`."""
        with self._lock:
            now = time.monotonic()
            if now - self._read_at >= max_age_seconds:
                found = {run.id: run for run in service.runs.get_many(PROGRAM, self.run_ids)}
                runs = [found[run_id] for run_id in self.run_ids if run_id in found]
                if _attempts(runs) != _attempts(self._runs):  # a resumed run writes some points again
                    self._series, self._newest, self._whole = {}, {}, set()
                self._runs, self._read_at = runs, now
            return visible(actor, self._runs)

    def series(self, key: Key) -> dict[int, Points]:
        """One series of each run that has it, by run."""
        with self._lock:
            if key not in self._whole:
                ended = not any(run.live for run in self._runs)
                self._read(key)
                if ended:
                    self._whole.add(key)
            return dict(self._series.get(key, {}))

    def _read(self, key: Key) -> None:
        rows = service.metrics.series(PROGRAM, self._runs, *key, after=self._newest.get(key, 0))
        if not rows:
            return
        owners, ids, *columns = (np.array(column, np.float64) for column in zip(*rows, strict=True))
        self._newest[key] = int(ids[-1])
        known = self._series.setdefault(key, {})
        for owner in np.unique(owners).astype(int).tolist():
            more = Points(*(column[owners == owner] for column in columns))
            known[owner] = known[owner].and_then(more) if owner in known else more

    def figure(self, name: tuple[str, ...], version: object, build: Callable[[], Figure]) -> str:
        """The JSON of the figure called `name` (what, theme, language, choices), built again when `version` is another."""
        with self._lock:
            held = self._figures.get(name)
            if held is None or held[0] != version:
                if len(self._figures) >= _MAX_FIGURES:
                    self._figures.clear()
                held = self._figures[name] = (version, to_json(build()))
            return held[1]


def _attempts(runs: Sequence[Run]) -> list[tuple[int, int]]:
    return [(run.id, run.attempt) for run in runs]


@st.cache_resource(max_entries=MAX_COMPARISONS, show_spinner=False)
def _comparison(url: str, run_ids: tuple[int, ...]) -> Comparison:
    return Comparison(run_ids)


def comparison(actor: Actor, run_ids: Sequence[int]) -> Comparison:
    """The comparison of those of these runs that somebody may look at, shared by all who may look at the same."""
    seen = set(run_ids)
    if not reach(actor, Action.LOOK).everything:  # of others no curve, and no place in a figure
        seen = {run.id for run in service.runs.get_many(actor, run_ids)}
    return _comparison(settings().url, tuple(run_id for run_id in run_ids if run_id in seen))


def findings(runs: Sequence[Run]) -> Findings:
    """The verdicts on these runs, found once for as long as none of them, nor what it left, changes."""
    return _findings(
        settings().url, tuple((run.id, run.attempt, run.state.value, outcomes_written(run)) for run in runs), runs
    )


@st.cache_resource(max_entries=MAX_COMPARISONS, show_spinner=False)
def _findings(url: str, versions: tuple[tuple[int, int, str, int], ...], _runs: Sequence[Run]) -> Findings:
    return compare_runs(_runs)


def outcomes_written(run: Run) -> int:
    """When the outcomes of a run were written; 0 where there are none."""
    try:
        return service.artifacts.files(PROGRAM, run).outcomes.stat().st_mtime_ns
    except OSError:
        return 0
