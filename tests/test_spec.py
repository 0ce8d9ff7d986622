"""Declarations: ranges, choices and help, for toy specs and for every spec that is registered."""

import json
from typing import Annotated, Literal

import pytest

from engine.augmentations.base import augmentations
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.models.base import models
from engine.optimizers import optimizers
from engine.runs import Training
from engine.schedules import schedules
from engine.spec import ADVANCED, Choices, Options, Range, Spec
from engine.tasks.base import tasks

REGISTRIES = (tasks, datasets, models, optimizers, schedules, augmentations)
EVERY_SPEC = [Training, *(spec for registry in REGISTRIES for spec in registry.values())]


class Toy(Spec):
    """A toy.

    With a second paragraph.
    """

    units: Annotated[int, Range(1, 8)] = 4
    """Width."""
    rate: Annotated[float, Range(1e-4, 1.0, log=True), ADVANCED] = 0.1
    """Speed."""
    colour: Literal["red", "blue"] = "red"
    """Look."""
    loud: bool = False
    """Noise."""
    size: Literal[28, 32] = 28
    """Extent."""
    seed: int = 0
    """Chance."""
    device: Annotated[str, Options("devices")] = "auto"
    """Device."""


def test_a_field_tells_everything_that_a_widget_needs() -> None:
    fields = {field.name: field for field in Toy.fields()}
    assert fields["units"].domain == Range(1, 8)
    assert (fields["units"].type, fields["units"].default, fields["units"].help) == (int, 4, "Width.")
    assert fields["colour"].domain == Choices(("red", "blue"))
    assert fields["loud"].domain == Choices((False, True))
    assert fields["device"].domain == Options("devices")
    assert fields["seed"].domain is None
    assert [name for name, field in fields.items() if field.advanced] == ["rate"]


def test_only_what_has_a_range_or_choices_is_searched() -> None:
    assert [field.name for field in Toy.hyperparameters()] == ["units", "rate", "colour", "loud", "size"]


def test_the_summary_is_the_first_line_of_the_docstring() -> None:
    assert Toy.summary() == "A toy."


def test_both_bounds_of_a_range_are_allowed() -> None:
    assert Toy.parse({"units": 1}).units == 1
    assert Toy.parse({"units": 8}).units == 8


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"units": 0}, "units: Input should be greater than or equal to 1 (got 0)."),
        ({"units": 9}, "units: Input should be less than or equal to 8 (got 9)."),
        ({"units": 2.5}, "units: "),
        ({"rate": float("nan")}, "rate: "),
        ({"rate": float("inf")}, "rate: "),
        ({"colour": "green"}, "colour: Input should be 'red' or 'blue' (got 'green')."),
        ({"size": "30"}, "size: Input should be 28 or 32 (got '30')."),
        ({"weight": 1}, "weight: Extra inputs are not permitted (got 1)."),
        ({"units": 0, "colour": "green"}, "\ncolour: "),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(values: dict[str, object], words: str) -> None:
    with pytest.raises(TrainyardError) as caught:
        Toy.parse(values)
    assert words in str(caught.value)


def test_texts_from_a_url_become_numbers_and_choices() -> None:
    texts = {"units": "3", "rate": "1e-3", "loud": "true", "size": "32"}
    assert Toy.parse(texts) == Toy(units=3, rate=1e-3, loud=True, size=32)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Toy().units = 2  # type: ignore[misc]


@pytest.mark.parametrize("spec", EVERY_SPEC, ids=lambda spec: spec.__name__)
class TestEverySpec:
    """The contract of all registered specs."""

    def test_it_says_what_it_is(self, spec: type[Spec]) -> None:
        assert spec.summary().endswith(".")
        assert spec.__doc__ != Spec.__doc__

    def test_every_field_has_a_sentence_of_help(self, spec: type[Spec]) -> None:
        silent = [field.name for field in spec.fields() if not field.help.strip().endswith(".")]
        assert not silent

    def test_its_defaults_are_valid(self, spec: type[Spec]) -> None:
        assert spec.parse({}) == spec.parse({field.name: field.default for field in spec.fields()})

    def test_the_ends_of_every_range_are_valid(self, spec: type[Spec]) -> None:
        for field in spec.fields():
            if isinstance(field.domain, Range):
                for end in (field.domain.low, field.domain.high):
                    assert getattr(spec.parse({field.name: field.type(end)}), field.name) == end

    def test_a_value_beyond_a_range_is_refused(self, spec: type[Spec]) -> None:
        for field in spec.fields():
            if isinstance(field.domain, Range):
                for beyond in (field.domain.low - 1, field.domain.high + 1):
                    with pytest.raises(TrainyardError, match=field.name):
                        spec.parse({field.name: beyond})

    def test_every_choice_is_valid(self, spec: type[Spec]) -> None:
        for field in spec.fields():
            if isinstance(field.domain, Choices):
                for option in field.domain.options:
                    assert getattr(spec.parse({field.name: option}), field.name) == option

    def test_logarithmic_ranges_start_above_zero(self, spec: type[Spec]) -> None:
        for field in spec.fields():
            if isinstance(field.domain, Range) and field.domain.log:
                assert field.domain.low > 0

    def test_it_survives_json(self, spec: type[Spec]) -> None:
        stored = json.loads(json.dumps(spec.parse({}).to_dict()))
        assert stored.pop("name", "") == spec.name
        assert spec.parse(stored) == spec.parse({})
