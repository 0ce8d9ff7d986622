"""A study may compare models: trials have the hyperparameters of theirs, and differ in nothing that is not used."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import optuna
import pytest

from engine.cli.commands import make_parsers
from engine.cli.search import plan, study_spec
from engine.errors import TrainyardError
from engine.models.base import models
from engine.runs import Run, RunSpec, RunState
from engine.search.grid import combinations, grid_combinations
from engine.search.importance import importances
from engine.search.optuna_adapter import OptunaStudy, open_study
from engine.search.promotion import promote
from engine.search.results import find_results
from engine.search.sampling import distributions, make_sampler
from engine.search.space import combinations_of, space_size
from engine.search.suggestions import suggested_space
from engine.search.trials import TrialReader
from engine.spec import Choices, Range
from engine.store import Store
from engine.studies import Domain, Search, StudySpec, StudyState
from tests.search_bench import Bench

VALUES: dict[str, Any] = {"dataset": "digits", "model": "mlp", "epochs": 4, "units": 32, "dropout": 0.4}
MODELS = Choices(("cnn", "mlp", "linear"))
FEW: dict[str, Domain | None] = {"units": Range(16, 18), "model": MODELS, "depth": Range(1, 2)}
"""Ten combinations: three of cnn by its units, six of mlp by units and depth, and one of linear."""
SAMPLERS = ["tpe", "random", "qmc", "gp", "nsga-ii", "grid"]


@pytest.fixture
def bench(store: Store) -> Iterator[Bench]:
    """An empty store with a driver."""
    made = Bench(store)
    yield made
    made.driver.close()


def tried(run: Run) -> tuple[Any, ...]:
    """Return the values of the trial of a run."""
    model = run.spec["model"]
    return model["name"], model.get("units"), model.get("depth")


def study(space: dict[str, Domain | None], **search: Any) -> StudySpec:
    """A study that begins with a perceptron of 32 units."""
    return StudySpec.build(VALUES, space, search=Search(**search))


def test_another_model_keeps_all_other_parts_and_what_it_has_in_common_with_the_first() -> None:
    base = RunSpec.build(VALUES | {"learning_rate": 0.003, "activation": "tanh"})
    spec = StudySpec.build(VALUES | {"learning_rate": 0.003, "activation": "tanh"}, {"model": None})
    other = spec.run_spec({"model": "cnn"})
    for section in ("task", "dataset", "optimizer", "schedule", "augmentation", "training"):
        assert getattr(other, section) == getattr(base, section)
    assert (other.model.name, other.model.units, other.model.activation) == ("cnn", 32, "tanh")  # type: ignore[attr-defined]
    assert other.model.filters == models["cnn"].parse({}).filters  # type: ignore[attr-defined]
    assert spec.run_spec({"model": "mlp"}) == base


def test_a_value_that_another_model_does_not_take_is_its_default_there() -> None:
    spec = StudySpec.build({"dataset": "tweets", "model": "bag-of-embeddings", "units": 0}, {"model": None})
    assert spec.run_spec({"model": "lstm"}).model.units == 64  # type: ignore[attr-defined]
    assert spec.run_spec({"model": "bag-of-embeddings"}).model.units == 0  # type: ignore[attr-defined]


def test_a_trial_has_what_its_model_has() -> None:
    spec = study(FEW | {"learning_rate": None})
    assert next(iter(spec.space)) == "model"
    assert spec.used({"model": "linear"}) == ("model", "learning_rate")
    assert set(spec.used({"model": "cnn"})) == {"model", "units", "learning_rate"}
    assert set(spec.used({"model": "mlp"})) == {"model", "units", "depth", "learning_rate"}
    assert set(spec.used({})) == {"model", "learning_rate"}
    assert StudySpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_models_that_share_a_hyperparameter_vary_it_where_both_take_it() -> None:
    spec = StudySpec.build({"dataset": "tweets"}, {"model": Choices(("lstm", "bag-of-embeddings")), "units": None})
    assert spec.space["units"] == Range(8, 512, log=True)
    for model in spec.models:
        assert spec.run_spec({"model": model, "units": 512}).model.units == 512  # type: ignore[attr-defined]


def test_combinations_that_differ_in_what_is_not_used_are_one() -> None:
    spec = study(FEW)
    assert space_size(spec) == len([*combinations_of(spec)]) == 10
    assert combinations(spec) == len(grid_combinations(spec)) == 10
    assert {"model": "linear"} in [*combinations_of(spec)]


@pytest.mark.parametrize(
    ("space", "search", "words"),
    [
        ({"model": Choices(("cnn", "lstm"))}, {}, "not 'lstm'"),
        ({"model": Choices(())}, {}, "at least one"),
        ({"model": Choices(("mlp", "linear")), "filters": None}, {}, "filters"),
        (
            {"model": MODELS, "units": None, "learning_rate": None},
            {"sampler": "cma-es"},
            "2 or more numeric hyperparameters",
        ),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(space: dict[str, Any], search: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainyardError, match=words):
        study(space, **search)


def test_enqueued_values_go_with_a_model_that_has_them() -> None:
    spec = study(FEW)
    assert spec.check_params({"model": "mlp", "depth": "2"}) == {"model": "mlp", "depth": 2}
    for wrong, words in (({"model": "linear", "units": 16}, "has no units"), ({"units": 16}, "Give the model too")):
        with pytest.raises(TrainyardError, match=words):
            spec.check_params(wrong)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_each_combination_is_trained_once_and_then_the_study_ends(bench: Bench, sampler: str) -> None:
    made = bench.begin(FEW, values=VALUES, sampler=sampler, trials=40)
    found = []
    while bench.waiting():
        found.append(tried(bench.train(0.01 * len(found))))
        bench.restart()
        bench.driver.tick()
    assert len(found) == len(set(found)) == 10
    assert (bench.get(made).state, bench.states(made)) == (StudyState.COMPLETED, " ".join(["complete"] * 10))
    assert "All 10 combinations" in bench.get(made).message
    for trial in bench.trials(made):
        assert {*trial.params} == {*made.spec.used(trial.params)}


def test_numbers_that_all_models_have_can_be_searched_by_cma_es(bench: Bench) -> None:
    bench.begin(
        {"model": MODELS, "learning_rate": None, "batch_size": None, "depth": None}, sampler="cma-es", trials=12
    )
    assert len({tried(bench.train())[0] for _ in range(12)}) > 1


def test_values_of_ones_own_are_tried_with_their_model(bench: Bench) -> None:
    for sampler in ("tpe", "grid"):
        made = bench.begin(FEW, values=VALUES, sampler=sampler, trials=40)
        bench.store.studies.enqueue(made.id, {"model": "mlp", "units": 18, "depth": 2})
        bench.store.studies.enqueue(made.id, {"model": "mlp", "depth": 1})
        found = [tried(bench.train()) for _ in range(3)]
        assert found[1] == ("mlp", 18, 2)
        assert (found[2][0], found[2][2]) == ("mlp", 1)
        bench.store.studies.stop(made.id)
        while bench.waiting():
            bench.train()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_driver_that_was_killed_after_it_chose_the_model_asks_for_the_rest(bench: Bench, sampler: str) -> None:
    made = bench.begin(FEW, values=VALUES, sampler=sampler, trials=6)
    bench.train()
    bench.store.studies.pause(made.id)
    bench.train()
    asking = open_study(bench.driver._storage, made.id, made.spec)
    asking.sampler = make_sampler(made.spec, 2)
    trial = asking.ask({"model": distributions(made.spec)["model"]})  # killed here
    bench.restart()
    bench.store.studies.resume(made.id)
    bench.driver.tick()
    again = next(run for run in bench.waiting() if run.trial == trial.number)
    assert again.spec["model"]["name"] == trial.params["model"]
    bench.train()
    params = bench.trials(made)[trial.number].params
    assert {*params} == {*made.spec.used(params)}


def test_the_best_trial_is_found_read_and_promoted_with_its_model(bench: Bench) -> None:
    made = bench.begin(FEW, values=VALUES, sampler="grid", trials=40)
    while bench.waiting():
        bench.train(0.9 if bench.waiting()[0].spec["model"]["name"] == "linear" else 0.5)
    (best,) = find_results(bench.store, bench.get(made)).best
    assert best["params"] == {"model": "linear"}
    reader = TrialReader(made.spec)
    read = [reader.trial(runs) for _, runs in sorted(bench.store.studies.runs(made.id).items())]
    assert [trial.params for trial in read] == [trial.params for trial in bench.trials(made)]
    assert all(trial.evaluated for trial in read)
    assert promote(bench.store, made, best["trial"], "").spec["model"]["name"] == "linear"


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_samplers_learn_which_model_is_good_and_what_suits_it(bench: Bench, sampler: str) -> None:
    space = {"model": MODELS, "depth": None, "filters": None, "learning_rate": Range(1e-4, 1e-1, log=True)}
    bench.begin(space, sampler=sampler, trials=40)
    found = []
    for _ in range(40):
        spec = bench.waiting()[0].spec
        depth, rate = spec["model"].get("depth"), spec["optimizer"]["learning_rate"]
        value = 0.9 - 0.1 * abs(math.log10(rate) + 2) - 0.3 * (depth is None) - 0.05 * abs((depth or 3) - 3)
        bench.train(max(0.0, value))
        found.append((depth, rate))
    late = found[20:]
    assert sum(depth is not None for depth, _ in late) > 12
    assert np.median([abs((depth or 0) - 3) for depth, _ in late]) <= 1


def test_importances_of_hyperparameters_that_some_trials_have_are_those_of_optuna() -> None:
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    spec = study({"model": MODELS, "depth": None, "filters": None, "learning_rate": None})
    asked = optuna.create_study(direction="maximize")
    rng = np.random.default_rng(1)
    for number in range(120):
        asked.sampler = make_sampler(spec, number)
        trial = asked.ask()
        for name, domain in distributions(spec).items():
            if name in spec.used(trial.params):
                trial._suggest(name, domain)
        good = trial.params["model"] == "mlp"
        asked.sampler = optuna.samplers.RandomSampler()
        asked.tell(trial, good - 0.1 * abs(trial.params.get("depth", 9) - 3) + 0.05 * rng.normal())
    theirs = get_param_importances(asked, evaluator=PedAnovaImportanceEvaluator())
    kinds = {name: field.type for name, field in spec.fields().items()}
    params, values = [t.params for t in asked.trials], [t.value or 0.0 for t in asked.trials]
    ours = importances(spec.space, kinds, params, values, maximize=True)
    assert ours == pytest.approx({name: theirs.get(name, 0.0) for name in ours}, abs=1e-9)
    assert ours["filters"] < ours["depth"]


def test_a_stopped_trial_of_a_grid_is_not_tried_for_ever(bench: Bench) -> None:
    made = bench.begin(FEW, values=VALUES, sampler="grid", trials=40)
    bench.end(bench.claim(), RunState.STOPPED)
    found = [tried(bench.train()) for _ in range(9)]
    assert len(set(found)) == 9
    assert bench.get(made).state is StudyState.COMPLETED


def test_the_memory_of_each_model_is_known_before() -> None:
    spec = study({"model": MODELS, "units": None, "depth": None})
    largest = {name: spec.largest(name).model for name in spec.models}
    assert (largest["mlp"].units, largest["mlp"].depth, largest["cnn"].units) == (1024, 6, 1024)  # type: ignore[attr-defined]
    assert largest["linear"].name == "linear"


@pytest.mark.parametrize(
    ("dataset", "compared", "varied"),
    [
        ("digits", {"cnn", "resnet"}, {"learning_rate", "dropout", "units", "width", "blocks", "batch_normalisation"}),
        ("tweets", {"textcnn", "bag-of-embeddings"}, {"learning_rate", "dropout", "splitting", "signs", "ngrams"}),
        ("spoken-digits", {"audio-cnn", "crnn"}, {"learning_rate", "dropout", "units", "blocks"}),
        (
            "penguins",
            {"mlp", "linear", "residual-mlp", "boosted-trees"},
            {"learning_rate", "dropout", "units", "depth", "blocks", "leaves"},
        ),
    ],
)
def test_a_search_suggests_models_and_what_matters_in_them(dataset: str, compared: set[str], varied: set[str]) -> None:
    base = RunSpec.build({"dataset": dataset})
    space = suggested_space(base, compare_models=True)
    assert set(space["model"].options) == compared  # type: ignore[union-attr]
    assert varied <= space.keys()
    words = ["search", "--dataset", dataset]
    parser, _known = make_parsers(words)
    assert study_spec(parser.parse_args(words)).space.keys() == space.keys()
    chosen = [*words, "--model", base.model.name]
    assert "model" not in study_spec(make_parsers(chosen)[0].parse_args(chosen)).space, "somebody has chosen one"


def test_models_are_named_on_the_command_line() -> None:
    words = ["search", "--dataset", "digits", "--search", "depth", "--search", "model=mlp,linear"]
    parser, _known = make_parsers(words)
    spec = study_spec(parser.parse_args(words))
    assert spec.models == ("mlp", "linear")
    assert "  model: mlp, linear" in [*plan(spec)]
    wrong = ["search", "--dataset", "digits", "--search", "model=mlp,lstm"]
    with pytest.raises(TrainyardError, match="not 'lstm'"):
        study_spec(make_parsers(wrong)[0].parse_args(wrong))


def test_a_study_of_models_is_named_after_them(store: Store) -> None:
    assert store.studies.create(study(FEW)).name == "cnn, mlp, linear on digits"


def test_optuna_is_asked_for_nothing_that_is_not_used(store: Store) -> None:
    spec = study(FEW)
    storage = Bench(store).driver._storage
    made = OptunaStudy(storage, 7, spec)
    for number in range(6):
        trial = made.ask(make_sampler(spec, number), distributions(spec))
        assert {*trial.params} == {*spec.used(trial.params)}
