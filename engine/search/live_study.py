"""One live study: its trials begin while slots are free, until the study ends."""

import time

from optuna.trial import FrozenTrial, TrialState

from engine.runs import Run, RunState
from engine.search.endings import budget_spent, nothing_left, only_failures
from engine.search.grid import most_trials
from engine.search.live_trials import LiveTrials
from engine.search.optuna_adapter import OptunaStudy
from engine.search.repeats import Tried, is_known
from engine.search.sampling import distributions, make_unrepeated
from engine.store import Store
from engine.studies import Study, StudySpec, StudyState

_ENQUEUED = "guess"
"""Attribute of an enqueued trial, under the name that existing databases use."""
_CLOCK_SECONDS = 1.0  # how often the time spent is written to the store


class LiveStudy:
    """One study: our record and Optuna's."""

    def __init__(self, store: Store, optuna: OptunaStudy) -> None:
        self.store, self.optuna = store, optuna
        self.trials = LiveTrials(store, optuna)
        self._clock = time.monotonic()
        self._before = self._finished()

    def advance(self, study: Study) -> bool:
        """Report ended trials and the progress of others, begin what may begin; end the study when nothing is left to do."""
        study = self._count_time(study)
        self.trials.choose_pruner(study.spec)
        trials = self.optuna.trials()
        going = [trial for trial in trials if trial.state is TrialState.RUNNING]
        runs = self.store.studies.runs(study.id, [trial.number for trial in going]) if going else {}
        live = [trial for trial in going if self.trials.follow(study, trial, runs.get(trial.number, []))]
        if study.state is not StudyState.RUNNING:
            return True
        if self.trials.take_told():
            trials = self.optuna.trials()
            if words := self._only_failures(study, trials):
                self.store.studies.end(study.id, StudyState.FAILED, words)
                self.store.studies.end_runs(study.id, RunState.STOPPED)
                return False
        paused = sum(_paused(runs.get(trial.number, [])) for trial in live)  # it takes no slot, so another may begin
        over = budget_spent(study)
        begins = not over and self._begin_trials(study, study.spec.search.parallel - len(live) + paused, trials)
        if not live and not begins:
            self.store.studies.complete(study, over or nothing_left(study.spec, self.optuna.trials()))
        return True

    def settle(self, study: Study) -> bool:
        """After the end: report the runs that were still training. Return whether any still is."""
        going = self.optuna.trials(TrialState.RUNNING)
        runs = self.store.studies.runs(study.id, [trial.number for trial in going])
        training = any(not run.state.final for trial in runs.values() for run in trial)
        for trial in going:
            if trial.number in runs:
                self.trials.follow(study, trial, runs[trial.number])
        self._before = self._finished()
        return training

    def _only_failures(self, study: Study, trials: list[FrozenTrial]) -> str:
        since = [trial for trial in trials if trial.state.is_finished() and trial.number not in self._before]
        return only_failures(self.store, study, since, self.trials.refused)

    def _finished(self) -> set[int]:
        """Return the ended trials that count: after a study is resumed, earlier failures are no reason to end it again."""
        return {trial.number for trial in self.optuna.trials() if trial.state.is_finished()}

    # -- beginning -------------------------------------------------------------------------------------------------

    def _begin_trials(self, study: Study, free: int, trials: list[FrozenTrial]) -> bool:
        """Begin as many trials as there are free places. Return whether any has begun or is left to begin."""
        if study.enqueued and free > 0:
            self._enqueue(study, free)
            trials = self.optuna.trials()
        begun, places = sum(trial.state is not TrialState.WAITING for trial in trials), free
        for number in range(begun, _most(study.spec, trials)):
            if places <= 0:
                return True
            if number > begun:
                trials = self.optuna.trials()
            if (takes_place := self._begin(study, number, trials)) is None:
                break
            places -= takes_place
        return places < free

    def _begin(self, study: Study, number: int, trials: list[FrozenTrial]) -> bool | None:
        """Ask for values and begin a trial with them. Return whether it takes a place; None where nothing is left to try."""
        enqueued = any(trial.state is TrialState.WAITING for trial in trials)
        tried = Tried(study.spec, trials)
        if not enqueued and study.spec.search.sampler != "grid" and tried.exhausted:
            return None
        space = distributions(study.spec)
        trial = self.optuna.ask(make_unrepeated(study.spec, number, tried, space), space)
        if self.trials.repeats(trial, trials):
            return False
        self.trials.train(study, trial.number, trial.params)
        return True

    def _enqueue(self, study: Study, free: int) -> None:
        """Pass on as many enqueued values as may begin; they precede the sampler's. Values already tried are skipped."""
        for params in study.enqueued[:free]:
            if not is_known(params, self.optuna.trials()):
                self.optuna.enqueue(params, {_ENQUEUED: True})
            self.store.studies.take_enqueued(study.id, params)

    def _count_time(self, study: Study) -> Study:
        """Count the time of a running study, and only while a driver is at work."""
        now = time.monotonic()
        if study.state is not StudyState.RUNNING:
            self._clock = now
        elif now - self._clock >= _CLOCK_SECONDS:
            study = self.store.studies.spend(study.id, now - self._clock)
            self._clock = now
        return study


def _paused(runs: list[Run]) -> bool:
    """Whether a trial is paused: it continues when it is resumed."""
    return bool(runs) and runs[-1].state is RunState.PAUSED


def _most(spec: StudySpec, trials: list[FrozenTrial]) -> int:
    """Return the largest number of trials. Enqueued ones are added to a grid's, and are tried even if all others have begun."""
    most = spec.search.trials
    if spec.search.sampler == "grid":
        most = min(most, most_trials(spec) + sum(_ENQUEUED in trial.user_attrs for trial in trials))
    return max(most, len(trials))
