"""Defaults for imported data follow what is known of it, say why, and are the same on the form, in a link and in a terminal."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.advice.defaults import Advice, Facts, training_for
from engine.cli.commands import make_parsers
from engine.datasets.base import datasets
from engine.imports.collected import mean_size_bytes
from engine.imports.sets import describe_set
from engine.imports.versions import delete_set
from engine.modalities.base import Modality, modalities
from engine.models.base import models
from engine.runs import RunSpec
from engine.service.commands import train_command
from engine.studies import StudySpec
from engine.tasks.base import tasks
from tests.test_own_data import flowers, imported, reviews, upload
from ui.train.form import read_form

SIZES = (20, 200, 2_000, 50_000)
OWN = {"image": "folder", "text": "my-texts", "audio": "my-clips", "table": "my-table", "scene": "my-scenes"}
"""Modalities for which it was measured what suits how many examples, and their imported sets."""


def facts(modality: str, size: int) -> Facts:
    """As an import of so many examples would tell."""
    return Facts(modality, round(0.765 * size), round(0.085 * size))


def advise(facts: Facts) -> Advice | None:
    """As the modality of the data does."""
    return modalities[facts.modality].advise(facts)


@pytest.fixture
def mine(home: Path) -> str:
    """An imported set of forty texts."""
    return str(imported(upload(reviews()), "reviews.csv").made.reference)


@pytest.mark.parametrize("modality", sorted(OWN))
@pytest.mark.parametrize("mean_size", [0.0, 30.0, 3_000.0])
@pytest.mark.parametrize("size", SIZES)
def test_every_advice_names_a_model_of_the_modality_values_that_it_takes_and_a_reason(
    modality: str, size: int, mean_size: float
) -> None:
    advice = advise(replace(facts(modality, size), mean_size_bytes=mean_size))
    assert advice is not None
    assert modality in models[advice.model].modalities
    assert advice.why.endswith(".")
    task = next(task for task in tasks.values() if task.modality == modality)
    spec = RunSpec.build(
        {"task": task.name, "dataset": OWN[modality], "model": advice.model} | advice.values_for(advice.model)
    )
    assert advice.values_for(advice.model).items() <= spec.values().items()


def test_what_nothing_was_measured_for_has_no_advice() -> None:
    assert Modality().advise(facts("smell", 100)) is None


@pytest.mark.parametrize("batch_size", [8, 32])
def test_a_small_set_is_seen_more_often_than_a_large_one(batch_size: int) -> None:
    epochs = [training_for(facts("text", size), batch_size)["epochs"] for size in SIZES]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > 2 * epochs[-1]


def test_where_few_examples_validate_the_first_epochs_do_not_count_and_nothing_stops_early() -> None:
    small, large = (training_for(facts("text", size), 16) for size in (40, 20_000))
    assert small["patience"] == 0
    assert small["first_best"] > small["epochs"] / 2
    assert large["patience"] > 0
    assert large["first_best"] == 1


def test_texts_of_ones_own_begin_with_what_is_advised_and_any_choice_overrules_it(mine: str) -> None:
    spec = RunSpec.build({"dataset": "my-texts", "texts": mine})
    advice = advise(spec.dataset.facts("text", spec.task.name))  # type: ignore[arg-type]
    assert advice is not None
    assert spec.model.name == advice.model
    assert advice.values_for(advice.model).items() <= spec.values().items()
    other = RunSpec.build({"dataset": "my-texts", "texts": mine, "model": "lstm", "batch_size": 4})
    assert (other.model.name, other.training.batch_size) == ("lstm", 4)
    assert other.training.epochs == advice.training["epochs"]


def test_embedded_sets_keep_what_was_measured_on_them() -> None:
    for dataset in datasets.values():
        if not hasattr(dataset, "kind"):
            assert dataset().facts("text", dataset.tasks[0]) is None


def test_a_link_and_a_command_name_only_what_differs_from_the_advice(mine: str) -> None:
    values = {"dataset": "my-texts", "texts": mine}
    spec = RunSpec.build(values)
    assert spec.flat().keys() == {"task", "dataset", "model", "optimizer", "schedule", "texts"}
    assert RunSpec.build(spec.flat()) == spec
    changed = RunSpec.build(values | {"epochs": 3})
    assert changed.flat()["epochs"] == 3
    assert RunSpec.build(changed.flat()) == changed
    words = " ".join(train_command(changed))
    assert f"--texts {mine}" in words
    assert "--epochs 3" in words
    assert "batch" not in words


def test_the_form_shows_the_advice_as_its_defaults_and_says_why(mine: str) -> None:
    form = read_form({"dataset": "my-texts", "texts": mine})
    assert form.spec() == RunSpec.build({"dataset": "my-texts", "texts": mine})
    assert form.defaults["texts"] == ""
    assert form.advice is not None
    assert form.defaults["epochs"] == form.advice.training["epochs"]
    assert read_form({"dataset": "my-texts"}).advice is None


def test_a_set_that_is_gone_or_a_value_that_cannot_be_read_leaves_the_form_usable(mine: str) -> None:
    for texts in ("gone", "no/such/name"):
        form = read_form({"dataset": "my-texts", "texts": texts})
        assert form.parts["dataset"].name == "my-texts"
        assert form.advice is None


def test_flags_are_those_of_the_advised_model(mine: str) -> None:
    arguments = ["train", "--dataset", "my-texts", "--texts", mine, "--ngrams", "3"]
    parser, _ = make_parsers(arguments)
    assert parser.parse_args(arguments).ngrams == "3"


def test_a_study_keeps_the_advice_of_its_day(mine: str) -> None:
    values = {"dataset": "my-texts", "texts": mine}
    study = StudySpec.build(values, {"learning_rate": None})
    before = study.run_spec({"learning_rate": 0.01})
    delete_set(mine)
    after = study.run_spec({"learning_rate": 0.01})
    assert (after.model.name, after.training) == (before.model.name, before.training)
    assert StudySpec.build({"dataset": "digits"}, {"learning_rate": None}).values == {"dataset": "digits"}


def test_what_is_advised_for_pictures_can_be_set_back_on_the_form(home: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label in ("dark", "light"):
        (tmp_path / "shades" / label).mkdir(parents=True)
        for number in range(8):
            shade = rng.integers(0, 100, (8, 8, 3)) + (150 if label == "light" else 0)
            Image.fromarray(shade.astype(np.uint8)).save(tmp_path / "shades" / label / f"{number}.png")
    made = imported(tmp_path / "shades", "shades").made.reference
    params = {"dataset": "folder", "folder": made}
    form = read_form(params)
    advised = form.defaults["image_size"]
    assert advised == form.spec().dataset.image_size != 64  # type: ignore[attr-defined]
    for size in ("64", "32", str(advised)):
        changed = read_form(params | {"image_size": size})
        assert changed.defaults["image_size"] == advised
        assert str(changed.spec().dataset.image_size) == size  # type: ignore[attr-defined]
    flat = RunSpec.build(params | {"image_size": 64}).flat()
    assert flat["image_size"] == 64
    assert "image_size" not in form.spec().flat()


def test_few_texts_begin_with_tf_idf_and_very_many_with_vectors_of_words_or_pieces() -> None:
    few, phrases, sentences = (
        advise(replace(facts("text", size), mean_size_bytes=mean_size))
        for size, mean_size in ((200, 120.0), (50_000, 20.0), (50_000, 120.0))
    )
    assert few is not None
    assert phrases is not None
    assert sentences is not None
    assert [advice.model for advice in (few, phrases, sentences)] == [
        "tf-idf",
        "bag-of-embeddings",
        "bag-of-embeddings",
    ]
    assert phrases.values["splitting"] == "pieces"
    assert "splitting" not in sentences.values


def test_the_mean_size_is_told_without_reading(home: Path, mine: str) -> None:
    lengths = [len(line.rpartition(",")[0]) for line in reviews().splitlines()[1:]]
    assert mean_size_bytes(describe_set(mine)) == pytest.approx(np.mean(lengths), abs=5)
    assert mean_size_bytes(imported(upload(flowers()), "flowers.csv", name="flowers").made) == 0
