"""Learning-rate schedules: the curve drawn before launch is the one that Keras follows."""

from typing import Any

import numpy as np
import pytest

from engine.schedules import curve, schedules

STEPS = 200
CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in schedules if not schedules[name].reacts),
    ("cosine", {"warmup_fraction": 0.0, "final_fraction": 0.2}),
    ("cosine", {"warmup_fraction": 0.5}),
    ("exponential", {"final_ratio": 0.001}),
]


@pytest.mark.parametrize(("name", "values"), CASES)
def test_what_is_drawn_is_what_keras_does(name: str, values: dict[str, Any]) -> None:
    schedule = schedules[name].parse(values)
    built = schedule.build(0.01, STEPS)
    steps = np.arange(STEPS + 1)
    done = np.array([float(built(step)) if callable(built) else built for step in steps])
    np.testing.assert_allclose(done, 0.01 * schedule.factor(steps / STEPS), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("name", sorted(schedules))
def test_a_factor_is_never_above_one(name: str) -> None:
    progress, rates = curve(schedules[name](), 0.5)
    assert (progress[0], progress[-1]) == (0, 1)
    assert rates.max() <= 0.5 * (1 + 1e-9)
    assert rates.min() >= 0
