"""A grid over several models, each with its own hyperparameters: Optuna's grid knows no values that depend on another."""

from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial

from engine.search.grid import grid_combinations
from engine.search.optuna_adapter import enqueued_params
from engine.search.space import key_of
from engine.studies import StudySpec


class ModelGridSampler(BaseSampler):
    """Tries each combination once, in an order that the seed of the search shuffles."""

    def __init__(self, spec: StudySpec) -> None:
        combinations = grid_combinations(spec)
        self._names, generator = spec.space, np.random.default_rng(spec.search.search_seed)
        self._combinations = [combinations[place] for place in generator.permutation(len(combinations))]
        self._random = RandomSampler(seed=spec.search.search_seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return nothing: values are looked up one by one, once the distribution is known."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return nothing; see `sample_independent`."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return the value of the first combination that no other trial has and that has the values chosen so far."""
        others = (other for other in study.get_trials(deepcopy=False) if other.number != trial.number)
        tried = {key_of(other.params, self._names) for other in others}
        chosen = enqueued_params(trial) | trial.params
        for params in self._combinations:
            fits = param_name in params and chosen.items() <= params.items()
            if fits and key_of(params, self._names) not in tried:
                return params[param_name]
        return self._random.sample_independent(study, trial, param_name, param_distribution)  # beside enqueued values
