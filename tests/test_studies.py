"""Studies: a space is narrowed and never widened, every domain becomes an Optuna distribution, and records survive JSON."""

import json
from dataclasses import replace
from typing import Any

import optuna
import pytest

from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.models.base import models
from engine.optimizers import optimizers
from engine.runs import RunSpec, choose_parts
from engine.schedules import schedules
from engine.search.grid import GRID_POINTS, check_grid, combinations, grid_points, most_trials
from engine.search.sampling import distribution, distributions, make_sampler
from engine.spec import Choices, Range
from engine.studies import Search, StudySpec, narrow, parse_domain, parse_objective, tunable
from tests.tiny import NETWORKS

VALUES: dict[str, Any] = {"dataset": "digits", "model": "mlp", "epochs": 4}
FIELDS = tunable(RunSpec.build(VALUES))
MIXED = {"learning_rate": None, "units": None, "activation": None, "dropout": None}
SAMPLERS = ("tpe", "random", "grid", "qmc", "cma-es", "gp", "nsga-ii")


def study(**space: str) -> StudySpec:
    """A study over these, written as on a command line."""
    return StudySpec.build(VALUES, {name: parse_domain(FIELDS[name], text) for name, text in space.items()})


def combinations_of_parts() -> list[dict[str, str]]:
    """Choices of parts in which each dataset, model, optimizer and schedule occurs."""
    found = [{"dataset": name} for name in datasets]
    for model in models.values():
        dataset = next(d for d in datasets.values() if fits(d.name, model.name))
        found.append({"dataset": dataset.name, "model": model.name})
    found += [VALUES_OF_PARTS | {"optimizer": name} for name in optimizers]
    return found + [VALUES_OF_PARTS | {"schedule": name} for name in schedules]


VALUES_OF_PARTS = {"dataset": "digits", "model": "mlp"}


def fits(dataset: str, model: str) -> bool:
    """Whether the model takes what the dataset has."""
    try:
        choose_parts({"dataset": dataset, "model": model})
    except TrainyardError:
        return False
    return True


@pytest.mark.parametrize("parts", combinations_of_parts(), ids=lambda parts: " ".join(parts.values()))
def test_every_tunable_field_of_every_part_can_be_asked_of_optuna(parts: dict[str, str]) -> None:
    base = RunSpec.build(parts)
    fields = tunable(base)
    assert "epochs" in fields
    assert ({"learning_rate", "batch_size"} <= fields.keys()) == (base.model.name in NETWORKS)
    asking = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    space = {name: distribution(narrow(field, None), field.type) for name, field in fields.items()}
    for _ in range(4):
        params = asking.ask(space).params
        for name, value in params.items():
            made = RunSpec.build(parts | {name: value}).values()[name]
            assert made == value
            assert type(made) is fields[name].type or isinstance(fields[name].domain, Choices)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_takes_every_kind_of_domain(sampler: Any) -> None:
    space = dict.fromkeys(MIXED) if sampler != "grid" else {"units": None, "activation": None}
    spec = StudySpec.build(VALUES, space, search=Search(sampler=sampler, trials=8))
    asked = optuna.create_study()
    for number in range(8):
        asked.sampler = make_sampler(spec, number)
        trial = asked.ask(distributions(spec))
        spec.check_params(trial.params)
        asked.sampler = optuna.samplers.RandomSampler()
        asked.tell(trial, float(number))


def test_trials_are_evaluated_by_the_same_examples() -> None:
    assert not {"validation_fraction", "test_fraction", "fold", "folds", "seed", "device"} & FIELDS.keys()


def test_the_same_seed_asks_for_the_same_values() -> None:
    def asked(seed: int) -> list[dict[str, Any]]:
        spec = StudySpec.build(VALUES, MIXED, search=Search(search_seed=seed, trials=12))
        found = optuna.create_study()
        for number in range(8):
            found.sampler = make_sampler(spec, number)
            trial = found.ask(distributions(spec))
            found.tell(trial, trial.params["learning_rate"])
        return [trial.params for trial in found.trials]

    assert asked(1) == asked(1) != asked(2)


def test_a_space_is_narrowed() -> None:
    assert parse_domain(FIELDS["units"], "32:128") == Range(32, 128, log=FIELDS["units"].domain.log)  # type: ignore[union-attr]
    assert parse_domain(FIELDS["units"], "") == FIELDS["units"].domain
    assert parse_domain(FIELDS["units"], "64") == Range(64, 64, log=FIELDS["units"].domain.log)  # type: ignore[union-attr]
    assert parse_domain(FIELDS["activation"], "tanh,relu") == Choices(("relu", "tanh"))
    assert parse_domain(FIELDS["flip"], "").options[0] == FIELDS["flip"].domain.options[0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("learning_rate", "1e-9:1", "narrow this range, not widen it"),
        ("units", "32:1000000", "narrow this range, not widen it"),
        ("units", "128:32", "The range of units is empty"),
        ("units", "many", "Write it as LOW:HIGH"),
        ("units", "nan:nan", "Write it as LOW:HIGH"),
        ("dropout", "nan:0.2", "give finite numbers"),
        ("activation", "relu,magic", "not 'magic'"),
        ("activation", ",", "not ''"),
    ],
)
def test_what_is_no_part_of_a_domain_is_a_sentence(name: str, text: str, words: str) -> None:
    with pytest.raises(TrainyardError, match=words):
        parse_domain(FIELDS[name], text)


def test_a_range_is_no_choice() -> None:
    with pytest.raises(TrainyardError, match="takes a range"):
        narrow(FIELDS["units"], Choices((1, 2)))
    with pytest.raises(TrainyardError, match="takes choices"):
        narrow(FIELDS["activation"], Range(1, 2))
    with pytest.raises(TrainyardError, match="No option of"):
        narrow(FIELDS["activation"], Choices(()))


