"""No trial repeats a known result: tried values are not tried again, and a study ends when none are left."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from engine.runs import Run, RunState
from engine.search.grid import most_trials
from engine.search.optuna_adapter import open_study
from engine.search.repeats import Tried
from engine.search.results import find_results
from engine.search.sampling import distributions, make_sampler, make_unrepeated
from engine.search.space import combinations_of, space_size
from engine.spec import Choices, Range
from engine.store import Store
from engine.studies import Search, StudySpec, StudyState
from tests.search_bench import SPACE, VALUES, Bench

pytestmark = pytest.mark.both_databases

FEW: dict[str, Any] = {"units": Range(16, 18), "batch_normalisation": None}
LEARNING = ["tpe", "random", "qmc", "gp", "nsga-ii"]


@pytest.fixture
def bench(store: Store) -> Iterator[Bench]:
    """An empty store with a driver."""
    made = Bench(store)
    yield made
    made.driver.close()


def values_of(run: Run) -> tuple[Any, ...]:
    """Return the values of the trial of a run."""
    return run.spec["model"]["units"], run.spec["model"]["batch_normalisation"]


def train_all(bench: Bench, **result: Any) -> list[tuple[Any, ...]]:
    """Train until nothing waits; wider networks are better."""
    found = []
    while bench.waiting():
        run = bench.train(0.01 * bench.waiting()[0].spec["model"]["units"], **result)
        found.append(values_of(run))
        bench.driver.tick()
    return found


@pytest.mark.parametrize("sampler", LEARNING)
def test_all_that_there_is_is_tried_once_and_then_the_study_ends(bench: Bench, sampler: str) -> None:
    study = bench.begin(FEW, sampler=sampler, trials=20)
    tried = train_all(bench)
    assert len(tried) == len(set(tried)) == 6
    ended = bench.get(study)
    assert ended.state is StudyState.COMPLETED
    assert ended.message == "All 6 combinations of values have been tried. Start another study to vary more."
    assert "repeats" not in str([trial.user_attrs for trial in bench.trials(study)])


def test_as_many_trials_as_were_asked_for_end_a_study_without_a_word(bench: Bench) -> None:
    study = bench.begin(FEW, sampler="tpe", trials=6)
    assert len(set(train_all(bench))) == 6
    assert (bench.get(study).state, bench.get(study).message) == (StudyState.COMPLETED, "")


def test_two_slots_do_not_train_the_same_at_once(bench: Bench) -> None:
    bench.begin({"units": Range(16, 17)}, sampler="tpe", trials=9, parallel=4)
    assert sorted(run.spec["model"]["units"] for run in bench.waiting()) == [16, 17]


def test_a_driver_that_was_killed_knows_what_was_tried(bench: Bench) -> None:
    study = bench.begin(FEW, sampler="tpe", trials=20)
    tried = []
    while bench.waiting():
        tried.append(values_of(bench.train()))
        bench.restart()
        bench.driver.tick()
    assert len(tried) == len(set(tried)) == 6
    assert bench.get(study).state is StudyState.COMPLETED


def test_what_failed_or_was_pruned_is_not_asked_again_but_what_somebody_stopped_is(bench: Bench) -> None:
    study = bench.begin({"units": Range(16, 19)}, sampler="tpe", trials=20, patience_trials=9)
    ends = [RunState.FAILED, RunState.PRUNED, RunState.STOPPED, RunState.COMPLETED]
    tried = []
    for state in ends:
        run = bench.claim()
        tried.append(run.spec["model"]["units"])
        bench.epochs(run, 0.5)
        bench.end(run, state)
    while bench.waiting():
        tried.append(bench.train().spec["model"]["units"])
    assert sorted(tried[:2] + tried[3:]) == [16, 17, 18, 19], "the one that was stopped is asked for again"
    assert tried.count(tried[2]) == 2
    assert "All 4 combinations" in bench.get(study).message


def test_a_study_that_is_stopped_and_resumed_tries_what_is_left(bench: Bench) -> None:
    study = bench.begin(FEW, sampler="tpe", trials=20, parallel=2)
    run = bench.claim()
    bench.store.studies.stop(study.id)
    bench.end(run, RunState.STOPPED)
    bench.store.studies.resume(study.id)
    bench.driver.tick()
    assert len(set(train_all(bench))) == 6
    assert "All 6 combinations" in bench.get(study).message


def test_a_narrowed_space_ends_when_what_is_left_of_it_was_tried(bench: Bench) -> None:
    study = bench.begin({"units": Range(16, 64)}, sampler="tpe", trials=20)
    for _ in range(3):
        bench.train()
    bench.store.studies.steer(study.id, lambda spec: spec.narrowed("units", Range(20, 22)))
    bench.train()  # it waited already
    tried = []
    while bench.waiting():
        tried.append(values_of(bench.train())[0])
    inside = {trial.params["units"] for trial in bench.trials(study) if 20 <= trial.params["units"] <= 22}
    assert inside == {20, 21, 22}
    assert len(tried) == len(set(tried))
    assert "All 3 combinations" in bench.get(study).message


def test_folds_objectives_and_seconds_that_vary_change_nothing(bench: Bench) -> None:
    study = bench.begin(
        {"units": Range(16, 17)}, objectives=("quality", "seconds"), values={"folds": 2}, sampler="tpe", trials=9
    )
    seconds = iter(range(1, 99))
    runs = []
    while bench.waiting():
        runs.append(bench.train(seconds=float(next(seconds))))
    assert [(run.trial, run.spec["dataset"]["fold"]) for run in runs] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert "All 2 combinations" in bench.get(study).message


def test_more_trials_do_not_bring_back_what_was_tried(bench: Bench) -> None:
    study = bench.begin({"units": Range(16, 17)}, sampler="tpe", trials=1)
    bench.train()
    more = lambda spec: replace(spec, search=spec.search.model_copy(update={"trials": 5}))  # noqa: E731
    bench.store.studies.steer(study.id, more)
    bench.driver.tick()
    bench.train()
    assert (bench.waiting(), bench.get(study).state) == ([], StudyState.COMPLETED)
    assert {trial.params["units"] for trial in bench.trials(study)} == {16, 17}
    bench.store.studies.steer(
        study.id, lambda spec: replace(more(spec), search=spec.search.model_copy(update={"trials": 9}))
    )
    bench.driver.tick()
    assert bench.get(study).state is StudyState.COMPLETED
    assert "All 2 combinations" in bench.get(study).message


def test_an_enqueued_trial_that_leaves_something_open_gets_what_was_not_tried(bench: Bench) -> None:
    study = bench.begin(FEW, sampler="tpe", trials=6)
    first = values_of(bench.train())
    bench.train()
    bench.store.studies.enqueue(study.id, {"units": first[0]})
    bench.driver.tick()
    tried = [first, *train_all(bench)]
    assert tried.count(first) == 1
    assert len([trial for trial in tried if trial[0] == first[0]]) <= 2


def test_an_enqueued_trial_that_repeats_a_completed_one_has_its_values_and_a_failed_one_may_be_tried_again(
    bench: Bench,
) -> None:
    study = bench.begin({"units": Range(16, 512)}, sampler="random", trials=9, patience_trials=9)
    good = values_of(bench.train(0.7))[0]
    bad = bench.claim()
    bench.end(bad, RunState.FAILED)
    for units in (good, values_of(bad)[0]):
        bench.store.studies.enqueue(study.id, {"units": units})
    bench.train()
    again = [values_of(bench.train())[0] for _ in range(2)]
    assert values_of(bad)[0] in again
    assert good not in again
    # one that is in Optuna's queue already, as an older version has left it
    asked = open_study(bench.driver._storage, study.id, study.spec)
    asked.enqueue_trial({"units": good})
    bench.train()
    bench.train()
    (repeated,) = [trial for trial in bench.trials(study) if "repeats" in trial.user_attrs]
    assert (repeated.user_attrs["repeats"], repeated.state, repeated.value) == (0, TrialState.COMPLETE, 0.7)
    found = find_results(bench.store, study)
    assert found.repeats == {repeated.number: 0}
    assert [best["trial"] for best in found.best] == [0]
    assert found.best[0]["run"]


@pytest.mark.parametrize("sampler", [*LEARNING, "cma-es"])
def test_where_nothing_repeats_the_values_are_those_of_the_sampler_itself(sampler: str) -> None:
    search = Search(trials=14, sampler=sampler, search_seed=3)  # type: ignore[arg-type]
    spec = StudySpec.build(VALUES, SPACE | {"dropout": Range(0.0, 0.5), "activation": None}, search=search)
    plain, careful = (optuna.create_study(direction="maximize") for _ in range(2))
    for number in range(14):
        plain.sampler, careful.sampler = (
            make_sampler(spec, number),
            make_unrepeated(spec, number, Tried(spec, careful.trials), distributions(spec)),
        )
        for study in (plain, careful):
            trial = study.ask(distributions(spec))
            study.tell(trial, -abs(trial.params["units"] - 40) + trial.params["dropout"])
    assert [trial.params for trial in careful.trials] == [trial.params for trial in plain.trials]


def test_a_space_is_counted_and_listed() -> None:
    spec = StudySpec.build(
        VALUES, {"units": Range(16, 20), "dropout": Range(0.1, 0.3), "activation": Choices(("relu", "tanh"))}
    )

    assert space_size(spec) == len(list(combinations_of(spec))) == 5 * 5 * 2
    assert {params["dropout"] for params in combinations_of(spec)} == {0.1, 0.15, 0.2, 0.25, 0.3}
    assert most_trials(replace(spec, search=Search(trials=100))) == 50
    assert space_size(StudySpec.build(VALUES, {"learning_rate": None})) == float("inf")
