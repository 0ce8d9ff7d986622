"""Advances studies: asks for values, queues runs, follows them, gives up hopeless ones, and tells what came of them.

It owns nothing: what was asked stands in Optuna's tables, what is trained in ours. Killed at any moment and started again, it
finds trials without runs (and begins them) and runs that ended meanwhile (and tells them).
"""

import logging
import time
from collections.abc import Callable

import optuna
from optuna.exceptions import StorageInternalError
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState

from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.search.grid import most_trials
from engine.search.outcomes import finite_values, reported_values, state_of
from engine.search.sampling import (
    close_storage,
    distributions,
    make_pruner,
    make_sampler,
    open_storage,
    open_study,
)
from engine.sentences import Sentence
from engine.store import Store, StoreUnavailable
from engine.studies import Study, StudySpec, StudyState

logger = logging.getLogger(__name__)

_BEGUN = "begun"
"""Attribute of a trial that has had a run: where it has none any more, the run was deleted."""
_GUESS = "guess"
"""Attribute of a trial whose values somebody has asked for."""
_CLOCK_SECONDS = 1.0  # the store hears of spent time this often


class Driver:
    """Follows all studies that are running or paused. One process at a time may use it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._storage = open_storage(store.url)
        self._open: dict[int, _Search] = {}

    def close(self) -> None:
        """Give Optuna's connections back."""
        close_storage(self._storage)

    def tick(self) -> int:
        """Advance each live study by what has happened. How many still need a driver."""
        studies = self.store.studies.list(live=True)
        for study in studies:
            self._guarded(study, self._advance)
        for study_id in self._open.keys() - {study.id for study in studies}:
            if self._settled(study_id):
                del self._open[study_id]
        return len({study.id for study in studies} | self._open.keys())

    def _settled(self, study_id: int) -> bool:
        """Whether nothing of a study that is not live any more is left to be told."""
        try:
            study = self.store.studies.get(study_id)
        except StoreUnavailable:
            raise
        except TrainyardError:  # somebody has deleted it
            return True
        return not study.live and not self._guarded(study, self._open[study_id].settle)

    def _advance(self, study: Study) -> bool:
        if study.unreadable:
            raise TrainyardError(study.unreadable)
        if study.id not in self._open:
            self._open[study.id] = _Search(self.store, open_study(self._storage, study.id, study.spec))
        return self._open[study.id].advance(study)

    def _guarded(self, study: Study, step: Callable[[Study], bool]) -> bool:
        """Take a step; whatever goes wrong ends this study with a sentence, and no other."""
        try:
            return step(study)
        except StoreUnavailable:
            raise
        except StorageInternalError as error:
            raise StoreUnavailable(
                "The database cannot be used by Optuna: {cause}", cause=error.__cause__ or error
            ) from error
        except TrainyardError as error:
            words = error.sentence
        except Exception as error:
            logger.exception("Study %s cannot go on.", study.id)
            words = Sentence("Unexpected {kind}: {error} (see the log).", kind=type(error).__name__, error=error)
        self.store.studies.end(study.id, StudyState.FAILED, words)
        self.store.studies.end_runs(study.id, RunState.STOPPED)
        return False