def test_a_study_survives_json() -> None:
    made = StudySpec.build(VALUES, MIXED, ("quality", "latency"), Search(pruner="none", sampler="nsga-ii", parallel=2))
    assert StudySpec.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    assert made.maximize() == (True, False)
    old = made.to_dict()
    del old["directions"]  # as a version wrote it that knew none
    assert StudySpec.from_dict(old) == made
    assert made.run_spec({"units": 48}).model.units == 48  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("space", "objectives", "search", "words"),
    [
        ({}, ("quality",), {}, "at least one hyperparameter"),
        ({"unit": None}, ("quality",), {}, "units"),
        ({"seed": None}, ("quality",), {}, "seed"),
        ({"units": None}, (), {}, "needs an objective"),
        ({"units": None}, ("speed",), {}, "speed"),
        ({"units": None}, ("latency",), {}, "choose 'none'"),
        (
            {"units": None},
            ("quality", "latency"),
            {"pruner": "none", "sampler": "cma-es"},
            "2 or more numeric hyperparameters",
        ),
        (MIXED, ("quality", "latency"), {"pruner": "none", "sampler": "cma-es"}, "takes one objective"),
        ({"units": None}, ("quality",), {"pruner": "wilcoxon"}, "compares folds"),
    ],
)
def test_a_study_that_cannot_be_is_a_sentence(
    space: dict[str, Any], objectives: tuple[str, ...], search: dict[str, Any], words: str
) -> None:
    with pytest.raises(TrainyardError, match=words):
        StudySpec.build(VALUES, space, objectives, Search(**search))


def test_an_objective_can_be_evaluated_in_the_other_direction() -> None:
    asked = [parse_objective(text) for text in ("quality", "latency: maximize", "parameters:minimize")]
    assert asked == [("quality", None), ("latency", "maximize"), ("parameters", "minimize")]
    chosen = {name: direction for name, direction in asked if direction}
    objectives = tuple(name for name, _direction in asked)
    made = StudySpec.build(VALUES, {"units": None}, objectives, Search(pruner="none"), chosen)
    assert made.maximize() == (True, True, False)
    assert StudySpec.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    with pytest.raises(TrainyardError, match="Did you mean 'maximize'"):
        parse_objective("latency:maximise")
    with pytest.raises(TrainyardError, match="not an objective of this study"):
        StudySpec.build(VALUES, {"units": None}, directions={"latency": "maximize"})


def test_the_own_direction_of_an_objective_is_no_choice() -> None:
    made = StudySpec.build(VALUES, {"units": None}, directions={"quality": "maximize"})
    assert made == StudySpec.build(VALUES, {"units": None})


def test_enqueued_values_are_typed_and_lie_in_the_space() -> None:
    spec = study(units="32:128", activation="relu,tanh")
    assert spec.check_params({"units": "64"}) == {"units": 64}
    for wrong, words in (
        ({"units": 256}, "outside the searched range of 32 to 128"),
        ({"units": "many"}, "is not a value of units"),
        ({"activation": "gelu"}, "not one of relu, tanh"),
        ({"dropout": 0.1}, "dropout"),
    ):
        with pytest.raises(TrainyardError, match=words):
            spec.check_params(wrong)


def test_a_study_that_has_begun_can_be_narrowed_further_and_not_widened_again() -> None:
    spec = study(units="32:128", activation="")
    narrowed = spec.narrowed("units", Range(64, 128))
    assert (narrowed.space["units"].low, narrowed.space["units"].high) == (64, 128)  # type: ignore[union-attr]
    for name, domain, words in (
        ("units", Range(16, 128), "not widen"),
        ("activation", Choices(("relu",)), "cannot be changed"),
        ("dropout", Range(0, 0.1), "dropout"),
    ):
        with pytest.raises(TrainyardError, match=words):
            narrowed.narrowed(name, domain)


def test_a_grid_has_all_choices_and_few_of_many_numbers() -> None:
    assert grid_points(Choices((False, True)), bool) == [False, True]
    assert grid_points(Range(2, 4), int) == [2, 3, 4]
    assert grid_points(Range(0.0, 0.2, step=0.1), float) == [0.0, 0.1, 0.2]
    assert len(grid_points(Range(1e-4, 1e-1, log=True), float)) == GRID_POINTS
    assert grid_points(Range(8, 8), int) == [8]
    assert combinations(study(units="16:18", activation="relu,tanh")) == 6
    many = StudySpec.build(VALUES, dict.fromkeys(list(FIELDS)[:12]), search=Search(sampler="grid"))
    for refuses in (check_grid, lambda spec: make_sampler(spec, 0)):
        with pytest.raises(TrainyardError, match="combinations, more than"):
            refuses(many)
    check_grid(replace(many, search=Search(sampler="random")))
    assert most_trials(many) == 20


def test_a_narrowed_range_need_not_end_on_a_step() -> None:
    made = distribution(Range(0.05, 0.42, step=0.1), float)
    assert (made.low, made.high) == (0.05, 0.35)  # type: ignore[attr-defined]


def test_the_largest_trial_has_the_upper_ends_of_all_numbers() -> None:
    space = {"units": Range(16, 300), "batch_size": None, "activation": None, "dropout": Range(0.1, 0.4)}
    largest = StudySpec.build({"dataset": "digits", "model": "mlp"}, space).largest().values()
    assert (largest["units"], largest["batch_size"], largest["dropout"]) == (300, 4096, 0.4)
    assert largest["activation"] == "relu"
