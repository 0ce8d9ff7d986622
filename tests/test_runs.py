"""Run specs: built from flat values, stored as nested ones, and the same after every round trip."""

import json
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.models.base import models
from engine.optimizers import optimizers
from engine.runs import PARTS, SECTIONS, Run, RunSpec, RunState, Training, choose_parts, models_for, unused_fields
from engine.schedules import schedules
from engine.spec import Choices, Field, Range, Spec
from engine.tasks.base import tasks

patient = hypothesis.settings(deadline=None)  # other work on the machine is no failure


FITTING = [(name, model.name) for name in datasets for model in models_for(tasks[datasets[name].tasks[0]])]
"""Every dataset with every model that takes its inputs."""


def field_values(field: Field) -> st.SearchStrategy[Any]:
    """Any value that a form or a search may choose."""
    match field.domain:
        case Choices(options):
            return st.sampled_from(options)
        case Range(low, high) if field.type is int:
            return st.integers(int(low), int(high))
        case Range(low, high):
            return st.floats(low, high)
        case _:
            return st.just(field.default)


@st.composite
def flat_values(draw: st.DrawFn) -> dict[str, Any]:
    """Names of parts, and values for some of their fields."""
    dataset, model = draw(st.sampled_from(FITTING))
    names = {
        "dataset": dataset,
        "model": model,
        "optimizer": draw(st.sampled_from(list(optimizers))),
        "schedule": draw(st.sampled_from(list(schedules))),
    }
    names = {section: name for section, name in names.items() if section not in models[model].unused}
    parts = choose_parts(names)
    unused = unused_fields(parts)
    found = [field for part in parts.values() for field in part.fields() if not field.hidden]
    fields = [field for field in found if field.name not in unused]
    chosen = draw(st.lists(st.sampled_from(fields), unique_by=lambda field: field.name, max_size=8))
    return names | {field.name: draw(field_values(field)) for field in chosen}


@patient
@given(flat_values())
def test_what_was_given_is_what_the_spec_holds(values: dict[str, Any]) -> None:
    spec = RunSpec.build(values)
    for name, value in values.items():
        found = getattr(spec, name).name if name in PARTS else spec.values()[name]
        assert found == value


@patient
@given(flat_values())
def test_a_stored_spec_is_read_back_the_same(values: dict[str, Any]) -> None:
    spec = RunSpec.build(values)
    assert RunSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


@patient
@given(flat_values())
def test_a_link_reopens_the_same_form(values: dict[str, Any]) -> None:
    spec = RunSpec.build(values)
    in_the_url = {name: str(value) for name, value in spec.flat().items()}
    assert RunSpec.build(in_the_url) == spec


def test_a_spec_of_defaults_makes_the_shortest_link() -> None:
    assert RunSpec.build({}).flat().keys() == PARTS.keys()


def test_nothing_given_is_the_beginner_s_run() -> None:
    spec = RunSpec.build({})
    assert [spec.dataset.name, spec.model.name, spec.optimizer.name] == ["mnist", "cnn", "adam"]


def test_dataset_and_optimizer_suggest_values_that_a_given_one_overrules() -> None:
    suggested = datasets["mnist"].suggested["epochs"]
    assert RunSpec.build({"dataset": "mnist"}).training.epochs == suggested
    assert RunSpec.build({"dataset": "mnist", "epochs": suggested + 1}).training.epochs == suggested + 1
    assert RunSpec.build({"optimizer": "sgd"}).optimizer.learning_rate == optimizers["sgd"].suggested["learning_rate"]


@pytest.mark.parametrize(("dataset", "model"), FITTING)
def test_suggestions_are_names_and_values_that_exist(dataset: str, model: str) -> None:
    spec = RunSpec.build({"dataset": dataset, "model": model})
    every_field = {f.name for m in models.values() for f in m.fields()} | set(spec.everything())
    for suggested in (datasets[dataset].suggested, models[model].suggested):
        assert suggested.keys() <= every_field | {"model", "optimizer", "schedule"}
    assert datasets[dataset].suggested.get("model", model) in models


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": "mpl"}, "No model named 'mpl'. Did you mean 'mlp'"),
        ({"dataset": "minst"}, "No dataset named 'minst'. Did you mean 'mnist'"),
        ({"lerning_rate": 0.1}, "No hyperparameter named 'lerning_rate'. Did you mean 'learning_rate'"),
        ({"batch_size": 1}, "batch_size: "),
        ({"epochs": "ten"}, "epochs: "),
        ({"learning_rate": "nan"}, "learning_rate: "),
        ({"device": "tpu"}, "device: "),
        ({"task": "image-clasification"}, "Did you mean 'image-classification'"),
    ],
)
def test_a_wrong_value_gets_a_sentence(values: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainyardError) as caught:
        RunSpec.build(values)
    assert words in str(caught.value)


def test_a_part_that_was_unregistered_since_is_a_sentence() -> None:
    stored = RunSpec.build({"model": "mlp"}).to_dict()
    stored["model"]["name"] = "retired"
    with pytest.raises(TrainyardError, match="No model named 'retired'"):
        RunSpec.from_dict(stored)


@pytest.mark.parametrize(("dataset", "model"), FITTING)
def test_no_two_parts_of_a_run_share_a_field_name(dataset: str, model: str) -> None:
    """A flat name in a URL, on a command line or in a search must mean one field."""
    for optimizer in optimizers:
        for schedule in schedules:
            names = {"dataset": dataset, "model": model, "optimizer": optimizer, "schedule": schedule}
            flat = [field.name for part in choose_parts(names).values() for field in part.fields()]
            assert len(flat) == len(set(flat))
            assert not set(flat) & set(SECTIONS)


def test_sections_come_in_the_order_of_a_form() -> None:
    sections = RunSpec.build({}).sections()
    assert list(sections) == [name for name in SECTIONS if name in sections]
    assert all(isinstance(part, Spec) for part in sections.values())


def test_only_queued_and_running_runs_are_live() -> None:
    assert {state for state in RunState if state.live} == {RunState.QUEUED, RunState.RUNNING}
    assert not Run(id=1, state=RunState.STOPPED, spec={}).live


def test_a_run_knows_its_typed_spec() -> None:
    spec = RunSpec.build({"model": "mlp", "epochs": 3})
    assert Run(id=1, state=RunState.QUEUED, spec=spec.to_dict()).parsed() == spec
    assert isinstance(spec.training, Training)


@pytest.mark.parametrize("task", list(tasks))
def test_each_task_begins_with_a_dataset_that_is_there(task: str) -> None:
    assert RunSpec.build({"task": task}).dataset.available()
    assert datasets[RunSpec.build({"task": task}).dataset.name].embedded