class _Search:
    """One study: ours and Optuna's side of it."""

    def __init__(self, store: Store, study: optuna.Study) -> None:
        self.store = store
        self.optuna = study
        self._storage = study._storage  # reports of a trial whose sampler is not asked have no other way
        self._reported: dict[int, int] = {}  # how many values of a trial have been reported, by its number
        self._clock = time.monotonic()
        self._pruner = ""
        self._told = True  # whether a trial may have ended that nobody has looked at
        self._refused = ""  # why values could not be trained
        self._before = self._finished()

    def advance(self, study: Study) -> bool:
        """Tell what has ended, report what goes on, begin what may begin; end the study when nothing is left to do."""
        study = self._count_time(study)
        self._choose_pruner(study.spec)
        trials = self.optuna.get_trials(deepcopy=False)  # of ten thousand a matter of milliseconds, so once only
        going = [trial for trial in trials if trial.state is TrialState.RUNNING]
        runs = self.store.studies.runs(study.id, [trial.number for trial in going]) if going else {}
        live = [trial for trial in going if self._follow(study, trial, runs.get(trial.number, []))]
        if study.state is not StudyState.RUNNING:
            return True
        if self._told and (words := self._hopeless(study)):
            self.store.studies.end(study.id, StudyState.FAILED, words)
            self.store.studies.end_runs(study.id, RunState.STOPPED)
            return False
        over = self._over(study)
        paused = sum(_paused(runs.get(trial.number, [])) for trial in live)  # it takes no slot, so another may begin
        free = 0 if over else study.spec.search.parallel - len(live) + paused
        if study.guesses and free > 0:
            self._enqueue(study, free)
            trials = self.optuna.get_trials(deepcopy=False)
        begun = sum(trial.state is not TrialState.WAITING for trial in trials)
        wanted = min(_most(study.spec, trials) - begun, free)
        for number in range(begun, begun + wanted):
            self._begin(study, number)
        if not live and wanted <= 0:
            self.store.studies.complete(study, over)
        return True

    def settle(self, study: Study) -> bool:
        """After the end: tell what becomes of the runs that were still training. Whether any still is."""
        going = self.optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        runs = self.store.studies.runs(study.id, [trial.number for trial in going])
        training = any(not run.state.final for trial in runs.values() for run in trial)
        for trial in going:
            if trial.number in runs:
                self._follow(study, trial, runs[trial.number])
        self._before = self._finished()
        return training

    def _finished(self) -> set[int]:
        """The trials that have ended: where somebody resumes the study, their failures are no reason to end again."""
        return {trial.number for trial in self.optuna.get_trials(deepcopy=False) if trial.state.is_finished()}

    # -- one trial -------------------------------------------------------------------------------------------------

    def _begin(self, study: Study, number: int) -> None:
        """Ask for values, and queue a run with them."""
        self.optuna.sampler = make_sampler(study.spec, number)
        trial = self.optuna.ask(distributions(study.spec))
        self._train(study, trial.number, trial.params)

    def _train(self, study: Study, number: int, params: dict[str, object], fold: int = 0) -> bool:
        """Queue the run of a fold. False where these values cannot be trained: the sampler learns that."""
        try:
            spec = study.spec.run_spec(params).folded()[fold]
        except TrainyardError as error:
            logger.warning("Trial %s of study %s cannot be trained: %s", number, study.id, error)
            self._refused = error.sentence
            self._tell(number, TrialState.FAIL)
            return False
        self.store.studies.create_trial(study.id, number, spec, fold)
        return True

    def _follow(self, study: Study, trial: FrozenTrial, runs: list[Run]) -> bool:
        """Whether the trial goes on. Where its last run has ended, the next fold begins, or the sampler is told."""
        if not runs:
            if _BEGUN in trial.user_attrs:  # somebody has deleted it
                self._tell(trial.number, TrialState.FAIL)
                return False
            return self._train(study, trial.number, self._params(study, trial))
        if _BEGUN not in trial.user_attrs:
            self._storage.set_trial_user_attr(trial._trial_id, _BEGUN, runs[0].id)
        last, folds = runs[-1], max(1, runs[0].spec["dataset"].get("folds", 0))
        news = self._report(study, trial, runs, folds)
        if not last.state.final:
            if news and last.live and not last.request and self._worse(study, trial):
                self.store.studies.end_trial_run(last, RunState.PRUNED)
            return True
        if last.state is RunState.COMPLETED and len(runs) < folds:
            if news and self._worse(study, trial):
                self._tell(trial.number, TrialState.PRUNED)
                return False
            return self._train(study, trial.number, trial.params, fold=len(runs))
        state = state_of(last)
        values = finite_values(study.spec, runs) if state is TrialState.COMPLETE else None
        self._tell(trial.number, TrialState.FAIL if state is TrialState.COMPLETE and not values else state, values)
        return False

    def _params(self, study: Study, trial: FrozenTrial) -> dict[str, object]:
        """What was asked for; where a driver was killed while it asked, the rest of it."""
        wanted = distributions(study.spec)
        if wanted.keys() <= trial.params.keys():
            return trial.params
        self.optuna.sampler = make_sampler(study.spec, trial.number)
        asked = optuna.Trial(self.optuna, trial._trial_id)
        for name in wanted.keys() - trial.params.keys():
            asked._suggest(name, wanted[name])
        return asked.params

    def _report(self, study: Study, trial: FrozenTrial, runs: list[Run], folds: int) -> bool:
        """Hand on the quality after each epoch, or after each fold, that Optuna does not know yet.

        Whether there is anything that no pruner of this driver has seen.
        """
        unseen = trial.number not in self._reported
        known = self._reported.setdefault(trial.number, len(trial.intermediate_values))
        values = reported_values(self.store, study.spec, runs, folds, known)
        for step, value in enumerate(values[known:], known + 1):
            if value is not None:
                self._storage.set_trial_intermediate_value(trial._trial_id, step, value)
        self._reported[trial.number] = max(known, len(values))
        return unseen or len(values) > known

    def _worse(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether the pruner gives it up."""
        if study.spec.search.pruner == "none" or trial.number in study.boosted:
            return False
        now = self._storage.get_trial(trial._trial_id)
        return bool(self.optuna.pruner.prune(self.optuna, now)) if now.intermediate_values else False

    def _tell(self, number: int, state: TrialState, values: list[float] | None = None) -> None:
        self._told = True
        self._reported.pop(number, None)
        self.optuna.sampler = _LISTENER
        self.optuna.tell(number, values, state)

    # -- the whole study -------------------------------------------------------------------------------------------

    def _count_time(self, study: Study) -> Study:
        """Time passes for a study that is running, and only while somebody drives it."""
        now = time.monotonic()
        if study.state is not StudyState.RUNNING:
            self._clock = now
        elif now - self._clock >= _CLOCK_SECONDS:
            study = self.store.studies.spend(study.id, now - self._clock)
            self._clock = now
        return study

    def _enqueue(self, study: Study, free: int) -> None:
        """Hand on as many guesses as may begin: they come before what the sampler chooses. What was tried is not tried again."""
        for guess in study.guesses[:free]:
            self.optuna.enqueue_trial(guess, user_attrs={_GUESS: True}, skip_if_exists=True)
            self.store.studies.take_guess(study.id, guess)

    def _over(self, study: Study) -> str:
        """Why no trial may begin any more; empty while one may."""
        minutes = study.spec.search.budget_minutes
        if minutes and study.spent_seconds >= 60 * minutes:
            return Sentence("The time budget of {minutes:g} minutes was spent.", minutes=minutes)
        return ""

    def _hopeless(self, study: Study) -> str:
        """The sentence for a study of which nothing but failures comes; empty otherwise."""
        self._told = False
        most = study.spec.search.patience_trials
        trials = self.optuna.get_trials(deepcopy=False)
        last = [trial for trial in trials if trial.state.is_finished() and trial.number not in self._before][-most:]
        if len(last) < most or any(trial.state is not TrialState.FAIL for trial in last):
            return ""
        runs = self.store.studies.runs(study.id, [trial.number for trial in last])
        ended = [folds[-1] for _, folds in sorted(runs.items())]
        if any(run.state is RunState.CANCELED for run in ended):  # somebody's wish, and no failure
            return ""
        words = next((run.message for run in reversed(ended) if run.message), self._refused)
        over = Sentence("{most} trials in a row have failed, so the study has ended.", most=most)
        return Sentence("{over} The last one: {words}", over=over, words=words) if words else over

    def _choose_pruner(self, spec: StudySpec) -> None:
        """Somebody may have chosen another one."""
        if spec.search.pruner != self._pruner:
            self.optuna.pruner, self._pruner = make_pruner(spec), spec.search.pruner


_LISTENER = RandomSampler()
"""Takes what trials came to: Optuna keeps that itself, and a grid's own sampler would stop a loop that does not run."""


def _paused(runs: list[Run]) -> bool:
    """Whether somebody has paused a trial: it goes on when they resume it."""
    return bool(runs) and runs[-1].state is RunState.PAUSED


def _most(spec: StudySpec, trials: list[FrozenTrial]) -> int:
    """How many trials there will be. Guesses come on top of a grid, and are tried though all others have begun."""
    most = most_trials(spec)
    if spec.search.sampler == "grid":
        most = min(spec.search.trials, most + sum(_GUESS in trial.user_attrs for trial in trials))
    return max(most, len(trials))
