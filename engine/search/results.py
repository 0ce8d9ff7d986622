"""The results of a study so far, for people and programs."""

from dataclasses import dataclass, field
from typing import Any

import optuna

from engine.search.optuna_adapter import close_storage, open_storage, study_name
from engine.search.repeats import REPEATS
from engine.store import Store
from engine.studies import Study


@dataclass(frozen=True)
class Found:
    """The trials of a study by state, and the best of them; with several objectives, all that are not dominated."""

    trials: dict[str, int] = field(default_factory=dict)
    best: list[dict[str, Any]] = field(default_factory=list)
    """`trial`, `values`, `params` and `run` of each, keyed by the name of the objective or hyperparameter."""

    repeats: dict[int, int] = field(default_factory=dict)
    """Trials that were not trained because another has the same values: their number -> the number of that trial."""

    @property
    def done(self) -> int:
        """Number of trials that have ended."""
        return sum(count for state, count in self.trials.items() if state not in ("running", "waiting"))


def find_results(store: Store, study: Study) -> Found:
    """Return the results from Optuna; empty while it does not know the study."""
    storage = open_storage(store.url)
    try:
        known = optuna.load_study(study_name=study_name(study.id), storage=storage)
        trials = known.get_trials(deepcopy=False)
        counts: dict[str, int] = {}
        for trial in trials:
            name = trial.state.name.lower()
            counts[name] = counts.get(name, 0) + 1
        winners: list[optuna.trial.FrozenTrial] = []
        if counts.get("complete"):
            best_trials = known.best_trials if len(study.spec.objectives) > 1 else [known.best_trial]
            winners = [trials[trial.user_attrs.get(REPEATS, trial.number)] for trial in best_trials]
            winners = list({trial.number: trial for trial in winners}.values())
        runs = store.studies.runs(study.id, [trial.number for trial in winners])
        best = [
            {
                "trial": trial.number,
                "values": dict(zip(study.spec.objectives, trial.values, strict=True)),
                "params": trial.params,
                "run": runs[trial.number][0].id if trial.number in runs else None,
            }
            for trial in winners
        ]
        return Found(counts, best, {t.number: t.user_attrs[REPEATS] for t in trials if REPEATS in t.user_attrs})
    except KeyError:
        return Found()
    finally:
        close_storage(storage)
