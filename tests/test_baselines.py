"""Baselines learn from the training split alone, are found once, stay within their time and obey a stop."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.baselines.base import Baseline, baseline_of, cached_baseline
from engine.baselines.fitting import fit_in_portions
from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.evaluation.values import evaluate_values
from engine.modalities.audio.baseline import mean_and_deviation
from engine.modalities.audio.mel import BANDS, log_mel
from engine.modalities.base import modalities
from engine.modalities.image.baseline import MAX_PIXELS, pixels
from engine.modalities.recipe import logistic_regressions
from engine.modalities.table.baseline import as_frame
from engine.preparation.prepare import prepare
from engine.settings import settings
from engine.tasks.base import Task, tasks
from engine.tasks.classification import Classification
from tests.prepared import InMemory, images, sounds, tables, texts


def classify(kind: str) -> Task:
    """Classification of inputs of one modality."""

    class OfModality(Classification):
        name: ClassVar[str] = f"{kind}-test"
        modality: ClassVar[str] = kind

    return OfModality()


class Regression(Task):
    """A number for each row of a table."""

    name: ClassVar[str] = "regression-test"
    modality: ClassVar[str] = "table"
    objective: ClassVar[str] = "val_mae"
    maximize: ClassVar[bool] = False

    def evaluate(self, outputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        return evaluate_values(outputs, targets)


@pytest.fixture
def limited(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set limits by name."""

    def limit(**values: Any) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"TRAINYARD_{name.upper()}", str(value))
        settings.cache_clear()

    return limit


@pytest.mark.parametrize(
    ("make", "task", "name"),
    [
        (images, classify("image"), "logistic-regression-pixels"),
        (texts, classify("text"), "logistic-regression-"),
        (sounds, classify("audio"), "logistic-regression-mel-bands"),
        (tables, classify("table"), ""),
    ],
    ids=["image", "text", "audio", "table"],
)
def test_every_modality_has_a_baseline_that_learns(
    home: Path, make: Callable[[Path], InMemory], task: Task, name: str
) -> None:
    data = make(home)
    baseline = baseline_of(data, task)
    assert baseline.name.startswith(name)
    assert baseline.metrics["test"]["accuracy"] > 0.8
    assert baseline.metrics.keys() == {"validation", "test"}
    assert baseline.num_examples == baseline.num_available == len(data.indices("train"))
    assert baseline.complete


def test_every_registered_task_has_a_recipe() -> None:
    assert {tasks[name].modality for name in tasks} <= set(modalities)


def test_a_line_is_enough_for_a_line_and_trees_are_chosen_for_a_curve(home: Path) -> None:
    straight = baseline_of(tables(home / "a", regression=True), Regression())
    curved = baseline_of(tables(home / "b", 1_000, regression=True, curved=True), Regression())
    assert straight.name == "ridge-regression"
    assert straight.metrics["test"]["r2"] > 0.9
    assert curved.name == "gradient-boosting"
    assert curved.metrics["test"]["r2"] > 0.7


def test_test_examples_change_only_the_test_figures(home: Path) -> None:
    one, other = images(home / "a"), images(home / "b")
    where = other.indices("test")
    other.targets[where] = 1 - other.targets[where]
    first, second = (baseline_of(data, classify("image")) for data in (one, other))
    assert first.metrics["validation"] == second.metrics["validation"]
    assert first.metrics["test"]["accuracy"] > 0.8 > 0.2 > second.metrics["test"]["accuracy"]


