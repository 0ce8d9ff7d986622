"""A sampler that assumes smoothness: a Gaussian process over the trials so far, maximizing the expected improvement.

Optuna's own needs PyTorch; scikit-learn is installed anyway.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import norm, qmc
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, WhiteKernel

MOST_OBSERVED = 256
"""The largest number of trials to learn from: half of them the best, half the newest. The cost grows cubically."""

_SPREAD, _NEAR = 1024, 256  # candidates everywhere, and around the best
_NEAR_DEVIATION = 0.05  # as a share of the width of a range
_UNUSED = 0.5
_AUGMENTED = 0.05  # Knowles 2006: a small share of the sum in addition to the worst objective

Space = Mapping[str, BaseDistribution]


class GaussianProcessSampler(BaseSampler):
    """Expected improvement over a Matern process (Jones, Schonlau, Welch 1998); several objectives by random weights (Knowles 2006).

    Trials that are still running count as if they had ended as predicted, so that two at once do not try the same values.
    """

    def __init__(
        self, space: Space, seed: int, startup: int, used: Callable[[Mapping[str, Any]], Iterable[str]] | None = None
    ) -> None:
        """`space` is the whole search space; the first `startup` trials are random. `used`: what some values use of the space."""
        self._space, self._startup = dict(space), startup
        self._used = used or (lambda params: self._space)
        self._random = RandomSampler(seed=seed)
        self._generator = np.random.default_rng(seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the whole space, since values are chosen together."""
        return self._space

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Sample at random: only used while there is nothing to learn from."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the candidate with the largest expected improvement; nothing during the first trials."""
        done = [other for other in study.get_trials(deepcopy=False) if _told(other) and self._whole(other)]
        if len(done) < self._startup:
            return {}
        done, losses = self._observed(done, study.directions)
        points = np.array([encode(other.params, self._space) for other in done])
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        pending = [encode(other.params, self._space) for other in running if self._whole(other)]
        process = self._fit(points, losses)
        if pending:
            believed = process.predict(np.array(pending))
            points, losses = np.vstack([points, pending]), np.concatenate([losses, believed])
            process = self._fit(points, losses)
        candidates = self._candidates(points[np.argmin(losses)], points)
        chosen = candidates[np.argmax(_expected_improvement(process, candidates, losses.min()))]
        return self._decode(chosen)

    def _whole(self, trial: FrozenTrial) -> bool:
        """Whether a trial has a value for all that it uses."""
        return {*self._used(trial.params)} <= trial.params.keys()

    def _decode(self, point: np.ndarray) -> dict[str, Any]:
        """Return the values of a point, without those that are not used with the others."""
        found = decode(point, self._space)
        return {name: found[name] for name in self._used(found)}

    def _observed(
        self, done: list[FrozenTrial], directions: list[StudyDirection]
    ) -> tuple[list[FrozenTrial], np.ndarray]:
        """Return the trials to learn from, and one value to minimize for each."""
        signs = np.array([-1.0 if direction is StudyDirection.MAXIMIZE else 1.0 for direction in directions])
        losses = _one_figure(signs * np.array([trial.values for trial in done]), self._generator)
        best = set(np.argsort(losses, kind="stable")[: MOST_OBSERVED // 2].tolist())
        newest = set(range(max(0, len(done) - MOST_OBSERVED // 2), len(done)))
        kept = sorted(best | newest)
        return [done[place] for place in kept], losses[kept]

    def _fit(self, points: np.ndarray, losses: np.ndarray) -> GaussianProcessRegressor:
        kernel = Matern(np.full(points.shape[1], 0.5), (0.05, 20.0), nu=2.5) + WhiteKernel(1e-2, (1e-5, 1.0))
        process = GaussianProcessRegressor(
            kernel, normalize_y=True, n_restarts_optimizer=1, random_state=int(self._generator.integers(2**31))
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a length scale at its bound
            return process.fit(points, losses)

    def _candidates(self, best: np.ndarray, tried: np.ndarray) -> np.ndarray:
        """Return points that may be tried, (candidates, dimensions), without those already tried unless no others are left."""
        spread = qmc.Sobol(len(best), rng=self._generator).random(_SPREAD)
        near = best + self._generator.normal(0.0, _NEAR_DEVIATION, (_NEAR, len(best)))
        askable = [encode(self._decode(point), self._space) for point in np.vstack([spread, near.clip(0, 1)])]
        known = {tuple(point) for point in tried}
        new = [point for point in askable if tuple(point) not in known]
        return np.array(new or askable)


def _told(trial: FrozenTrial) -> bool:
    return (
        trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        and trial.values is not None
        and all(map(math.isfinite, trial.values))
    )


def _one_figure(losses: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(trials, objectives) -> (trials,): a single objective as it is, several by the worst of them under random weights."""
    if losses.shape[1] == 1:
        return losses[:, 0]
    width = np.ptp(losses, axis=0)
    scaled = (losses - losses.min(axis=0)) / np.where(width > 0, width, 1.0)
    weighted = scaled * generator.dirichlet(np.ones(losses.shape[1]))
    figure: np.ndarray = weighted.max(axis=1) + _AUGMENTED * weighted.sum(axis=1)
    return figure


def _expected_improvement(process: GaussianProcessRegressor, points: np.ndarray, best: float) -> np.ndarray:
    mean, deviation = process.predict(points, return_std=True)
    deviation = np.maximum(deviation, 1e-12)
    gain = (best - mean) / deviation
    improvement: np.ndarray = deviation * (gain * norm.cdf(gain) + norm.pdf(gain))
    return improvement


def encode(params: Mapping[str, Any], space: Space) -> np.ndarray:
    """Values -> a point: a number as its position in its range, 0 to 1 (outside if the range was narrowed), a choice as one-hot.

    A hyperparameter that is not used is the same for all such points.
    """
    parts: list[float] = []
    for name, domain in space.items():
        match domain:
            case CategoricalDistribution(choices=choices):
                parts += [float(choice == params.get(name)) for choice in choices]
            case _ if name not in params:
                parts.append(_UNUSED)
            case IntDistribution() | FloatDistribution():
                low, high = _ends(domain)
                value = math.log(params[name]) if domain.log else params[name]
                parts.append((value - low) / (high - low) if high > low else 0.0)
    return np.array(parts)


def decode(point: np.ndarray, space: Space) -> dict[str, Any]:
    """The inverse of `encode`, rounded to the nearest values that may be tried."""
    found: dict[str, Any] = {}
    place = 0
    for name, domain in space.items():
        match domain:
            case CategoricalDistribution(choices=choices):
                found[name] = choices[int(np.argmax(point[place : place + len(choices)]))]
                place += len(choices)
            case IntDistribution() | FloatDistribution():
                found[name] = _nearest(float(point[place]), domain)
                place += 1
    return found


def _ends(domain: IntDistribution | FloatDistribution) -> tuple[float, float]:
    return (math.log(domain.low), math.log(domain.high)) if domain.log else (domain.low, domain.high)


def _nearest(place: float, domain: IntDistribution | FloatDistribution) -> int | float:
    low, high = _ends(domain)
    value = low + place * (high - low)
    value = math.exp(value) if domain.log else value
    if domain.step:
        value = domain.low + round((value - domain.low) / domain.step) * domain.step
    value = min(max(value, domain.low), domain.high)
    return round(value) if isinstance(domain, IntDistribution) else value
