"""The threshold of least cost: found among all that there are, and by the rule of calibrated probabilities."""

import numpy as np
import pytest

from engine.evaluation.costs import Costs, best_threshold, cost_curve, decide_at


@pytest.mark.parametrize("seed", range(4))
def test_no_other_threshold_costs_less(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(40), 1 if seed % 2 else 3)
    positive = rng.random(40) < scores
    costs = Costs(missed=float(rng.integers(1, 20)), false_alarm=float(rng.integers(1, 5)))
    found = decide_at(best_threshold(scores, positive, costs), scores, positive, costs)
    every = [decide_at(threshold, scores, positive, costs).mean_cost for threshold in np.linspace(0, 1.01, 2_000)]
    assert found.mean_cost == pytest.approx(min(every))


def test_with_calibrated_probabilities_it_is_the_share_of_the_false_alarm() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(200_000)
    positive = rng.random(200_000) < scores
    costs = Costs(missed=9.0, false_alarm=1.0)
    assert costs.calibrated_threshold == pytest.approx(0.1)
    assert best_threshold(scores, positive, costs) == pytest.approx(0.1, abs=0.02)


def test_a_mistake_that_costs_nothing_is_made() -> None:
    scores, positive = np.array([0.2, 0.4, 1.0]), np.array([False, True, True])
    free_alarms = best_threshold(scores, positive, Costs(missed=1.0, false_alarm=0.0))
    assert decide_at(free_alarms, scores, positive, Costs(1.0, 0.0)).missed == 0
    free_misses = best_threshold(scores, positive, Costs(missed=0.0, false_alarm=1.0))
    assert decide_at(free_misses, scores, positive, Costs(0.0, 1.0)).false_alarms == 0


def test_the_curve_is_the_cost_at_each_threshold() -> None:
    rng = np.random.default_rng(1)
    scores, positive, costs = rng.random(30), rng.random(30) < 0.3, Costs(5.0, 1.0)
    thresholds, drawn = cost_curve(scores, positive, costs)
    assert drawn == pytest.approx([decide_at(t, scores, positive, costs).mean_cost for t in thresholds])
