"""Trials as pages read them, importances, and the store's answers about many studies at once."""

import math

import numpy as np
import optuna
import pytest

from engine.access import Actor, Role
from engine.runs import RunState
from engine.search.importance import LEAST_TRIALS, importances
from engine.search.sampling import distribution
from engine.search.trials import best_trials
from engine.spec import Choices, Range
from engine.store import Store
from engine.store.study_lists import best_values, count_trials, value_place
from engine.studies import Domain, StudySpec
from tests import study_seeding
from tests.search_bench import Bench
from ui.studies.feed import StudyFeed

pytestmark = pytest.mark.both_databases

OWNER = Actor("ada", Role.ADMIN)
PARAMS = {"learning_rate": 0.01, "units": 32, "dropout": 0.1, "activation": "relu"}
SPACE: dict[str, Domain] = {
    "rate": Range(1e-5, 1.0, log=True), "units": Range(8, 512, log=True), "dropout": Range(0.0, 0.7, step=0.05),
    "depth": Range(1, 6), "act": Choices(("relu", "tanh", "gelu")), "flag": Choices((False, True)), "one": Range(3, 3),
}  # fmt: skip
KINDS = {"rate": float, "units": int, "dropout": float, "depth": int, "act": str, "flag": bool, "one": int}


@pytest.mark.parametrize(("seed", "count"), [(0, 10), (1, 40), (2, 300)])
@pytest.mark.parametrize("maximize", [True, False])
def test_importances_are_those_of_optuna(seed: int, count: int, maximize: bool) -> None:
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    rng = np.random.default_rng(seed)
    study = optuna.create_study(direction="maximize" if maximize else "minimize",
                                sampler=optuna.samplers.RandomSampler(seed=seed))  # fmt: skip
    space = {name: distribution(domain, KINDS[name]) for name, domain in SPACE.items()}
    for _ in range(count):
        trial = study.ask(space)
        rate, act = trial.params["rate"], trial.params["act"]
        study.tell(trial, -abs(math.log10(rate) + 3) + (act == "relu") + 0.1 * rng.normal())
    theirs = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    done = study.trials
    ours = importances(SPACE, KINDS, [t.params for t in done], [t.value or 0.0 for t in done], maximize=maximize)
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, abs=1e-9)
    assert sum(ours.values()) == pytest.approx(1)


def test_few_trials_say_nothing_of_importances() -> None:
    few = [{"depth": 1}] * (LEAST_TRIALS - 1)
    assert importances({"depth": SPACE["depth"]}, KINDS, few, [0.5] * len(few), maximize=True) == {}


def test_trials_of_equal_values_matter_alike() -> None:
    params = [{"depth": 1 + i % 6, "flag": bool(i % 2)} for i in range(20)]
    space = {"depth": SPACE["depth"], "flag": SPACE["flag"]}
    assert importances(space, KINDS, params, [0.5] * 20, maximize=True) == {"depth": 0.5, "flag": 0.5}


def test_the_best_of_several_objectives_are_those_of_optuna(store: Store) -> None:
    bench = Bench(store)
    study = bench.begin(objectives=("quality", "latency"), trials=12)
    for i in range(12):
        bench.train(0.3 + 0.05 * (i * 5 % 12), latency_ms=1.0 + i * 7 % 12)
    known = optuna.load_study(study_name=f"trainyard-{study.id}", storage=bench.driver._storage)
    theirs = {trial.number for trial in known.best_trials}
    trials = study_seeding.trials_of(store, study)
    assert {trial.number for trial in best_trials(trials, study.spec.maximize())} == theirs
    assert [trial.params for trial in trials] == [trial.params for trial in known.trials]
    bench.driver.close()


def test_pruned_and_lost_trials_are_never_the_best(store: Store) -> None:
    made = study_seeding.study(store, trials=0)
    study_seeding.ended(store, made, 0, PARAMS, quality=0.99, pruned=True)
    study_seeding.ended(store, made, 1, PARAMS, quality=float("nan"))
    study_seeding.ended(store, made, 2, PARAMS, quality=0.5)
    trials = study_seeding.trials_of(store, made)
    assert [trial.state for trial in trials] == [RunState.PRUNED, RunState.FAILED, RunState.COMPLETED]
    assert [trial.number for trial in best_trials(trials, (True,))] == [2]


def test_many_studies_are_counted_in_one_query_each(store: Store) -> None:
    one, two = study_seeding.study(store, trials=3), study_seeding.study(store, trials=0)
    study_seeding.begun(store, one, 3, PARAMS)
    counts = count_trials(store, [one.id, two.id])
    assert (counts[one.id].begun, counts[one.id].ended, counts[one.id].going) == (4, 3, 1)
    assert two.id not in counts


