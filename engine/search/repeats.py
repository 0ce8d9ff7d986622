"""No combination is trained twice: samplers are asked again when they repeat values, and a finite space is exhausted.

With the same seed the same values give the same result, so training them again would only take time.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from engine.search.optuna_adapter import AskedTrial, enqueued_params
from engine.search.space import Key, combinations_of, holds, key_of, space_size
from engine.sentences import Sentence
from engine.studies import MODEL, StudySpec

OPEN = "open"
"""Attribute of a trial that was stopped before it ended: its values may be tried again."""
REPEATS = "repeats"
"""Attribute of a trial with the values of a completed one: the number of that trial."""
_ATTEMPTS = 6  # each asks the sampler once more
_RANDOM_ATTEMPTS = 64
_MOST_LISTED = 100_000
_KNOWN = (TrialState.COMPLETE, TrialState.RUNNING, TrialState.WAITING)


class Tried:
    """The combinations of a space that a study has tried or is trying."""

    def __init__(self, spec: StudySpec, trials: Iterable[FrozenTrial]) -> None:
        self._spec, self._names = spec, spec.space
        whole = (t for t in trials if {*spec.used(t.params)} <= t.params.keys() and OPEN not in t.user_attrs)
        self._keys = {self._key(trial.params) for trial in whole}

    def __contains__(self, params: Mapping[str, Any]) -> bool:
        return self._key(params) in self._keys

    def _key(self, params: Mapping[str, Any]) -> Key:
        return key_of({name: params[name] for name in self._spec.used(params)}, self._names)

    @property
    def exhausted(self) -> bool:
        """Whether everything has been tried. The space may have been narrowed since trials began."""
        size = space_size(self._spec)
        return len(self._keys) >= size and sum(map(self._inside, self._keys)) >= size

    def _inside(self, key: Key) -> bool:
        params, fields = dict(zip(self._names, key, strict=True)), self._spec.fields()
        used = self._spec.used(params)
        return all(holds(self._spec.space[name], fields[name].type, params[name]) for name in used)

    def left(self, fixed: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the untried combinations with these fixed values; none where there are too many to list."""
        if space_size(self._spec) > _MOST_LISTED:
            return []
        model = fixed.get(MODEL)
        fitting = (params for params in combinations_of(self._spec) if model in (None, params.get(MODEL)))
        candidates = ({name: fixed.get(name, value) for name, value in params.items()} for params in fitting)
        return [params for params in candidates if params not in self]


def twin_of(trial: AskedTrial, trials: Iterable[FrozenTrial]) -> FrozenTrial | None:
    """Return the completed trial with the same values; None where there is none."""
    params = trial.params
    key = key_of(params, params)
    completed = (o for o in trials if o.state is TrialState.COMPLETE and o.params.keys() == params.keys())
    return next((other for other in completed if key_of(other.params, params) == key), None)


def is_known(params: Mapping[str, Any], trials: Iterable[FrozenTrial]) -> bool:
    """Whether these exact enqueued values have completed, run or wait. Failed or pruned ones may be tried again."""
    wanted = key_of(params, params)
    known = (trial for trial in trials if trial.state in _KNOWN)
    return any(
        found.keys() == params.keys() and key_of(found, params) == wanted
        for trial in known
        for found in (enqueued_params(trial), trial.params)
    )


class UnrepeatedSampler(BaseSampler):
    """Asks another sampler again when it repeats values; if it insists, draws untried values at random.

    As long as nothing repeats, the values are exactly those of the other sampler.
    """

    def __init__(
        self, inner: BaseSampler, spec: StudySpec, space: Mapping[str, BaseDistribution], tried: Tried, seed: int
    ) -> None:
        self._inner, self._spec, self._space, self._tried = inner, spec, dict(space), tried
        self._random, self._generator = RandomSampler(seed=seed), np.random.default_rng(seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the whole space, since a repetition concerns all values together."""
        return self._space

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Ask the other sampler."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return values for the whole space, untried ones where there are any."""
        given = enqueued_params(trial) | trial.params
        fixed = {name: value for name, value in given.items() if name in self._space}
        found: dict[str, Any] = {}
        for attempt in range(_ATTEMPTS + _RANDOM_ATTEMPTS):
            insists = attempt >= _ATTEMPTS
            found = self._draw(self._random if insists else self._inner, study, trial, fixed)
            if found not in self._tried:
                return found
        left = self._tried.left(fixed)
        return left[int(self._generator.integers(len(left)))] if left else found

    def _draw(self, sampler: BaseSampler, study: Study, trial: FrozenTrial, fixed: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for each value in the order in which Optuna would."""
        relative = sampler.sample_relative(study, trial, sampler.infer_relative_search_space(study, trial))
        found: dict[str, Any] = {}
        for name, domain in self._space.items():
            if name not in self._spec.used(found):
                continue
            if name in fixed:
                found[name] = fixed[name]
            elif domain.single():
                found[name] = _only_value(domain)
            elif name in relative:
                found[name] = relative[name]
            else:
                found[name] = sampler.sample_independent(study, trial, name, domain)
        return found

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Let the other sampler prepare."""
        self._inner.before_trial(study, trial)


def _only_value(domain: BaseDistribution) -> Any:
    match domain:
        case CategoricalDistribution(choices=(only, *_)):
            return only
        case IntDistribution(low=only) | FloatDistribution(low=only):
            return only
    raise TypeError(Sentence("{domain!r} is not a distribution of a study.", domain=domain))
