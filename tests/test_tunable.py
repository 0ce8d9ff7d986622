"""A study never varies the target or the examples of the evaluation: otherwise trials could not be compared."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from engine.datasets.base import datasets
from engine.datasets.stored.base import OwnDataset
from engine.imports.importing import import_data
from engine.imports.own_kinds import own_kind
from engine.imports.understood import Choice
from engine.models.base import models
from engine.preparation.prepare import PreparedDataset, prepare
from engine.runs import PARTS, Training
from engine.settings import settings
from engine.spec import Choices, Field, Range, Spec
from tests.test_archive import pictures, zipped
from tests.test_own_data import imported, tones
from tests.test_own_series import daily


def measured() -> dict[str, bytes]:
    """Pictures with a number each."""
    files = {path.replace("/", "-"): data for path, data in pictures(8).items()}
    table = "\n".join(["file,age", *(f"{name},{age}" for age, name in enumerate(files))])
    return files | {"ages.csv": table.encode()}


OWN = {"folder": pictures, "my-clips": tones, "my-measured-images": measured}
"""Uploads for those of one's own datasets that have fields to vary."""
FIELDS = [(name, field) for name in datasets for field in datasets[name].hyperparameters()]
SPECS: list[type[Spec]] = [*(spec for registry in PARTS.values() for spec in registry.values()), Training]
GOAL = {
    "validation_fraction",
    "test_fraction",
    "split_seed",
    "folds",
    "fold",
    "predict",
    "classes",
    "words",
    "style",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One home for all: what was prepared once need not be again."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        for name, make in OWN.items():
            imported(zipped(make()), "mine.zip", name=name)
        choice = Choice("time-series", "my-series", label_column="sales")
        import_data(BytesIO(daily(400).encode()), "mine.csv", choice)
        yield
    settings.cache_clear()


def prepared(name: str, **values: Any) -> PreparedDataset:
    """A dataset with these values; one's own has something in it."""
    dataset = datasets[name]
    chosen = {own_kind(dataset.kind).field: name} if issubclass(dataset, OwnDataset) else {}
    return prepare(dataset.parse(chosen | values))


LONGEST = {"window": 120}
"""The longest that the small series here bear; a longer one is refused with a sentence."""


def extremes(field: Field) -> list[Any]:
    """The first and the last choice, or both ends of a range, as far as the data here goes."""
    match field.domain:
        case Choices(options):
            return [options[0], options[-1]]
        case Range(low, high):
            return [field.type(low), field.type(min(high, LONGEST.get(field.name, high)))]
    raise TypeError(field.domain)


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[f"{name} {field.name}" for name, field in FIELDS])
def test_what_varies_changes_neither_the_examples_that_judge_nor_the_classes(
    name: str, field: Field, home: None
) -> None:
    one, other = (prepared(name, **{field.name: value}) for value in extremes(field))
    if field.name in LONGEST:  # with a longer one there are fewer examples to train on
        for split in ("validation", "test"):
            assert np.array_equal(one.targets[one.indices(split)], other.targets[other.indices(split)])
        return
    assert one.info.labels == other.info.labels
    for split in ("train", "validation", "test"):
        assert np.array_equal(one.indices(split), other.indices(split))
    assert np.array_equal(one.targets, other.targets)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name or spec.__name__)
def test_no_part_offers_to_vary_what_evaluates_or_how_exactly_is_computed(spec: type[Spec]) -> None:
    varied = {field.name for field in spec.hyperparameters()}
    assert not varied & (GOAL | {"seed", "device", "deterministic", "mixed_precision"})


def test_fields_that_may_be_varied_are_there() -> None:
    assert {name for name, _ in FIELDS} >= OWN.keys()
    assert all(model.hyperparameters() for model in models.values())
