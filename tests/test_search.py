"""The driver of studies against a real store: the test moves the runs through their states, as workers would."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import update

from engine.errors import TrainyardError
from engine.runs import RunState
from engine.search.grid import combinations
from engine.search.optuna_adapter import open_study
from engine.search.promotion import promote
from engine.search.results import find_results
from engine.search.sampling import distributions, make_sampler
from engine.search.trials import TrialReader, best_trials
from engine.spec import Range
from engine.store import Store
from engine.store.schema import studies
from engine.store.study_lists import best_values, value_place
from engine.studies import StudySpec, StudyState
from tests.search_bench import Bench

pytestmark = pytest.mark.both_databases


@pytest.fixture
def bench(store: Store) -> Iterator[Bench]:
    """An empty store with a driver."""
    made = Bench(store)
    yield made
    made.driver.close()


def test_a_study_asks_trains_and_tells_until_all_trials_are_done(bench: Bench) -> None:
    study = bench.begin()
    for number, value in enumerate((0.5, 0.9, 0.7)):
        (run,) = bench.waiting()
        assert (run.study_id, run.trial) == (study.id, number)
        assert 16 <= run.spec["model"]["units"] <= 64
        bench.train(value)
    assert bench.get(study).state is StudyState.COMPLETED
    assert bench.states(study) == "complete complete complete"
    assert [trial.value for trial in bench.trials(study)] == [0.5, 0.9, 0.7]
    assert bench.waiting() == []
    found = find_results(bench.store, study)
    assert (found.trials, found.done) == ({"complete": 3}, 3)
    (best,) = found.best
    run = bench.store.runs.get(best["run"])
    assert best["values"] == {"quality": 0.9}
    assert best["params"]["units"] == run.spec["model"]["units"]


def test_the_least_is_the_best_where_that_is_the_direction(bench: Bench) -> None:
    study = bench.begin(directions={"quality": "minimize"})
    bench.store.studies.steer(study.id, lambda spec: spec.narrowed("units", Range(20, 60)))
    assert bench.get(study).spec.maximize() == (False,)
    for value in (0.5, 0.1, 0.7):
        bench.train(value)
    assert find_results(bench.store, study).best[0]["values"] == {"quality": 0.1}
    trials = [TrialReader(study.spec).trial(runs) for runs in bench.store.studies.runs(study.id).values()]
    assert [trial.number for trial in best_trials(trials, study.spec.maximize())] == [1]
    assert promote(bench.store, study, 1, "").spec["model"]["units"] == trials[1].params["units"]


def test_hopeless_is_what_is_high_where_less_is_better(bench: Bench) -> None:
    bench.begin(trials=6, pruner="median", directions={"quality": "minimize"})
    for _ in range(4):
        bench.train_epochs(0.6, 0.5, 0.4, 0.3)
    run = bench.claim()
    for epoch in range(1, 4):
        bench.epochs(run, 0.9, first=epoch)
        bench.driver.tick()
    assert bench.store.runs.get(run.id).request == "pruned"


def test_values_are_reported_epoch_by_epoch_and_the_worse_are_given_up(bench: Bench) -> None:
    study = bench.begin(trials=6, pruner="median")
    for _ in range(4):
        bench.train_epochs(0.6, 0.7, 0.8, 0.9)
    assert bench.trials(study)[0].intermediate_values == {1: 0.6, 2: 0.7, 3: 0.8, 4: 0.9}
    run = bench.claim()
    bench.epochs(run, 0.1)
    bench.driver.tick()
    assert bench.store.runs.get(run.id).request == ""
    bench.epochs(run, 0.2, first=2)
    bench.driver.tick()
    assert bench.store.runs.get(run.id).request == "pruned"
    bench.end(run, RunState.PRUNED)
    last = bench.trials(study)[4]
    assert (last.state, last.value) == (TrialState.PRUNED, 0.2)
    boosted = bench.claim()
    bench.store.studies.boost(study.id, 5)
    bench.epochs(boosted, 0.1, 0.1)
    bench.driver.tick()
    assert bench.store.runs.get(boosted.id).request == ""


@pytest.mark.parametrize("pruner", ["median", "hyperband", "patient", "none"])
def test_every_pruner_can_be_chosen_and_changed_while_the_study_runs(bench: Bench, pruner: str) -> None:
    study = bench.begin(trials=12, pruner=pruner, sampler="tpe")
    for number in range(11):
        run = bench.claim()
        for epoch in range(1, 7):
            bench.epochs(run, (0.9 if number < 6 else 0.5) - 0.05 * epoch, first=epoch)
            bench.driver.tick()
        asked = bench.store.runs.get(run.id).request
        bench.end(run, RunState(asked) if asked else RunState.COMPLETED)
    assert ("pruned" in bench.states(study)) is (pruner != "none")
    search = study.spec.search.model_copy(update={"pruner": "none"})
    bench.store.studies.steer(study.id, lambda spec: replace(spec, search=search))
    run = bench.claim()
    bench.epochs(run, 0.1, 0.1, 0.1)
    bench.driver.tick()
    assert bench.store.runs.get(run.id).request == ""
    bench.end(run)
    assert bench.get(study).state is StudyState.COMPLETED


def test_a_driver_that_was_killed_begins_what_was_asked_and_tells_what_ended(bench: Bench) -> None:
    study = bench.begin()
    run = bench.claim()
    bench.restart()
    bench.epochs(run, 0.4, 0.8)
    bench.store.attempts.end(run, RunState.COMPLETED)  # while nobody drives
    bench.driver.tick()
    assert [trial.value for trial in bench.trials(study)] == [0.8, None]
    assert bench.trials(study)[0].intermediate_values == {1: 0.4, 2: 0.8}
    for _ in range(3):
        bench.restart()
        bench.driver.tick()
    assert len(bench.waiting()) == 1


@pytest.mark.parametrize("sampler", ["random", "tpe", "grid", "qmc"])
def test_a_driver_that_was_killed_while_it_asked_asks_for_the_rest_and_trains_it(bench: Bench, sampler: str) -> None:
    study = bench.begin(sampler=sampler)
    bench.train()
    bench.store.studies.pause(study.id)
    bench.train()
    asking = open_study(bench.driver._storage, study.id, study.spec)
    asking.sampler = make_sampler(study.spec, 2)
    asking.ask({"units": distributions(study.spec)["units"]})  # killed here
    bench.restart()
    bench.store.studies.resume(study.id)
    bench.driver.tick()
    (again,) = bench.waiting()
    assert again.trial == 2
    params = bench.trials(study)[2].params
    assert params.keys() == {"units", "learning_rate"}
    assert again.spec["model"]["units"] == params["units"]
    assert again.spec["optimizer"]["learning_rate"] == params["learning_rate"]


def test_a_paused_trial_goes_on_when_somebody_resumes_it_and_another_begins_meanwhile(bench: Bench) -> None:
    study = bench.begin(trials=2)
    run = bench.claim()
    bench.end(run, RunState.PAUSED)
    assert bench.states(study) == "running running"
    bench.train(0.6)
    assert bench.states(study) == "running complete"
    bench.driver.tick()
    assert bench.get(study).state is StudyState.RUNNING
    bench.restart()
    bench.store.runs.resume(run.id)
    bench.train(0.8)
    bench.driver.tick()
    assert bench.states(study) == "complete complete"
    assert bench.get(study).state is StudyState.COMPLETED


def test_a_study_that_is_stopped_ends_its_paused_trials(bench: Bench) -> None:
    study = bench.begin()
    run = bench.claim()
    bench.epochs(run, 0.4)
    bench.end(run, RunState.PAUSED)
    bench.store.studies.stop(study.id)
    bench.driver.tick()
    assert bench.store.runs.get(run.id).state is RunState.STOPPED
    assert "running" not in bench.states(study)


def test_no_fold_of_a_trial_is_queued_twice(bench: Bench) -> None:
    study = bench.begin()
    (run,) = bench.waiting()
    assert bench.store.studies.create_trial(study.id, 0, run.parsed()) is None
    bench.store.studies.pause(study.id)
    assert bench.store.studies.create_trial(study.id, 1, run.parsed()) is None


def test_a_trial_whose_run_was_deleted_has_failed(bench: Bench) -> None:
    study = bench.begin()
    run = bench.claim()
    bench.driver.tick()
    bench.store.attempts.end(run, RunState.FAILED)
    bench.store.runs.delete(run.id)
    bench.driver.tick()
    assert bench.states(study) == "fail running"
    bench.train()
    bench.train()
    assert bench.get(study).state is StudyState.COMPLETED


def test_a_study_of_which_nothing_but_failures_comes_ends_with_a_sentence_and_can_be_resumed(bench: Bench) -> None:
    study = bench.begin(trials=20, patience_trials=3)
    for _ in range(3):
        bench.end(bench.claim(), RunState.FAILED, "The loss became nan.")
    failed = bench.get(study)
    assert failed.state is StudyState.FAILED
    assert "3 trials in a row have failed" in failed.message
    assert "The loss became nan." in failed.message
    assert failed.ended_at is not None
    assert bench.driver.tick() == 0
    assert bench.waiting() == []
    bench.store.studies.resume(study.id)
    bench.driver.tick()
    bench.train()
    assert bench.get(study).state is StudyState.RUNNING
    assert bench.get(study).message == ""


def test_trials_that_were_canceled_are_no_failures(bench: Bench) -> None:
    study = bench.begin(trials=20, patience_trials=2)
    for _ in range(3):
        bench.end(bench.claim(), RunState.CANCELED)
    assert bench.get(study).state is StudyState.RUNNING


def test_a_run_that_leaves_no_finite_value_has_failed(bench: Bench) -> None:
    study = bench.begin()
    bench.end(bench.claim())
    bench.train(float("inf"))
    assert bench.states(study) == "fail fail running"


def test_no_trial_begins_once_the_time_is_spent(bench: Bench) -> None:
    study = bench.begin(budget_minutes=0.5)
    bench.store.studies.spend(study.id, 31)
    bench.train()
    ended = bench.get(study)
    assert (ended.state, ended.message) == (StudyState.COMPLETED, "The time budget of 0.5 minutes is used up.")
    assert bench.states(study) == "complete"


def test_a_paused_study_begins_nothing_and_goes_on_when_resumed(bench: Bench) -> None:
    study = bench.begin()
    bench.store.studies.pause(study.id)
    bench.train()
    assert bench.waiting() == []
    assert bench.states(study) == "complete"
    assert bench.driver.tick() == 1
    bench.store.studies.resume(study.id)
    bench.driver.tick()
    assert len(bench.waiting()) == 1
    with pytest.raises(TrainyardError, match="is running; this is only possible while it is paused"):
        bench.store.studies.resume(study.id)


def test_a_stopped_study_ends_its_runs_and_tells_what_they_had_reached(bench: Bench) -> None:
    study = bench.begin(parallel=2)
    run = bench.claim()
    bench.epochs(run, 0.3, 0.4)
    bench.store.studies.stop(study.id)
    assert bench.store.runs.get(run.id).request == "stopped"
    assert bench.waiting() == []
    bench.driver.tick()
    bench.end(run, RunState.STOPPED)
    assert bench.states(study) == "pruned fail"
    assert bench.trials(study)[0].value == 0.4
    assert bench.driver.tick() == 0
    assert bench.get(study).state is StudyState.STOPPED
    bench.store.studies.resume(study.id)
    bench.driver.tick()
    bench.train()
    assert bench.get(study).state is StudyState.COMPLETED


def test_two_trials_train_at_the_same_time(bench: Bench) -> None:
    study = bench.begin(trials=3, parallel=2, sampler="tpe")
    first, second = bench.claim(), bench.claim()
    assert bench.waiting() == []
    bench.epochs(second, 0.5)
    bench.end(second)
    (third,) = bench.waiting()
    assert (first.trial, second.trial, third.trial) == (0, 1, 2)
    bench.train()
    assert bench.get(study).state is StudyState.RUNNING
    bench.epochs(first, 0.6)
    bench.end(first)
    assert bench.get(study).state is StudyState.COMPLETED


@pytest.mark.parametrize("sampler", ["tpe", "cma-es", "gp", "random", "qmc"])
def test_a_range_that_is_narrowed_while_it_runs_holds_for_what_comes(bench: Bench, sampler: str) -> None:
    study = bench.begin(trials=14, sampler=sampler)
    for _ in range(6):
        bench.train()
    bench.store.studies.steer(study.id, lambda spec: spec.narrowed("units", Range(20, 24)))
    bench.train()  # it waited already
    for _ in range(7):
        assert 20 <= bench.train().spec["model"]["units"] <= 24
    assert bench.get(study).state is StudyState.COMPLETED


def test_more_trials_wake_a_completed_study(bench: Bench) -> None:
    study = bench.begin(trials=1)
    bench.train()
    assert bench.get(study).state is StudyState.COMPLETED

    def more(spec: StudySpec) -> StudySpec:
        return replace(spec, search=spec.search.model_copy(update={"trials": 2}))

    bench.store.studies.steer(study.id, more)
    bench.driver.tick()
    bench.train()
    assert bench.states(study) == "complete complete"
    assert bench.get(study).state is StudyState.COMPLETED


def test_enqueued_trials_are_tried_next_and_only_once(bench: Bench) -> None:
    study = bench.begin(trials=4)
    for _ in range(2):
        bench.store.studies.enqueue(study.id, {"units": 33})
    bench.train()
    bench.restart()
    assert bench.train().spec["model"]["units"] == 33
    assert bench.get(study).enqueued == ()
    while bench.waiting():
        bench.train()
    units = [trial.params["units"] for trial in bench.trials(study)]
    assert units.count(33) == 1
    assert len(units) == 4
    with pytest.raises(TrainyardError, match="Allow more trials"):
        bench.store.studies.enqueue(study.id, {"units": 33})


def test_a_grid_ends_after_all_combinations(bench: Bench) -> None:
    study = bench.begin({"units": Range(16, 18), "batch_normalisation": None}, sampler="grid", trials=100)
    count = combinations(study.spec)
    seen = []
    while bench.waiting():
        spec = bench.train().spec["model"]
        seen.append((spec["units"], spec["batch_normalisation"]))
        bench.restart()
        bench.driver.tick()
    assert len(seen) == len(set(seen)) == count == 6
    assert bench.get(study).state is StudyState.COMPLETED


def test_two_objectives_have_several_best_trials(bench: Bench) -> None:
    study = bench.begin(objectives=("quality", "latency"), sampler="nsga-ii", trials=6)
    for number in range(6):
        bench.train(0.1 * (number + 1), latency_ms=float(number % 3 + 1))
    assert bench.get(study).state is StudyState.COMPLETED
    found = find_results(bench.store, study)
    assert [best["trial"] for best in found.best] == [3, 4, 5]
    assert found.best[0]["values"] == {"quality": 0.4, "latency": 1.0}


def test_a_trial_of_a_cross_validation_trains_its_folds_one_after_another(bench: Bench) -> None:
    study = bench.begin(values={"folds": 3}, trials=2, pruner="wilcoxon")
    for trial, fold, value in ((0, 0, 0.6), (0, 1, 0.7), (0, 2, 0.8), (1, 0, 0.6), (1, 1, 0.7), (1, 2, 0.9)):
        (run,) = bench.waiting()
        assert (run.trial, run.spec["dataset"]["fold"]) == (trial, fold)
        bench.train(value)
    assert bench.get(study).state is StudyState.COMPLETED
    first, second = bench.trials(study)
    assert (first.value, second.value) == (pytest.approx(0.7), pytest.approx(2.2 / 3))
    assert first.intermediate_values == {1: 0.6, 2: 0.7, 3: 0.8}


def test_a_trial_that_is_given_up_between_two_folds_is_no_completed_one(bench: Bench) -> None:
    study = bench.begin(values={"folds": 3}, trials=6, pruner="median")
    for _ in range(12):
        bench.train(0.8)
    for _ in range(3):
        if bench.waiting() and bench.waiting()[0].trial == 4:
            bench.train(0.1)
    assert bench.trials(study)[4].state is TrialState.PRUNED
    reader = TrialReader(study.spec)
    trials = [reader.trial(runs) for _number, runs in sorted(bench.store.studies.runs(study.id).items())]
    assert (len(trials[4].runs), trials[4].state, trials[4].evaluated) == (2, RunState.PRUNED, False)
    least = value_place(study.spec.build(study.spec.values, {"units": None}, directions={"quality": "minimize"}))
    assert best_values(bench.store, {study.id: least}) == {study.id: pytest.approx(0.8)}


def test_more_that_is_asked_for_while_a_study_is_about_to_end_is_not_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = bench.begin(trials=1)
    run = bench.claim()
    bench.epochs(run, 0.5)
    told = bench.driver._open[study.id].trials.tell

    def steered_meanwhile(*what: Any) -> None:
        told(*what)
        bench.store.studies.steer(study.id, lambda spec: _searched(spec, trials=2))

    monkeypatch.setattr(bench.driver._open[study.id].trials, "tell", steered_meanwhile)
    bench.end(run)
    bench.driver.tick()
    assert bench.get(study).state is StudyState.RUNNING
    assert len(bench.waiting()) == 1


def test_an_enqueued_trial_is_tried_though_all_trials_have_begun(bench: Bench) -> None:
    study = bench.begin(trials=1)
    for units in (33, 44):
        bench.store.studies.enqueue(study.id, {"units": units})
    bench.driver.tick()
    assert [params["units"] for params in bench.get(study).enqueued] == [33, 44], "it comes when there is a place"
    bench.train()
    assert bench.train().spec["model"]["units"] == 33
    assert bench.train().spec["model"]["units"] == 44
    assert bench.get(study).state is StudyState.COMPLETED


def test_a_stopped_study_takes_no_enqueued_trial(bench: Bench) -> None:
    study = bench.begin()
    bench.store.studies.stop(study.id)
    with pytest.raises(TrainyardError, match="Resume it"):
        bench.store.studies.enqueue(study.id, {"units": 33})


def test_a_combination_of_a_grid_that_was_enqueued_is_not_trained_again(bench: Bench) -> None:
    study = bench.begin({"units": Range(16, 18)}, sampler="grid", trials=100)
    bench.store.studies.enqueue(study.id, {"units": 17})
    tried = []
    while bench.waiting():
        tried.append(bench.train().spec["model"]["units"])
    assert sorted(tried) == [16, 17, 18]
    assert bench.get(study).state is StudyState.COMPLETED
    assert bench.get(study).message == "All 3 combinations of the grid have been tried."
    repeated = [trial for trial in bench.trials(study) if "repeats" in trial.user_attrs]
    known = bench.trials(study)[repeated[0].user_attrs["repeats"]]
    assert (len(repeated), repeated[0].params, repeated[0].values) == (1, known.params, known.values)


def test_a_larger_budget_wakes_a_study_whose_time_was_spent(bench: Bench) -> None:
    study = bench.begin(budget_minutes=0.5)
    bench.store.studies.spend(study.id, 31)
    bench.train()
    assert bench.get(study).state is StudyState.COMPLETED
    bench.store.studies.steer(study.id, lambda spec: _searched(spec, budget_minutes=0.4))
    assert bench.get(study).state is StudyState.COMPLETED
    bench.store.studies.steer(study.id, lambda spec: _searched(spec, budget_minutes=2.0))
    bench.driver.tick()
    assert bench.get(study).message == ""
    assert len(bench.waiting()) == 1
    bench.store.studies.spend(study.id, 120)
    bench.train()
    assert bench.get(study).state is StudyState.COMPLETED
    bench.store.studies.steer(study.id, lambda spec: _searched(spec, budget_minutes=0.0))
    assert bench.get(study).state is StudyState.RUNNING


def test_a_study_that_is_resumed_while_its_last_trial_ends_does_not_fail_for_the_old_reasons(bench: Bench) -> None:
    study = bench.begin(trials=20, parallel=3, patience_trials=2)
    one, two, still = bench.claim(), bench.claim(), bench.claim()
    bench.store.attempts.end(one, RunState.FAILED, "The loss became nan.")
    bench.end(two, RunState.FAILED, "The loss became nan.")
    assert bench.get(study).state is StudyState.FAILED
    bench.driver.tick()
    bench.store.studies.resume(study.id)
    bench.end(still, RunState.FAILED)
    assert bench.get(study).state is StudyState.RUNNING


def test_a_pruner_is_asked_once_for_each_value(bench: Bench) -> None:
    study = bench.begin(trials=6, pruner="median")
    asked: list[int] = []
    search = bench.driver._open[study.id]
    search.optuna.pruner = _Counting(asked)
    run = bench.claim()
    for epoch in (1, 2):
        bench.epochs(run, 0.5, first=epoch)
        for _ in range(3):
            bench.driver.tick()
    assert asked == [1, 2]


class _Counting(optuna.pruners.BasePruner):
    """Prunes nothing, and remembers after which epoch it was asked."""

    def __init__(self, asked: list[int]) -> None:
        self._asked = asked

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        self._asked.append(trial.last_step or 0)
        return False


def _searched(spec: StudySpec, **changes: Any) -> StudySpec:
    return replace(spec, search=spec.search.model_copy(update=changes))


def test_a_study_that_cannot_go_on_ends_with_a_sentence_and_no_other_does(bench: Bench) -> None:
    broken, sound = bench.begin(), bench.begin()
    bench.train()
    with pytest.raises(TrainyardError, match="gone"):
        bench.store.studies.steer(broken.id, lambda spec: replace(spec, values={"dataset": "gone"}))
    spec = broken.spec.to_dict() | {
        "values": {"dataset": "gone"}
    }  # such as that of a plug-in that is not there any more
    with bench.store.writing() as db:
        db.execute(update(studies).where(studies.c.id == broken.id).values(spec=spec))
    bench.driver.tick()
    bench.train()
    bench.train()
    assert bench.get(broken).state is StudyState.FAILED
    assert "gone" in bench.get(broken).message
    assert bench.get(sound).state is StudyState.RUNNING


@pytest.mark.parametrize(("sampler", "trials"), [("tpe", 60), ("cma-es", 60), ("gp", 24)])
def test_what_was_good_is_learned_by_each_sampler_that_learns(bench: Bench, sampler: str, trials: int) -> None:
    study = bench.begin({"units": Range(16, 512, log=True), "learning_rate": None}, trials=trials, sampler=sampler)
    tried = []
    for _ in range(trials):
        run = bench.claim()
        tried.append(abs(math.log2(run.spec["model"]["units"] / 256)))
        bench.epochs(run, 1.0 - tried[-1] / 10)
        bench.end(run)
    assert bench.get(study).state is StudyState.COMPLETED
    third = trials // 3
    assert sum(tried[-third:]) < 0.6 * sum(tried[:third]), "it stays where it began"
