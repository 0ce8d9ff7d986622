"""One study as its viewers share it: trials are read when they change, figures are built when what they show has changed."""

import math
import threading
import time
from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from engine import service
from engine.access import Actor
from engine.errors import TrainyardError
from engine.runs import Run
from engine.search.trials import Trial, TrialReader, best_trials
from engine.settings import settings
from engine.studies import Study
from ui.charts.figures import Figure, to_json
from ui.widgets.pace import MAX_AGE_SECONDS

MAX_STUDIES = 16
"""Number of studies kept in memory; the least recently opened one is dropped."""
T = TypeVar("T")
_MOST_KEPT = 64  # figures and tables of one study: what all viewers look at now


class StudyFeed:
    """One study as it is followed by any number of sessions. Safe to share between their threads."""

    def __init__(self, study_id: int) -> None:
        self._study_id = study_id
        self._lock = threading.Lock()
        self._study: Study | None = None
        self._read_at = -math.inf
        self._runs: dict[int, Run] = {}
        self._trials: dict[int, Trial] = {}
        self._kept: dict[Hashable, tuple[int, object]] = {}
        self.trials: list[Trial] = []
        """In the order of their numbers."""
        self.best: list[Trial] = []
        """The best one; with several objectives all that no other one beats."""
        self.reader: TrialReader | None = None
        """None where what is searched is not known any more."""
        self.problem = ""
        """The sentence that says why; empty otherwise."""
        self.moved = 0
        """Counts changes of anything in a trial."""
        self.ended = 0
        """Counts trials that have ended, and other changes of what is known for good."""

    def follow(self, actor: Actor, max_age_seconds: float = MAX_AGE_SECONDS) -> Study:
        """The study as it stands, not older than `max_age_seconds`, with its trials brought up to date.

        Raise `TrainyardError` for a study that is unknown, deleted, or hidden from `actor`.
        """
        with self._lock:
            now = time.monotonic()
            if self._study is None or now - self._read_at >= max_age_seconds:
                study = service.studies.get(actor, self._study_id)
                self._take_spec(study)
                if self.reader is not None:
                    self._take_runs(actor, self.reader, study)
                self._study, self._read_at = study, now
            return service.studies.look(actor, self._study)

    def _take_spec(self, study: Study) -> None:
        """Return the search space; while a study is running only ranges and numbers change, and its trials stay."""
        if self._study is not None and self._study.spec == study.spec:
            return
        self.moved += 1
        self.ended += 1
        if self.reader is not None:
            return
        try:
            if study.unreadable:
                raise TrainyardError(study.unreadable)
            self.reader, self.problem = TrialReader(study.spec), ""
        except TrainyardError as error:
            self.problem = error.sentence

    def _take_runs(self, actor: Actor, reader: TrialReader, study: Study) -> None:
        """Read what is new and what goes on; where that does not account for all, everything."""
        moving = service.studies.moving_runs(actor, study, after=max(self._runs, default=0))
        going = [run_id for run_id, run in self._runs.items() if not run.state.final]
        self._take(actor, study, {*moving, *going}, reader)
        held = len(self._runs), sum(run.attempt for run in self._runs.values())
        if service.studies.total_runs(actor, study) != held:  # one was deleted, or resumed and has ended meanwhile
            there = service.studies.moving_runs(actor, study)
            self._forget(self._runs.keys() - set(there), reader)
            self._take(actor, study, set(there), reader)

    def _take(self, actor: Actor, study: Study, wanted: set[int], reader: TrialReader) -> None:
        """Read these runs; make the trials of those that have changed."""
        read = service.studies.runs(actor, study, wanted, environment=reader.needs_environment)
        changed = [run for run in read if _differs(self._runs.get(run.id), run)]
        over = any(not run.live for new in changed for run in (new, self._runs.get(new.id)) if run is not None)
        self._runs |= {run.id: run for run in changed}
        by_trial: dict[int, set[int]] = {}
        for run in changed:
            by_trial.setdefault(run.trial or 0, set()).add(run.id)
        for number, run_ids in by_trial.items():
            known = {run.id for run in self._trials[number].runs} if number in self._trials else set()
            self._trials[number] = reader.trial([self._runs[run_id] for run_id in sorted(known | run_ids)])
        self._note(reader, moved=bool(changed), ended=over)

    def _forget(self, gone: set[int], reader: TrialReader) -> None:
        """These runs were deleted."""
        for run_id in gone:
            number = self._runs.pop(run_id).trial or 0
            left = [run for run in self._trials.pop(number).runs if run.id in self._runs]
            if left:
                self._trials[number] = reader.trial(left)
        self._note(reader, moved=bool(gone), ended=bool(gone))

    def _note(self, reader: TrialReader, *, moved: bool, ended: bool) -> None:
        """Count changes; the best is looked for only when trials have ended."""
        self.moved += moved
        self.ended += ended
        if moved:
            self.trials = [self._trials[number] for number in sorted(self._trials)]
        if ended:
            self.best = best_trials(self.trials, reader.maximize)

    def keep(self, key: Hashable, build: Callable[[], T], *, live: bool = False) -> T:
        """Return the result of `build` for `key` (what, theme, language), rebuilt when trials ended; with `live` when any has moved."""
        with self._lock:
            version = self.moved if live else self.ended
            held = self._kept.get(key)
            if held is None or held[0] != version:
                held = (version, build())
                self._kept.pop(key, None)
                self._kept[key] = held
                if len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
            return held[1]  # type: ignore[return-value]

    def figure(self, key: Hashable, build: Callable[[], Figure], *, live: bool = False) -> str:
        """The JSON of a figure; see `keep`."""
        return self.keep(key, lambda: to_json(build()), live=live)


def _differs(before: Run | None, now: Run) -> bool:
    """Whether a run has changed in anything but its heartbeat."""
    if before is None:
        return True
    parts = ("state", "attempt", "epoch", "request", "best", "curve", "result", "started_at")
    return any(getattr(before, part) != getattr(now, part) for part in parts)


@st.cache_resource(max_entries=MAX_STUDIES, show_spinner=False)
def _feed(url: str, study_id: int) -> StudyFeed:
    return StudyFeed(study_id)


def study_feed(study_id: int) -> StudyFeed:
    """The feed of a study, shared by all sessions of this process."""
    return _feed(settings().url, study_id)
