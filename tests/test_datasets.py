"""The contract of every dataset, and the contents of each embedded one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.datasets.base import Dataset, Examples, datasets
from engine.datasets.sources import textures
from engine.datasets.sources.fetched import FetchedDataset
from engine.errors import TrainyardError
from engine.preparation.catalog import catalog, describe
from engine.preparation.prepare import SPLITS, PreparedDataset, prepare
from engine.settings import settings
from engine.tasks.base import tasks
from tests.once import forget_loaded

EMBEDDED = [name for name in datasets if datasets[name].embedded and datasets[name].num_examples]
FETCHED = [name for name in datasets if issubclass(datasets[name], FetchedDataset)]


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for the tests that only read prepared data: preparing again and again would be slow."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(home))
        settings.cache_clear()
        yield home
    settings.cache_clear()


@pytest.fixture(params=EMBEDDED)
def dataset(request: pytest.FixtureRequest, shared_home: Path) -> Dataset:
    """Each embedded dataset with its default fields."""
    settings.cache_clear()
    return datasets[request.param]()


def splits_of(prepared: PreparedDataset) -> dict[str, np.ndarray]:
    """Split name -> positions."""
    return {name: prepared.indices(name) for name in SPLITS}


def loaded(name: str, **fields: object) -> Examples:
    """All examples of a dataset."""
    return datasets[name].parse(fields).load()


# -- every dataset -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(datasets))
def test_it_says_where_it_comes_from_and_what_it_cannot_show(name: str) -> None:
    dataset = datasets[name]
    for text in (dataset.source, dataset.licence, dataset.limits, dataset.summary()):
        assert text.strip()
    assert set(dataset.tasks) <= set(tasks)
    assert all(field.help for field in dataset.fields())


def test_splits_are_disjoint_and_cover_everything(dataset: Dataset) -> None:
    prepared = prepare(dataset)
    positions = np.concatenate(list(splits_of(prepared).values()))
    assert np.array_equal(np.sort(positions), np.arange(len(prepared.inputs)))
    assert all(len(part) for part in splits_of(prepared).values())


def test_splits_are_stratified(dataset: Dataset) -> None:
    prepared = prepare(dataset)
    targets = prepared.targets
    if prepared.codec.numbers:
        strata = np.searchsorted(np.quantile(targets, [0.2, 0.4, 0.6, 0.8]), targets)
    else:
        strata = targets if prepared.codec.classes else prepared.strata(np.arange(len(targets)))
    whole = np.bincount(strata) / len(strata)
    for part in splits_of(prepared).values():
        share = np.bincount(strata[part], minlength=len(whole)) / len(part)
        assert share.min() > 0
        assert abs(share - whole).max() < 0.05


def test_numbers_and_labels_are_true(dataset: Dataset) -> None:
    prepared = prepare(dataset)
    assert len(prepared.inputs) == len(prepared.targets) == dataset.num_examples
    assert len(prepared.info.labels) == dataset.num_classes
    if prepared.codec.classes:
        assert len(set(prepared.targets.tolist())) == dataset.num_classes
    if prepared.codec.classes or prepared.codec.numbers:
        assert prepared.targets.dtype == (np.int64 if prepared.info.labels else np.float64)
    if dataset.tasks == ("image-classification",):
        assert prepared.inputs.dtype == np.uint8
        assert prepared.inputs.max() > 200  # the whole range is used
        assert prepared.info.shape[-1] in (1, 3)


def test_no_group_lies_in_two_splits(dataset: Dataset) -> None:
    groups = dataset.load().groups
    if groups is None:
        pytest.skip("has no groups")
    parts = [set(groups[part]) for part in splits_of(prepare(dataset)).values()]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


def test_the_content_hash_is_stable_and_follows_the_split_seed(dataset: Dataset) -> None:
    first = prepare(dataset)
    content_hash = first.content_hash
    shutil.rmtree(first.path)
    forget_loaded()
    assert prepare(dataset).content_hash == content_hash
    assert prepare(dataset.model_copy(update={"split_seed": 1})).content_hash != content_hash


@pytest.mark.parametrize("name", FETCHED)
def test_a_dataset_that_is_not_here_names_the_command_that_fetches_it(name: str, home: Path) -> None:
    with pytest.raises(TrainyardError, match=rf"'{name}' is not on disk. Run: python -m engine fetch {name}$"):
        prepare(datasets[name]())


# -- single datasets ---------------------------------------------------------------------------------------------------


def test_two_drawings_of_one_emoji_stay_in_one_split(shared_home: Path) -> None:
    parts = splits_of(prepare(datasets["emoji"]()))
    for part in parts.values():
        assert {position + 1911 for position in part if position < 1911} == {p for p in part if p >= 1911}


def test_emoji_that_look_the_same_stay_in_one_split(shared_home: Path) -> None:
    prepared = prepare(datasets["emoji"]())
    drawn = [{pixels.tobytes() for pixels in prepared.arrays(split)[0]} for split in ("train", "validation", "test")]
    assert not drawn[0] & drawn[1]
    assert not drawn[0] & drawn[2]
    assert not drawn[1] & drawn[2]


@pytest.mark.parametrize("style", ["noto", "twemoji"])
def test_one_style_of_emoji_has_half_of_the_examples(style: str) -> None:
    both, one = loaded("emoji"), loaded("emoji", style=style)
    half = slice(0, 1911) if style == "noto" else slice(1911, None)
    assert np.array_equal(one.inputs, both.inputs[half])


def test_drawable_datasets_are_white_on_black() -> None:
    for name in ("fashion", "mnist", "digits"):
        corners = loaded(name).inputs[:, 0, 0]
        assert datasets[name].ink == "white-on-black"
        assert np.median(corners) == 0


@pytest.mark.parametrize("background", ["plain", "textured"])
def test_stamps_are_composed_the_same_each_time(background: str) -> None:
    first, second = loaded("stamps", background=background), loaded("stamps", background=background)
    assert np.array_equal(first.inputs, second.inputs)


def test_backgrounds_of_stamps_differ_between_stamps_and_between_kinds() -> None:
    plain, textured = loaded("stamps", background="plain"), loaded("stamps", background="textured")
    assert len(np.unique(plain.inputs[:, 0, 0], axis=0)) > 100
    assert (plain.inputs != textured.inputs).any(axis=(1, 2, 3)).all()


def test_stamps_have_five_large_classes_or_all_ten() -> None:
    five, ten = loaded("stamps", classes="five"), loaded("stamps")
    assert five.labels == ("birds", "mammals", "fruit", "plants", "household")
    assert np.bincount(five.targets).min() == 26
    assert len(ten.inputs) == 267
    assert len(ten.labels) == 10
    mammals = [examples.inputs[examples.targets == examples.labels.index("mammals")] for examples in (five, ten)]
    assert np.array_equal(*mammals)


def test_stamps_can_be_enlarged() -> None:
    assert loaded("stamps", image_size=128).inputs.shape == (267, 128, 128, 3)


def test_textures_are_pictures_that_depend_on_the_seed() -> None:
    for make in (textures.plain, textures.textured):
        images = [make(np.random.default_rng(seed), 32) for seed in range(8)]
        assert all(image.shape == (32, 32, 3) and image.dtype == np.uint8 for image in images)
        assert len({Image.fromarray(np.ascontiguousarray(image)).tobytes() for image in images}) == 8


# -- the catalog -------------------------------------------------------------------------------------------------------


def test_the_catalog_lists_every_dataset_and_whether_it_is_here(home: Path) -> None:
    rows = {row["name"]: row for row in catalog()}
    assert list(rows) == list(datasets)
    assert rows["fashion"]["available"]
    assert rows["fashion"]["embedded"]
    assert not rows["cifar10"]["available"]
    assert rows["cifar10"]["fetchable"]
    assert rows["cifar10"]["download_bytes"] == 170_052_171
    assert not rows["folder"]["available"]
    assert describe(datasets["mnist"])["num_examples"] == 5_000
