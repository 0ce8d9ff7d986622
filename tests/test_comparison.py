"""A completed run is set beside the baseline of its dataset, and nothing that goes wrong there harms the run."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.artifacts import artifacts_of
from engine.baselines.base import Baseline, baseline_of
from engine.preparation.prepare import prepare
from engine.runs import RunState
from engine.store import Store
from engine.training import comparison, fit
from engine.training.reporter import Ended, RunLost
from tests.training_runs import create, train


def asked_to_end(error: Exception) -> Callable[..., Baseline]:
    """A search that is left at once."""

    def leave(*_: Any) -> Baseline:
        raise error

    return leave


def test_the_result_names_the_baseline_and_its_test_figures_and_the_evaluation_those_of_each_split(
    store: Store,
) -> None:
    run = train(store, epochs=1)
    spec = run.parsed()
    baseline = baseline_of(prepare(spec.dataset), spec.task)
    assert run.result["baseline_name"] == baseline.name == "logistic-regression-pixels"
    assert run.result["baseline_accuracy"] == baseline.metrics["test"]["accuracy"]
    assert run.result["baseline_validation_accuracy"] == baseline.metrics["validation"]["accuracy"]
    evaluation = artifacts_of(run.id).read_evaluation()
    for split in ("validation", "test"):
        assert evaluation[split]["baseline"]["metrics"] == baseline.metrics[split]
        assert evaluation[split]["metrics"]["accuracy"] == run.result[f"{split}_accuracy"]


def test_a_later_run_knows_the_baseline_while_it_trains(store: Store) -> None:
    first, second = train(store, epochs=1), train(store, epochs=1)
    known = second.environment["baseline"]
    assert "baseline" not in first.environment
    assert known["name"] == first.result["baseline_name"]
    assert (
        known["accuracy"] == artifacts_of(first.id).read_evaluation()["validation"]["baseline"]["metrics"]["accuracy"]
    )


def test_a_baseline_that_breaks_is_told_and_the_run_completes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "baseline_of", asked_to_end(MemoryError("no room for 7 features")))
    run = train(store, epochs=1)
    assert run.state is RunState.COMPLETED
    assert not any(name.startswith("baseline") for name in run.result)
    recorded = artifacts_of(run.id).read_evaluation()["test"]["baseline"]
    assert (recorded["problem"], recorded["metrics"]) == ("MemoryError: no room for 7 features", {})


def test_a_stop_while_it_is_found_leaves_it_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "baseline_of", asked_to_end(Ended(RunState.STOPPED)))
    run = train(store, epochs=1)
    assert run.state is RunState.COMPLETED
    assert "stopped before" in artifacts_of(run.id).read_evaluation()["test"]["baseline"]["problem"]


def test_a_cancel_while_it_is_found_keeps_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "baseline_of", asked_to_end(Ended(RunState.CANCELED)))
    run = create(store, epochs=1)
    assert fit.train_run(store, run) is RunState.CANCELED
    assert list(artifacts_of(run.id).folder.iterdir()) == []
    assert store.runs.get(run.id).result == {}


def test_a_run_that_is_lost_meanwhile_is_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "baseline_of", asked_to_end(RunLost("Run 1 is not this worker's any more.")))
    with pytest.raises(RunLost):
        fit.train_run(store, create(store, epochs=1))


def test_a_kept_baseline_that_cannot_be_read_is_as_good_as_none(store: Store) -> None:
    run = train(store, epochs=1)
    data = prepare(run.parsed().dataset)
    [kept] = data.path.glob("baseline-*.json")
    kept.write_text("{")
    assert comparison.known_baseline(data, run.parsed().task) == {}
    assert train(store, epochs=1).result["baseline_name"]