def test_the_test_split_is_scored_once_and_after_the_choice(home: Path) -> None:
    data = texts(home)
    scored: list[bool] = []

    class Counting(Classification):
        name: ClassVar[str] = "counting"
        modality: ClassVar[str] = "text"

        def evaluate(self, outputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
            scored.append(np.array_equal(targets, data.targets[data.indices("test")]))
            return super().evaluate(outputs, targets, info)

    baseline_of(data, Counting())
    assert scored == [False] * 7 + [True]


def test_it_is_found_once_for_each_dataset_and_task(home: Path) -> None:
    data, task = images(home), classify("image")
    assert cached_baseline(data, task) is None
    found = baseline_of(data, task)
    data.__dict__["asked"].clear()
    assert baseline_of(data, task) == cached_baseline(data, task) == found
    assert data.__dict__["asked"] == []
    assert cached_baseline(data, classify("audio")) is None
    [kept] = home.glob("*")
    json.loads(kept.read_text(), parse_constant=pytest.fail)


def test_other_limits_find_it_anew(home: Path, limited: Callable[..., None]) -> None:
    data, task = images(home), classify("image")
    baseline_of(data, task)
    limited(baseline_examples=20)
    assert cached_baseline(data, task) is None


def test_a_large_split_is_fitted_whole_where_time_allows(home: Path, limited: Callable[..., None]) -> None:
    limited(baseline_examples=20)
    baseline = baseline_of(images(home), classify("image"))
    assert (baseline.num_examples, baseline.num_available, baseline.complete) == (60, 60, True)


@pytest.mark.parametrize("bound", [{"max_baseline_mb": 1}, {"baseline_seconds": 1e-9}])
def test_a_split_that_takes_too_much_is_sampled_and_says_so(
    home: Path, limited: Callable[..., None], bound: dict[str, float]
) -> None:
    limited(baseline_examples=20, **bound)
    rng = np.random.default_rng(0)
    targets = np.arange(1_000) % 2
    wide = (rng.integers(0, 100, (1_000, 16, 16, 3)) + 100 * targets[:, None, None, None]).astype(np.uint8)
    baseline = baseline_of(InMemory(home, "image", wide, targets), classify("image"))
    assert 20 <= baseline.num_examples < baseline.num_available == 600


def test_when_time_is_out_the_first_candidate_counts(home: Path, limited: Callable[..., None]) -> None:
    limited(baseline_seconds=1e-9)
    baseline = baseline_of(texts(home), classify("text"))
    assert not baseline.complete
    assert (baseline.name, baseline.parameters) == ("logistic-regression-words", {"C": 10.0})


class Left(Exception):  # noqa: N818
    """Somebody asked for it."""


@pytest.mark.parametrize("chance", [1, 3, 5])
def test_it_can_be_left_at_any_time_and_then_nothing_is_kept(home: Path, chance: int) -> None:
    asked: list[int] = []

    def obey() -> None:
        asked.append(1)
        if len(asked) == chance:
            raise Left

    data = texts(home)
    with pytest.raises(Left):
        baseline_of(data, classify("text"), obey)
    assert list(home.glob("*")) == []


def test_a_class_that_was_not_fitted_has_no_probability(home: Path) -> None:
    data = images(home)
    data.__dict__["labels"] = ("low", "high", "never")
    assert baseline_of(data, classify("image")).metrics["test"]["accuracy"] > 0.8


def test_without_held_out_examples_there_are_no_figures_for_them(home: Path) -> None:
    class Held(InMemory):
        def indices(self, split: Any) -> np.ndarray:
            return np.arange(len(self.inputs)) if split == "train" else np.empty(0, np.int64)

    plain = images(home)
    baseline = baseline_of(Held(home, "image", plain.inputs, plain.targets), classify("image"))
    assert baseline == Baseline(baseline.name, baseline.parameters, {}, baseline.seconds, 100, 100)


def test_an_unknown_modality_is_an_error_with_a_sentence(home: Path) -> None:
    with pytest.raises(TrainyardError, match="modality named 'smell'"):
        baseline_of(images(home), classify("smell"))


def test_a_real_dataset_has_a_baseline_worth_beating(home: Path) -> None:
    baseline = baseline_of(prepare(datasets["digits"]()), tasks["image-classification"]())
    assert 0.9 < baseline.metrics["test"]["accuracy"] < 0.99


def test_portions_end_where_one_fit_ends() -> None:
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(200, 5)), rng.integers(0, 2, 200)
    [whole], [portions] = logistic_regressions(1.0), logistic_regressions(1.0)
    whole.set_params(max_iter=1_000).fit(features, targets)
    fit_in_portions(portions, features, targets, lambda: True)
    np.testing.assert_allclose(portions.coef_, whole.coef_, atol=1e-3)


def test_large_pictures_are_averaged_until_they_are_small() -> None:
    picture = np.arange(100 * 70, dtype=np.float64).reshape(1, 100, 70, 1) % 256
    assert pixels(picture.astype(np.uint8)).shape == (1, 50 * 35)
    assert pixels(np.zeros((2, 224, 224, 3), np.uint8)).shape[1] <= MAX_PIXELS
    even = np.kron(np.array([[0, 255], [255, 0]]), np.ones((40, 40)))[None, :, :, None].astype(np.uint8)
    np.testing.assert_allclose(np.unique(pixels(even)), [0, 1])


def test_a_tone_lies_in_its_mel_band() -> None:
    time = np.arange(16_000) / 16_000
    tones = np.stack([np.sin(2 * np.pi * hertz * time) * 20_000 for hertz in (200, 1_000, 6_000)]).astype(np.int16)
    bands = log_mel(tones)
    assert bands.shape == (3, 98, BANDS)
    loudest = bands.mean(axis=1).argmax(axis=1)
    mel = 2595 * np.log10(1 + np.array([200, 1_000, 6_000]) / 700)
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (20, 8_000))
    np.testing.assert_allclose(loudest, (mel - low) / (high - low) * (BANDS + 1) - 1, atol=0.75)


@pytest.mark.parametrize("count", [0, 1, 399, 400, 401])
def test_short_and_silent_sounds_have_features(count: int) -> None:
    features = mean_and_deviation(np.zeros((2, count), np.int16))
    assert features.shape == (2, 2 * BANDS)
    assert np.isfinite(features).all()


def test_tables_may_lack_a_kind_of_column_or_all_values_of_one(home: Path) -> None:
    data = tables(home / "a")
    data.inputs["numbers"][:, 1] = np.nan
    assert baseline_of(data, classify("table")).metrics["test"]["accuracy"] > 0.8
    for field in ("numbers", "categories"):
        part = np.empty(len(data.inputs), dtype=[(field, *data.inputs.dtype[field].subdtype)])
        part[field] = data.inputs[field]
        assert list(as_frame(part).columns) == [f"{field[0]}0", f"{field[0]}1"]
        assert baseline_of(InMemory(home / field, "table", part, data.targets), classify("table")).name
