"""A completed run is compared with the baseline of its dataset, and an error there does not harm the run."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.access import local_owner
from engine.artifacts import artifacts_of
from engine.baselines.base import Baseline, baseline_of
from engine.cli.results import headline_lines, result_lines
from engine.cli.training import summary
from engine.datasets.base import datasets
from engine.preparation.prepare import prepare
from engine.runs import RunState
from engine.sentences import from_json
from engine.store import Store
from engine.tasks.base import tasks
from engine.training import comparison, fit
from engine.training.reporter import Ended, RunLost
from tests.training_runs import create, train
from ui.evaluation.baselines import guess_sentence


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
    assert (from_json(recorded["problem"]), recorded["metrics"]) == ("MemoryError: no room for 7 features", {})


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
    monkeypatch.setattr(comparison, "baseline_of", asked_to_end(RunLost("Run 1 no longer belongs to this worker.")))
    with pytest.raises(RunLost):
        fit.train_run(store, create(store, epochs=1))


def test_a_kept_baseline_that_cannot_be_read_is_as_good_as_none(store: Store) -> None:
    run = train(store, epochs=1)
    data = prepare(run.parsed().dataset)
    [kept] = data.path.glob("baseline-*.json")
    kept.write_text("{")
    assert comparison.known_baseline(data, run.parsed()) == {}
    assert train(store, epochs=1).result["baseline_name"]


def test_a_run_is_set_beside_one_answer_to_everything(store: Store) -> None:
    run = train(store, epochs=1)
    data = prepare(run.parsed().dataset)
    targets = [data.targets[data.indices(split)] for split in ("train", "test")]
    most = int(np.bincount(targets[0]).argmax())
    assert run.result["guess_answer"] == data.info.labels[most]
    assert run.result["guess_accuracy"] == pytest.approx((targets[1] == most).mean())
    assert run.result["guess_no_worse"] is False
    assert artifacts_of(run.id).read_evaluation()["validation"]["guess"]["metrics"]["accuracy"] < 0.5


def test_a_network_that_learned_nothing_is_told_in_the_result_in_a_terminal_and_on_the_page(store: Store) -> None:
    run = train(store, epochs=1, learning_rate=1e-5, dropout=0.7)
    spec, data = run.parsed(), prepare(run.parsed().dataset)
    evaluation = artifacts_of(run.id).read_evaluation()
    evaluation["test"]["metrics"]["accuracy"] = 0.05
    result = comparison.compare_with_guess(data, spec.task, evaluation)
    assert result["guess_no_worse"] is True
    artifacts_of(run.id).evaluation.write_text(json.dumps(evaluation))
    [line] = [line for line in headline_lines(local_owner(), run) if "always answering" in line]
    assert f"“{result['guess_answer']}”" in line
    assert "always answering" in guess_sentence(evaluation["test"])


def test_of_numbers_the_mean_is_what_a_network_has_to_beat(home: Path) -> None:
    data = prepare(datasets["diabetes"]())
    task = tasks["tabular-regression"]()
    targets = data.targets[data.indices("train")]
    guess = task.guess(targets, 3, data.info)
    assert guess is not None
    assert guess[1].tolist() == [[targets.mean()]] * 3
    evaluated = {split: task.evaluate(np.full((len(data.indices(split)), 1), -1e3), data.targets[data.indices(split)], data.info)
              for split in ("validation", "test")}  # fmt: skip
    found = comparison.compare_with_guess(data, task, evaluated)
    assert found["guess_no_worse"] is True
    assert abs(found["guess_r2"]) < 0.1


def test_a_terminal_names_the_baseline_and_whether_it_was_cut(store: Store) -> None:
    run = train(store, epochs=1)
    cut = run.result | {"baseline_fit": {"examples": 20, "available": 60, "complete": False}}
    [whole], [short] = (
        [line for line in result_lines(replace(run, result=result)) if line.startswith("baseline: ")]
        for result in (run.result, cut)
    )
    assert f"logistic regression pixels, test accuracy {run.result['baseline_accuracy']:.4g}" in whole
    assert "fitted on 20 of 60" in short
    assert "time ran out" in short
    assert summary(run)["baseline"]["test_accuracy"] == run.result["baseline_accuracy"]
