"""Runs that were started together: their shared result."""

import pytest

from engine.runs import RunSpec, RunState
from engine.store import Store
from tests.pages.opening import open_page, words
from ui.runs.group import evaluated_on, spread

pytestmark = pytest.mark.both_databases


def test_mean_and_spread_are_those_of_the_ended_folds(store: Store) -> None:
    made = store.runs.create_group(RunSpec.build({"dataset": "digits", "folds": 3}).folded())
    for accuracy in (0.90, 0.96):
        run = store.attempts.claim("cpu-0")
        assert run is not None
        store.attempts.end(run, RunState.COMPLETED, result={"validation_accuracy": accuracy, "test_accuracy": 0.5})
    members = store.runs.group(made[0].id)
    found = spread(members, evaluated_on(members))["accuracy"]
    assert (found.mean, found.count) == (pytest.approx(0.93), 2)
    assert found.deviation == pytest.approx(0.0424, abs=1e-4)
    at = open_page("run", run=made[0].id)
    assert "Cross-validation" in words(at)
    assert {m.label: m.value for m in at.metric}["Accuracy"] == "93.0% ± 4.2%"


def test_a_run_of_its_own_has_no_group(store: Store) -> None:
    run = store.runs.create(RunSpec.build({"dataset": "digits"}))
    assert "Cross-validation" not in words(open_page("run", run=run.id))
