"""Preparing: checks, splits, the cache and its budget."""

import os
import threading
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from engine.data_info import Column
from engine.datasets.base import Examples, UnsplitDataset
from engine.errors import TrainyardError
from engine.modalities.table.rows import make_rows
from engine.preparation.prepare import PreparedDataset, prepare, split_examples, trim_cache
from engine.settings import settings


class Tiny(UnsplitDataset):
    """Four classes of ten examples, each example twice; fields make it odd."""

    classes: int = 4
    each: int = 10
    loads: int = 0

    def fingerprint(self) -> str:
        return "tiny"

    def load(self) -> Examples:
        targets = np.repeat(np.arange(self.classes), self.each)
        inputs = np.arange(targets.size, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
        labels = tuple(f"class {index}" for index in range(self.classes))
        return Examples(
            np.concatenate([inputs, inputs]),
            np.concatenate([targets, targets]),
            labels,
            groups=np.tile(np.arange(targets.size), 2),
        )


class Counting(Tiny):
    """Counts how often it is read."""

    def load(self) -> Examples:
        type(self).reads.append(1)
        return super().load()


Counting.reads = []  # type: ignore[attr-defined]


class Values(UnsplitDataset):
    """Numbers to predict from few different rows, each many times."""

    different: int = 2

    tasks: ClassVar[tuple[str, ...]] = ("tabular-regression",)

    def fingerprint(self) -> str:
        return "values"

    def load(self) -> Examples:
        kinds = np.tile(np.arange(self.different), 60)
        inputs = make_rows(kinds[:, None].astype(np.float32), None)
        columns = (Column("kind", "number"),)
        return Examples(inputs, kinds + np.linspace(0, 0.5, len(kinds)), (), groups=kinds, columns=columns)


class Vanished(Tiny):
    """Its files were deleted."""

    def available(self) -> bool:
        return False


def test_the_second_call_reads_nothing(home: Path) -> None:
    Counting.reads.clear()
    first, second = prepare(Counting()), prepare(Counting())
    assert len(Counting.reads) == 1
    assert first == second
    assert isinstance(second.inputs, np.memmap)
    assert not second.inputs.flags.writeable


def test_arrays_of_a_split_belong_together(home: Path) -> None:
    prepared = prepare(Tiny())
    for split in ("train", "validation", "test"):
        inputs, targets = prepared.arrays(split)
        assert np.array_equal(inputs[:, 0, 0, 0] // 10, targets)


def test_both_copies_of_a_group_are_in_one_split(home: Path) -> None:
    for seed in range(5):
        parts = split_examples(Tiny(split_seed=seed), Tiny().load())
        for part in parts.values():
            assert {position % 40 for position in part} == {p for p in part if p < 40}


def test_the_same_seed_gives_the_same_split_and_another_seed_another(home: Path) -> None:
    examples = Tiny().load()
    first, again, other = (split_examples(Tiny(split_seed=seed), examples) for seed in (3, 3, 4))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["test"], other["test"])


def test_fractions_are_kept_within_one_example_of_each_class(home: Path) -> None:
    counts = prepare(Tiny(test_fraction=0.2, validation_fraction=0.25)).meta["counts"]
    assert counts == {"train": [12] * 4, "validation": [4] * 4, "test": [4] * 4}


def test_a_test_split_of_the_source_is_kept(home: Path) -> None:
    examples = Tiny().load()
    test = np.zeros(len(examples.inputs), bool)
    test[[0, 40, 11, 51]] = True
    fixed = Examples(examples.inputs, examples.targets, examples.labels, examples.groups, test)
    assert split_examples(Tiny(), fixed)["test"].tolist() == [0, 11, 40, 51]


def test_three_examples_of_a_class_are_one_for_each_split(home: Path) -> None:
    assert prepare(Tiny(each=3)).meta["counts"] == {name: [2] * 4 for name in ("train", "validation", "test")}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"classes": 1}, r"examples of only one class \('class 0'\); a classifier needs at least two"),
        ({"each": 2}, "fewer than 3 different examples of 'class 0', 'class 1'"),
        ({"each": 0}, "has no examples"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(home: Path, fields: dict[str, int], sentence: str) -> None:
    with pytest.raises(TrainyardError, match=sentence):
        prepare(Tiny(**fields))
    assert not list(settings().cache_path.glob("*"))


def test_few_different_rows_are_split_all_the_same(home: Path) -> None:
    counts = prepare(Values(different=5)).meta["counts"]
    assert all(sum(counts[name]) >= 50 for name in ("train", "validation", "test"))


def test_rows_of_which_none_is_left_for_validation_are_refused(home: Path) -> None:
    with pytest.raises(
        TrainyardError, match="has too few different examples: equal and related ones stay in one split"
    ):
        prepare(Values())
    assert not list(settings().cache_path.glob("*"))


def test_a_dataset_whose_files_are_gone_is_refused_even_when_it_was_prepared(home: Path) -> None:
    prepare(Tiny())
    with pytest.raises(TrainyardError, match="are missing"):
        prepare(Vanished())


def test_threads_that_prepare_at_once_agree(home: Path) -> None:
    found: list[PreparedDataset] = []
    threads = [threading.Thread(target=lambda: found.append(prepare(Tiny()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len({prepared.content_hash for prepared in found}) == 1
    assert [path.name for path in settings().cache_path.iterdir()] == [found[0].path.name]


def test_an_unwritable_home_is_a_sentence(home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file where the folder should be")
    with pytest.raises(TrainyardError, match=r"cannot be prepared in .*set TRAINYARD_HOME"):
        prepare(Tiny())


def test_the_cache_keeps_to_its_budget_by_dropping_the_least_recently_used(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = [prepare(Tiny(split_seed=seed)) for seed in range(3)]
    for age, each in enumerate(prepared):
        (each.path / "inputs.npy").write_bytes(bytes(60_000_000))
        os.utime(each.path, (1_000_000 + age, 1_000_000 + age))
    monkeypatch.setenv("TRAINYARD_CACHE_BUDGET_MB", "130")
    settings.cache_clear()
    trim_cache(keep=prepared[0].path)
    assert [each.path.exists() for each in prepared] == [True, False, True]


def test_what_a_killed_writer_left_is_swept_away_after_a_day(home: Path) -> None:
    fresh, old = settings().cache_path / ".prepare-fresh", settings().cache_path / ".prepare-old"
    for folder in (fresh, old):
        folder.mkdir(parents=True)
    os.utime(old, (1_000_000, 1_000_000))
    trim_cache()
    assert fresh.exists()
    assert not old.exists()


def test_folds_share_the_test_split_and_cover_the_rest_once(home: Path) -> None:
    prepared = [prepare(Tiny(folds=5, fold=fold)) for fold in range(5)]
    tests = [each.indices("test").tolist() for each in prepared]
    validations = [set(each.indices("validation").tolist()) for each in prepared]
    assert all(test == tests[0] for test in tests)
    assert set.union(*validations) == set(range(80)) - set(tests[0])
    assert sum(map(len, validations)) == 80 - len(tests[0])
    for each, validation in zip(prepared, validations, strict=True):
        assert not validation & set(each.indices("train").tolist())
        assert {index % 40 for index in validation} == {index - 40 for index in validation if index >= 40}  # twins


def test_a_class_too_small_for_the_folds_and_a_fold_too_many_are_sentences(home: Path) -> None:
    with pytest.raises(TrainyardError, match="too few for 12 folds"):
        prepare(Tiny(folds=12))
    with pytest.raises(TrainyardError, match="Fold 3 does not exist"):
        prepare(Tiny(folds=3, fold=3))
