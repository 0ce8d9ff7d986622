"""Health checks find planted problems in small real datasets, and report nothing about sound data."""

import json
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.data_info import Column
from engine.datasets.base import Examples, UnsplitDataset
from engine.errors import TrainyardError
from engine.inspection import checks
from engine.inspection.balance import check_balance
from engine.inspection.checks import CHECKS, known_result, run_check
from engine.inspection.columns import TELLTALE, inspect_all
from engine.inspection.duplicates import find_duplicates
from engine.inspection.mislabels import find_mislabels
from engine.modalities.audio.clips import loud_seconds
from engine.modalities.image.looks import image_features, near_images
from engine.modalities.table.rows import make_rows
from engine.modalities.text.looks import normalised, text_sizes
from engine.preparation.prepare import PreparedDataset, prepare
from engine.settings import settings


class Planted(UnsplitDataset):
    """Dataset of whatever a test puts there."""

    examples: ClassVar[Examples]

    def fingerprint(self) -> str:
        """Never the same twice."""
        return str(time.monotonic_ns())

    def load(self) -> Examples:
        """As planted."""
        return self.examples


def planted(inputs: np.ndarray, targets: Any, labels: tuple[str, ...] = (), **more: Any) -> PreparedDataset:
    """Prepared from arrays."""
    kind = "tabular" if inputs.dtype.names else {1: "text", 2: "audio", 4: "image"}[inputs.ndim]
    regression = kind == "tabular" and not labels
    Planted.tasks = (f"{kind}-regression" if regression else f"{kind}-classification",)
    if not labels and not regression:
        labels = tuple(map(str, range(np.max(targets) + 1)))
    Planted.examples = Examples(inputs, np.asarray(targets), labels, **more)
    return prepare(Planted())


def texts(*given: str) -> np.ndarray:
    """Strings as a dataset has them."""
    found = np.empty(len(given), object)
    found[:] = given
    return found