def test_the_best_value_is_that_of_completed_trials(store: Store) -> None:
    made = study_seeding.study(store, trials=8, objectives=("quality", "seconds"))
    evaluated = [trial for trial in study_seeding.trials_of(store, made) if trial.evaluated]
    best = best_values(store, {made.id: value_place(made.spec)})
    assert best[made.id] == pytest.approx(max(trial.values[0] or 0 for trial in evaluated))
    seconds = StudySpec.build(made.spec.values, made.spec.space, ("seconds",), made.spec.search)
    assert best_values(store, {made.id: value_place(seconds)}) == {made.id: 1.0}


# -- the feed ----------------------------------------------------------------------------------------------------------


def test_a_feed_notices_what_moves_what_ends_and_what_is_deleted(store: Store) -> None:
    made = study_seeding.study(store, trials=3)
    feed = StudyFeed(made.id)
    feed.follow(OWNER)
    run = study_seeding.begun(store, made, 3, PARAMS, [0.1])
    feed.follow(OWNER, 0.0)
    assert [trial.number for trial in feed.trials] == [0, 1, 2, 3]
    ended, moved = feed.ended, feed.moved
    store.attempts.report(run, epoch=2, curve=[0.1, 0.2], best={"epoch": 2, "val_accuracy": 0.2})
    feed.follow(OWNER, 0.0)
    assert (feed.ended, feed.trials[-1].run.epoch) == (ended, 2)
    assert feed.moved > moved
    store.attempts.end(run, RunState.COMPLETED)
    feed.follow(OWNER, 0.0)
    assert feed.ended > ended
    assert feed.trials[-1].evaluated
    ended = feed.ended
    store.runs.delete(run.id)
    feed.follow(OWNER, 0.0)
    assert feed.ended > ended
    assert [trial.number for trial in feed.trials] == [0, 1, 2]


def test_a_tick_reads_no_trial_that_has_ended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = study_seeding.study(store, trials=3)
    live = study_seeding.begun(store, made, 3, PARAMS)
    feed = StudyFeed(made.id)
    feed.follow(OWNER)
    read: list[set[int]] = []
    monkeypatch.setattr("engine.store.study_lists.study_runs", lambda _store, ids, **_more: read.append(set(ids)) or [])
    feed.follow(OWNER, 0.0)
    assert read == [{live.id}]


def test_a_feed_holds_what_the_store_holds_whatever_happens_between_two_looks(store: Store) -> None:
    made = study_seeding.study(store, trials=3)
    feed = StudyFeed(made.id)
    feed.follow(OWNER)

    def check() -> None:
        feed.follow(OWNER, 0.0)
        there = study_seeding.trials_of(store, made)
        seen = [(t.number, t.state, t.values, t.params, [r.id for r in t.runs]) for t in feed.trials]
        assert seen == [(t.number, t.state, t.values, t.params, [r.id for r in t.runs]) for t in there]
        assert [t.number for t in feed.best] == [t.number for t in best_trials(there, (True,))]

    study_seeding.ended(store, made, 3, PARAMS, quality=0.99)
    check()
    given_up = study_seeding.ended(store, made, 4, PARAMS, pruned=True)
    check()
    store.runs.resume(given_up.id)
    again = store.attempts.claim("cpu-0", given_up.id)
    assert again is not None
    store.attempts.end(again, RunState.COMPLETED)
    check()
    store.runs.delete(feed.best[0].run.id)
    study_seeding.ended(store, made, 5, PARAMS)
    check()
    running = study_seeding.begun(store, made, 6, PARAMS, [0.1])
    check()
    store.attempts.end(running, RunState.FAILED)
    store.runs.delete(running.id)
    check()


def test_the_folds_of_a_trial_are_followed_one_after_another(store: Store) -> None:
    bench = Bench(store)
    study = bench.begin(values={"folds": 3}, trials=2)
    feed = StudyFeed(study.id)
    for fold, value in enumerate((0.6, 0.7, 0.8), 1):
        bench.train(value)
        feed.follow(OWNER, 0.0)
        assert sum(run.best != {} for run in feed.trials[0].runs) == fold
    assert feed.trials[0].values == (pytest.approx(0.7),)
    assert [trial.number for trial in feed.best] == [0]
    bench.driver.close()


def test_what_is_kept_is_built_again_only_when_trials_have_ended(store: Store) -> None:
    made = study_seeding.study(store, trials=1)
    feed = StudyFeed(made.id)
    built: list[int] = []
    feed.follow(OWNER)
    run = study_seeding.begun(store, made, 1, PARAMS, [0.1])
    feed.follow(OWNER, 0.0)
    for _ in range(2):
        feed.keep("a", lambda: built.append(1))
    store.attempts.report(run, epoch=2)
    feed.follow(OWNER, 0.0)
    feed.keep("a", lambda: built.append(2))
    assert built == [1]
    store.attempts.end(run, RunState.COMPLETED)
    feed.follow(OWNER, 0.0)
    feed.keep("a", lambda: built.append(3))
    assert built == [1, 3]
