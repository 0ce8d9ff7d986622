"""The Gaussian-process sampler, on functions with a known optimum."""

import math
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import TrialState, create_trial

from engine.search import gaussian
from engine.search.gaussian import GaussianProcessSampler, decode, encode
from engine.search.sampling import make_sampler
from engine.studies import Search, StudySpec

SPACE: dict[str, BaseDistribution] = {
    "units": IntDistribution(8, 512, log=True),
    "layers": IntDistribution(1, 9, step=2),
    "rate": FloatDistribution(1e-5, 1.0, log=True),
    "dropout": FloatDistribution(0.0, 0.5, step=0.05),
    "activation": CategoricalDistribution(("relu", "tanh", "elu")),
    "fixed": FloatDistribution(3.0, 3.0),
}
STARTUP = 6


def hill(units: int, rate: float, dropout: float, activation: str, **_: Any) -> float:
    """1 at 64 units, a rate of 0.001, a dropout of 0.2 and tanh."""
    off = math.log2(units / 64) ** 2 / 9 + math.log10(rate / 1e-3) ** 2 + (dropout - 0.2) ** 2 * 9
    return 1.0 - off - 0.3 * (activation != "tanh")


def search(sampler: BaseSampler | None, trials: int = 30, seed: int = 0) -> optuna.Study:
    """A study of the hill: by `sampler`, or by the process with a seed for each trial, as the driver does."""
    study = optuna.create_study(direction="maximize")
    for number in range(trials):
        study.sampler = sampler or GaussianProcessSampler(SPACE, 1000 * seed + number, STARTUP)
        trial = study.ask(SPACE)
        study.tell(trial, hill(**trial.params))
    return study


@given(st.data())
def test_each_value_that_can_be_asked_for_is_encoded_and_decoded_alike(data: st.DataObject) -> None:
    rate = data.draw(st.floats(1e-5, 1.0))
    params = {
        "units": data.draw(st.integers(8, 512)),
        "layers": data.draw(st.sampled_from([1, 3, 5, 7, 9])),
        "rate": rate,
        "dropout": data.draw(st.integers(0, 10)) * 0.05,
        "activation": data.draw(st.sampled_from(["relu", "tanh", "elu"])),
        "fixed": 3.0,
    }
    point = encode(params, SPACE)
    assert ((point >= 0) & (point <= 1)).all()
    assert decode(point, SPACE) == pytest.approx(params)


@given(st.lists(st.floats(-3, 4), min_size=8, max_size=8))
def test_whatever_the_point_its_values_may_be_asked_for(point: list[float]) -> None:
    for name, value in decode(np.array(point), SPACE).items():
        domain = SPACE[name]
        assert domain._contains(domain.to_internal_repr(value)), name


def test_it_finds_the_hill_that_chance_does_not() -> None:
    learned = [search(None, seed=seed).best_value for seed in range(3)]
    chance = [search(RandomSampler(seed=seed)).best_value for seed in range(3)]
    assert min(learned) > 0.95
    assert np.mean(learned) > np.mean(chance) + 0.05


def test_the_same_seeds_choose_the_same_values() -> None:
    first, again = ([trial.params for trial in search(None, trials=12).trials] for _ in range(2))
    assert first == again
    assert first != [trial.params for trial in search(None, trials=12, seed=1).trials]


def test_the_first_trials_are_random_and_those_without_values_teach_nothing() -> None:
    study = search(None, trials=STARTUP - 1)
    study.add_trial(create_trial(state=TrialState.FAIL, params=study.trials[0].params, distributions=SPACE))
    sampler = GaussianProcessSampler(SPACE, 5, STARTUP)
    study.add_trial(create_trial(value=math.inf, params=study.trials[0].params, distributions=SPACE))
    assert sampler.sample_relative(study, study.trials[-1], SPACE) == {}
    study.add_trial(create_trial(value=0.5, params=study.trials[0].params, distributions=SPACE))
    assert sampler.sample_relative(study, study.trials[-1], SPACE).keys() == SPACE.keys()


def test_trials_at_once_do_not_ask_the_same_question() -> None:
    study = search(None, trials=12)
    asked = []
    for _ in range(4):
        study.sampler = GaussianProcessSampler(SPACE, 7, STARTUP)  # the very same: only what runs tells them apart
        asked.append(study.ask(SPACE).params)
    points = [encode(params, SPACE) for params in asked]
    apart = [np.abs(one - other).max() for i, one in enumerate(points) for other in points[:i]]
    assert min(apart) > 0.01


def test_what_lies_outside_of_a_narrowed_range_is_learned_from_and_not_asked_for() -> None:
    study = search(None, trials=12)
    narrowed = SPACE | {"rate": FloatDistribution(1e-2, 1e-1, log=True)}
    for number in range(3):
        study.sampler = GaussianProcessSampler(narrowed, number, STARTUP)
        trial = study.ask(narrowed)
        assert 1e-2 <= trial.params["rate"] <= 1e-1
        study.tell(trial, hill(**trial.params))
    assert study.trials[-1].params["rate"] < 2e-2, "it does not know from the others that less is better"


def test_a_study_that_asks_for_it_gets_it() -> None:
    spec = StudySpec.build({"dataset": "digits", "model": "mlp"}, {"units": None}, search=Search(sampler="gp"))
    assert isinstance(make_sampler(spec, 0), GaussianProcessSampler)


def test_several_objectives_spread_over_what_cannot_be_bettered() -> None:
    space: dict[str, BaseDistribution] = {"x": FloatDistribution(0.0, 1.0), "y": FloatDistribution(0.0, 1.0)}
    study = optuna.create_study(directions=["minimize", "maximize"])
    for number in range(30):
        study.sampler = GaussianProcessSampler(space, number, STARTUP)
        trial = study.ask(space)
        x, y = trial.params["x"], trial.params["y"]
        study.tell(trial, (x**2 + y, 1 - (x - 1) ** 2 - y))  # the best have y = 0, and any x
    learned = study.trials[STARTUP + 4 :]
    assert np.median([trial.params["y"] for trial in learned]) < 0.1
    lower, upper = np.quantile([trial.params["x"] for trial in learned], (0.25, 0.75))
    assert upper - lower > 0.15


def test_a_space_that_is_used_up_is_asked_again_and_thousands_of_trials_are_not_all_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space: dict[str, BaseDistribution] = {"activation": CategoricalDistribution(("relu", "tanh"))}
    study = optuna.create_study()
    for number in range(STARTUP):
        params = {"activation": ("relu", "tanh")[number % 2]}
        study.add_trial(create_trial(value=number % 2, params=params, distributions=space))
    assert GaussianProcessSampler(space, 0, STARTUP).sample_relative(study, study.trials[0], space)
    monkeypatch.setattr(gaussian, "MOST_OBSERVED", 4)
    kept, losses = GaussianProcessSampler(space, 0, STARTUP)._observed(study.trials, study.directions)
    assert [trial.number for trial in kept] == [0, 2, 4, 5]
    assert losses.tolist() == [0, 0, 0, 1]