def pictures(count: int, seed: int = 0, size: int = 24) -> np.ndarray:
    """Smooth pictures that all differ."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 4, 4, 3), np.uint8).repeat(size // 4, axis=1).repeat(size // 4, axis=2)


# -- duplicates --------------------------------------------------------------------------------------------------------


def test_copies_leaks_and_contradictions_are_told_apart(home: Path) -> None:
    words = [f"text {i}" for i in range(40)]
    words[1] = words[0]  # the same class
    words[3] = words[2]
    targets = np.arange(40) // 2 % 2
    targets[3] = 1 - targets[2]  # another class
    found = find_duplicates(planted(texts(*words), targets, ("a", "b"), test=np.arange(40) % 2 == 1), 100)
    assert found["copies"]["groups"] == 2
    assert found["copies"]["extra"] == 2
    assert sorted(found["leaks"]["shown"]) == [[0, 1], [2, 3]]  # even ones train or validate, odd ones test
    assert found["contradictions"]["shown"] == [[2, 3]]


def test_copies_in_one_split_are_no_leak(home: Path) -> None:
    data = planted(texts(*[f"text {i // 2}" for i in range(40)]), np.arange(40) // 2 % 2, ("a", "b"),
                   groups=np.arange(40) // 2)  # fmt: skip
    found = find_duplicates(data, 100)
    assert found["copies"]["groups"] == 20
    assert found["leaks"]["groups"] == 0


def test_texts_that_differ_in_case_and_signs_are_near(home: Path) -> None:
    words = [f"text {i}" for i in range(30)]
    words[5], words[6] = "Hello, WORLD!", "hello   world"
    found = find_duplicates(planted(texts(*words), np.arange(30) % 2, ("a", "b")), 100)
    assert found["near"]["shown"] == [[5, 6]]
    assert found["copies"]["groups"] == 0


@pytest.mark.parametrize(
    ("one", "other"), [("Ａｂｃ", "abc"), ("a-b c", "ABC"), ("你好！", "你好"), ("!!!", "!!!")],
)  # fmt: skip
def test_what_people_would_call_the_same_text_is_normalised_alike(one: str, other: str) -> None:
    assert normalised(one) == normalised(other) != ""


def test_texts_of_signs_only_are_not_all_the_same() -> None:
    assert normalised(":-)") != normalised(":-(")


def test_pictures_that_look_alike_are_near_and_others_are_not() -> None:
    images = pictures(40)
    images[7] = np.clip(images[3].astype(int) + 2, 0, 255).astype(np.uint8)  # a little brighter
    assert near_images(images) == [(3, 7)]


def test_equal_rows_with_other_targets_contradict(home: Path) -> None:
    numbers = np.arange(40, dtype=np.float32).reshape(-1, 1)
    numbers[1] = numbers[0]
    data = planted(make_rows(numbers, None), np.arange(40.0), columns=(Column("a", "number"),), target="y")
    assert find_duplicates(data, 100)["contradictions"]["shown"] == [[0, 1]]


# -- columns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [True, False])
def test_a_column_that_gives_the_target_away_is_found_and_honest_ones_are_not(classes: bool, home: Path) -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=300)
    targets = (truth > 0).astype(np.int64) if classes else truth
    numbers = np.stack([truth + rng.normal(size=300), 3 * truth + 1, np.full(300, 7.0), rng.normal(size=300)], axis=1)
    numbers[:200, 3] = np.nan
    columns = tuple(Column(name, "number") for name in ("honest", "copy", "constant", "gaps"))
    data = planted(make_rows(numbers, None), targets, ("no", "yes") if classes else (), columns=columns)
    found = {column["column"]: column for column in inspect_all(data, 1_000)["columns"]}
    assert found["copy"]["alone"] >= TELLTALE
    assert max(found[name]["alone"] for name in ("honest", "constant", "gaps")) < 0.8
    assert found["constant"]["constant"] == 1.0
    assert found["gaps"]["missing"] == pytest.approx(2 / 3)


def test_a_category_that_repeats_the_class_is_found(home: Path) -> None:
    targets = np.arange(60) % 3
    categories = np.array([["xyz"[t], "pq"[i % 2]] for i, t in enumerate(targets)], object)
    columns = (Column("same", "category"), Column("other", "category"))
    data = planted(make_rows(None, categories), targets, ("a", "b", "c"), columns=columns)
    same, other = inspect_all(data, 1_000)["columns"]
    assert same["alone"] == 1.0
    assert other["alone"] < 0.2


def test_a_column_that_gives_one_of_three_classes_away_is_found_and_named(home: Path) -> None:
    rng = np.random.default_rng(0)
    targets = rng.permutation(np.arange(300) % 3)
    refunded = np.where(targets == 2, rng.integers(1, 9, 300), 0).astype(float)
    honest = targets + rng.normal(size=300)
    columns = (Column("refunded", "number"), Column("honest", "number"))
    data = planted(
        make_rows(np.stack([refunded, honest], axis=1), None), targets, ("kept", "lost", "sent back"), columns=columns
    )
    telling, other = inspect_all(data, 1_000)["columns"]
    assert telling["alone"] < TELLTALE, "of the other two classes it says nothing"
    assert (telling["class"], telling["of_class"]) == ("sent back", 1.0)
    assert other["of_class"] < 0.8


def test_a_class_of_a_few_examples_is_not_called_given_away(home: Path) -> None:
    targets = np.array([0] * 60 + [1] * 60 + [2] * 6)
    numbers = np.where(targets == 2, 9.0, np.random.default_rng(0).normal(size=126))[:, None]
    [found] = inspect_all(
        planted(make_rows(numbers, None), targets, ("a", "b", "c"), columns=(Column("n", "number"),)), 1_000
    )["columns"]
    assert found["class"] in ("a", "b")
    assert found["of_class"] < 0.8


def test_of_two_classes_nothing_is_said_twice(home: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=(60, 1))
    data = planted(make_rows(numbers, None), np.arange(60) % 2, ("a", "b"), columns=(Column("n", "number"),))
    assert "of_class" not in inspect_all(data, 1_000)["columns"][0]


def test_a_large_table_is_evaluated_by_a_sample(home: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=(500, 1))
    data = planted(make_rows(numbers, None), np.arange(500) % 2, ("a", "b"), columns=(Column("n", "number"),))
    found = inspect_all(data, 100)
    assert (found["examined"], found["of"]) == (100, 500)


# -- wrong labels ------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # of the solver, which need not come to its end
@pytest.mark.parametrize("kind", ["texts", "rows", "images", "clips"])
def test_planted_wrong_labels_come_first(kind: str, home: Path) -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(120) % 2
    more: dict[str, Any] = {}
    if kind == "texts":
        words = (("sun", "warm", "beach"), ("snow", "cold", "ski"))
        inputs = texts(*[f"{' '.join(rng.choice(words[t], 5))} number {i}" for i, t in enumerate(truth)])
    elif kind == "rows":
        inputs = make_rows(truth[:, None] * 4 + rng.normal(size=(120, 2)), np.array([["xy"[t]] for t in truth], object))
        more["columns"] = (Column("a", "number"), Column("b", "number"), Column("c", "category"))
    elif kind == "images":
        inputs = (truth[:, None, None, None] * 120 + rng.integers(0, 100, (120, 20, 20, 1))).astype(np.uint8)
    else:
        time = np.arange(8_000) / 16_000
        waves = np.sin(2 * np.pi * np.where(truth, 400, 1_500)[:, None] * time)
        inputs = (6_000 * waves + rng.normal(size=(120, 8_000)) * 300).astype(np.int16)
    given = truth.copy()
    wrong = {11, 40, 77}
    given[list(wrong)] = 1 - given[list(wrong)]
    found = find_mislabels(planted(inputs, given, ("a", "b"), **more), 1_000)
    assert {suspect["position"] for suspect in found["suspects"][:3]} == wrong
    assert all(suspect["said"] == truth[suspect["position"]] for suspect in found["suspects"][:3])
    assert found["accuracy"] > 0.9
    test = found["test"]
    assert (test["changed"], test["found"] >= 5, test["marked"] <= 12) == (6, True, True)


def test_what_is_marked_is_worth_little_where_nothing_can_be_learned(home: Path) -> None:
    rng = np.random.default_rng(0)
    inputs = make_rows(rng.normal(size=(120, 2)), np.full((120, 0), "", object))
    columns = (Column("a", "number"), Column("b", "number"))
    test = find_mislabels(planted(inputs, rng.integers(0, 2, 120), ("a", "b"), columns=columns), 1_000)["test"]
    assert test["found"] < 0.3 * test["marked"]


def test_too_few_examples_are_a_sentence(home: Path) -> None:
    data = planted(texts(*"abcdefgh"), [0, 0, 0, 0, 1, 1, 1, 1], ("a", "b"))
    data.targets[:] = np.arange(8)
    with pytest.raises(TrainyardError, match="too few examples"):
        find_mislabels(data, 100)


# -- measures ----------------------------------------------------------------------------------------------------------


def test_pictures_of_odd_sizes_have_fields() -> None:
    assert image_features(pictures(3, size=4)).shape == (3, 48)
    assert image_features(np.zeros((2, 17, 33, 1), np.uint8)).shape == (2, 256)


def test_image_fields_are_means() -> None:
    image = np.zeros((1, 32, 32, 1), np.uint8)
    image[0, :2, :2] = 100
    fields = image_features(image)[0]
    assert fields[0] == pytest.approx(100 / 255)
    assert not fields[1:].any()


def test_sizes_count_characters_words_and_seconds() -> None:
    characters, words = text_sizes(texts("one two, three", "春眠不觉晓", ""))
    assert (characters.tolist(), words.tolist()) == ([14, 5, 0], [3, 5, 0])
    clips = np.zeros((2, 16_000), np.int16)
    clips[0, 4_000:12_000] = 5_000
    assert loud_seconds(clips).tolist() == pytest.approx([0.5, 0.0], abs=0.03)


def test_balance_names_the_largest_and_the_rare(home: Path) -> None:
    data = planted(texts(*map(str, range(100))), [0] * 90 + [1] * 10, ("many", "few"))
    found = check_balance(data)
    assert (found.largest, found.most, found.least, found.uneven) == ("many", 90, 10, True)
    assert found.rare == ("few",)
    assert not check_balance(planted(texts(*map(str, range(100))), np.arange(100) % 2, ("a", "b"))).uneven


# -- in a process of their own -----------------------------------------------------------------------------------------


def test_a_check_runs_once_in_its_own_process_and_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = planted(texts(*[f"text {i // 2}" for i in range(40)]), np.arange(40) % 2, ("a", "b"))
    assert known_result(data, "duplicates") is None
    found = run_check(data, "duplicates")
    assert found["copies"]["groups"] == 20
    monkeypatch.setattr(checks.subprocess, "run", None)  # whoever starts another process now fails
    assert run_check(data, "duplicates") == known_result(data, "duplicates") == found


def test_the_sentence_of_a_check_reaches_the_caller(home: Path) -> None:
    data = planted(texts(*"abcdefgh"), [0, 0, 0, 0, 1, 1, 1, 1], ("a", "b"))
    np.save(data.path / "targets.npy", np.arange(8))
    with pytest.raises(TrainyardError, match=r"^There are too few examples of each class"):
        run_check(data, "mislabels")
    assert known_result(data, "mislabels") is None


def test_a_check_that_takes_too_long_is_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_INSPECTION_SECONDS", "1.01")
    settings.cache_clear()
    data = planted(pictures(4_000, size=24), np.arange(4_000) % 2, ("a", "b"))
    with pytest.raises(TrainyardError, match=r"took more than 1\.01 seconds"):
        run_check(data, "mislabels")


def test_a_check_that_needs_too_much_memory_is_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_INSPECTION_MEMORY_MB", "700")
    settings.cache_clear()
    data = planted(
        np.random.default_rng(0).integers(0, 256, (300, 320, 320, 3)).astype(np.uint8), np.arange(300) % 2, ("a", "b")
    )
    large = np.lib.format.open_memmap(data.path / "inputs.npy", "w+", np.uint8, (9_000, 320, 320, 3))  # sparse on disk
    del large
    np.save(data.path / "targets.npy", np.arange(9_000) % 2)
    with pytest.raises(TrainyardError, match="TRAINYARD_INSPECTION_MEMORY_MB"):
        run_check(data, "mislabels")


def test_a_result_that_is_broken_is_found_anew(home: Path) -> None:
    data = planted(texts(*map(str, range(20))), np.arange(20) % 2, ("a", "b"))
    run_check(data, "duplicates")
    path = checks.result_path(data, "duplicates")
    path.write_text("{", encoding="utf-8")
    assert known_result(data, "duplicates") is None
    assert run_check(data, "duplicates")["copies"]["groups"] == 0
    assert json.loads(path.read_text())["examined"] == 20


def test_results_are_plain_json(home: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=(60, 2))
    columns = (Column("a", "number"), Column("b", "number"))
    data = planted(make_rows(numbers, None), np.arange(60) % 2, ("x", "y"), columns=columns)
    for check in CHECKS.values():
        assert json.loads(json.dumps(check(data, 100)))
