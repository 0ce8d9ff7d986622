"""The trials of a live study: their runs are queued fold by fold and followed, poor ones are pruned, results reported."""

import logging
from collections.abc import Iterable

from optuna.trial import FrozenTrial, TrialState

from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.search.optuna_adapter import AskedTrial, OptunaStudy
from engine.search.outcomes import finite_values, reported_values, state_of
from engine.search.repeats import OPEN, REPEATS, Tried, twin_of
from engine.search.sampling import distributions, make_pruner, make_unrepeated
from engine.store import Store
from engine.studies import Study, StudySpec

logger = logging.getLogger(__name__)

_BEGUN = "begun"
"""Attribute of a trial that has had a run: if it no longer has one, the run was deleted."""
_INTERRUPTED = (RunState.STOPPED, RunState.CANCELED)


class LiveTrials:
    """Follows the trials of one study."""

    def __init__(self, store: Store, optuna: OptunaStudy) -> None:
        self.store, self.optuna = store, optuna
        self._reported: dict[int, int] = {}  # how many values of a trial have been reported, by its number
        self._pruner_name = ""
        self._told = True  # whether a trial may have ended since the last look
        self.refused = ""
        """Why values could not be trained."""

    def take_told(self) -> bool:
        """Return whether a trial has ended since the last call."""
        told, self._told = self._told, False
        return told

    def repeats(self, trial: AskedTrial, trials: Iterable[FrozenTrial]) -> bool:
        """Whether a completed trial has the same values: then this one gets the same result without training."""
        twin = twin_of(trial, trials)
        if twin is not None:
            self.optuna.mark(trial, REPEATS, twin.number)
            self.tell(trial.number, TrialState.COMPLETE, twin.values)
        return twin is not None

    def train(self, study: Study, number: int, params: dict[str, object], fold: int = 0) -> bool:
        """Queue the run of a fold. Return False where these values cannot be trained: the sampler learns that."""
        try:
            spec = study.spec.run_spec(params).folded()[fold]
        except TrainyardError as error:
            logger.warning("Trial %s of study %s cannot be trained: %s", number, study.id, error)
            self.refused = error.sentence
            self.tell(number, TrialState.FAIL)
            return False
        self.store.studies.create_trial(study.id, number, spec, fold)
        return True

    def follow(self, study: Study, trial: FrozenTrial, runs: list[Run]) -> bool:
        """Return whether the trial continues. If its last run has ended, begin the next fold or report the result to the sampler."""
        if not runs:
            return self._begin_again(study, trial)
        if _BEGUN not in trial.user_attrs:
            self.optuna.mark(trial, _BEGUN, runs[0].id)
        last, folds = runs[-1], max(1, runs[0].spec["dataset"].get("folds", 0))
        news = self._report(study, trial, runs, folds)
        if not last.state.final:
            if news and last.live and not last.request and self._worse(study, trial):
                self.store.studies.end_trial_run(last, RunState.PRUNED)
            return True
        if last.state is RunState.COMPLETED and len(runs) < folds:
            if news and self._worse(study, trial):
                self.tell(trial.number, TrialState.PRUNED)
                return False
            return self.train(study, trial.number, trial.params, fold=len(runs))
        self._end(study, trial, runs)
        return False

    def _begin_again(self, study: Study, trial: FrozenTrial) -> bool:
        """Begin a trial without a run again: its driver was killed before queueing one, or the run was deleted."""
        if _BEGUN in trial.user_attrs:
            self.tell(trial.number, TrialState.FAIL)
            return False
        wanted = distributions(study.spec)
        params = trial.params
        if not {*study.spec.used(params)} <= params.keys():
            others = [other for other in self.optuna.trials() if other.number != trial.number]
            sampler = make_unrepeated(study.spec, trial.number, Tried(study.spec, others), wanted)
            params = self.optuna.ask_again(trial, sampler, wanted).params
        return self.train(study, trial.number, params)

    def _end(self, study: Study, trial: FrozenTrial, runs: list[Run]) -> None:
        """Report the result of the last run to the sampler."""
        if runs[-1].state in _INTERRUPTED:
            self.optuna.mark(trial, OPEN, value=True)
        state = state_of(runs[-1])
        values = finite_values(study.spec, runs) if state is TrialState.COMPLETE else None
        self.tell(trial.number, TrialState.FAIL if state is TrialState.COMPLETE and not values else state, values)

    def _report(self, study: Study, trial: FrozenTrial, runs: list[Run], folds: int) -> bool:
        """Report the quality after each epoch, or each fold, that Optuna does not have yet.

        Return whether there is anything that the pruner of this driver has not seen.
        """
        unseen = trial.number not in self._reported
        known = self._reported.setdefault(trial.number, len(trial.intermediate_values))
        values = reported_values(self.store, study.spec, runs, folds, known)
        for step, value in enumerate(values[known:], known + 1):
            if value is not None:
                self.optuna.report(trial, step, value)
        self._reported[trial.number] = max(known, len(values))
        return unseen or len(values) > known

    def _worse(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether the pruner would end the trial."""
        if study.spec.search.pruner == "none" or trial.number in study.boosted:
            return False
        return self.optuna.worse(trial)

    def choose_pruner(self, spec: StudySpec) -> None:
        """Use the study's current pruner: it may have been changed."""
        if spec.search.pruner != self._pruner_name:
            self.optuna.pruner, self._pruner_name = make_pruner(spec), spec.search.pruner

    def tell(self, number: int, state: TrialState, values: list[float] | None = None) -> None:
        """End a trial in Optuna."""
        self._told = True
        self._reported.pop(number, None)
        self.optuna.tell(number, state, values)
