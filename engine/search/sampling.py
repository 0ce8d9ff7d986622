"""A study in Optuna's terms: distributions, samplers and pruners."""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from engine.runs import RunSpec
from engine.search.grid import grid
from engine.search.model_grid import ModelGridSampler
from engine.search.repeats import Tried, UnrepeatedSampler
from engine.search.space import step_of
from engine.sentences import Sentence
from engine.spec import Choices, Range
from engine.studies import MODEL, Domain, StudySpec

_STARTUP_SHARE = 4  # a quarter of the trials is chosen at random before a sampler begins to learn


def make_sampler(spec: StudySpec, number: int) -> optuna.samplers.BaseSampler:
    """Return the sampler for trial `number`. Its seed follows from the number, so that restarting the driver changes nothing."""
    with _experimental():
        return _make_sampler(spec, number)


def make_unrepeated(
    spec: StudySpec, number: int, tried: Tried, space: Mapping[str, BaseDistribution]
) -> optuna.samplers.BaseSampler:
    """Return the same sampler, wrapped to avoid values already tried. A grid repeats nothing by itself."""
    made = make_sampler(spec, number)
    if spec.search.sampler == "grid":
        return made
    return UnrepeatedSampler(made, spec, space, tried, _seed(spec, number))


def _seed(spec: StudySpec, number: int) -> int:
    return int(np.random.default_rng([spec.search.search_seed, number]).integers(2**31))


def _make_sampler(spec: StudySpec, number: int) -> optuna.samplers.BaseSampler:
    seed = _seed(spec, number)
    startup = max(4, min(10, spec.search.trials // _STARTUP_SHARE))
    match spec.search.sampler:
        case "random":
            return optuna.samplers.RandomSampler(seed=seed)
        case "grid":
            if MODEL in spec.space:
                return ModelGridSampler(spec)
            return optuna.samplers.GridSampler(grid(spec), seed=spec.search.search_seed)
        case "qmc":
            return optuna.samplers.QMCSampler(
                seed=spec.search.search_seed, scramble=True, warn_independent_sampling=False
            )
        case "cma-es":
            return optuna.samplers.CmaEsSampler(seed=seed, n_startup_trials=startup, warn_independent_sampling=False)
        case "gp":
            from engine.search.gaussian import GaussianProcessSampler  # scikit-learn takes a second

            return GaussianProcessSampler(distributions(spec), seed, startup, spec.used)
        case "nsga-ii":
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=max(4, min(50, spec.search.trials // 4)))
        case _:
            return optuna.samplers.TPESampler(
                seed=seed,
                n_startup_trials=startup,
                multivariate=True,
                group=MODEL
                in spec.space,  # learns about the hyperparameters of each model from the trials that have them
                constant_liar=spec.search.parallel > 1,
            )


@contextmanager
def _experimental() -> Iterator[None]:
    """Suppress Optuna's warnings about experimental features: its version is pinned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def make_pruner(spec: StudySpec) -> optuna.pruners.BasePruner:
    """Return the pruner. Steps are epochs, counted from 1; in a cross-validation, folds."""
    with _experimental():
        return _make_pruner(spec)


def _make_pruner(spec: StudySpec) -> optuna.pruners.BasePruner:
    median = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)  # the first epoch says little
    match spec.search.pruner:
        case "median":
            return median
        case "hyperband":
            epochs = RunSpec.build(spec.values).training.epochs
            return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=max(2, epochs), reduction_factor=3)
        case "patient":
            return optuna.pruners.PatientPruner(median, patience=3)
        case "wilcoxon":
            return optuna.pruners.WilcoxonPruner(p_threshold=0.1, n_startup_steps=2)
        case _:
            return optuna.pruners.NopPruner()


def distributions(spec: StudySpec) -> dict[str, BaseDistribution]:
    """Return Optuna's distributions, by name; the model comes first, since it decides which of the others a trial uses."""
    fields = spec.fields()
    ordered = sorted(spec.space, key=lambda name: name != MODEL)
    return {name: distribution(spec.space[name], fields[name].type) for name in ordered}


def distribution(domain: Domain, kind: type) -> BaseDistribution:
    """Return a domain as an Optuna distribution."""
    match domain:
        case Choices(options):
            return CategoricalDistribution(options)
        case Range(low, high, log=log) if kind is int:
            whole = int(step_of(domain, kind) or 1)
            return IntDistribution(int(low), int(_last(low, high, whole)), log=log, step=whole)
        case Range(low, high, log=log):
            step = step_of(domain, kind)
            return FloatDistribution(low, _last(low, high, step), log=log, step=step)
    raise TypeError(Sentence("{domain!r} is not a domain.", domain=domain))


def _last(low: float, high: float, step: float | None) -> float:
    """Return the last number that steps from `low` reach, which is not always the end of a narrowed range."""
    return round(low + math.floor((high - low) / step + 1e-9) * step, 10) if step else high
