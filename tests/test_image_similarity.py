"""Pairs of pictures: how they are made, losses, distances and thresholds that are known, and runs from their pictures to an answer."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import probes
from engine.artifacts import artifacts_of
from engine.datasets.base import Examples, datasets
from engine.datasets.sources.pictures import in_pairs
from engine.errors import TrainyardError
from engine.evaluation.finite import finite
from engine.modalities.base import modalities
from engine.modalities.image_pair import pair_file
from engine.preparation.prepare import prepare
from engine.reliability.stored import read_reliability
from engine.runs import Run, RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.settings import settings as configured
from engine.similarity.distances import Calibration, Compared, accepted, accepted_between, area, ranks, threshold_at
from engine.similarity.evaluation import evaluate_pairs
from engine.similarity.pairs import pair_up
from engine.store import Store, open_store
from engine.targets import Pairs
from tests.tiny import COUNT, TinyTwins

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
RNG = np.random.default_rng(0)
ROWS = np.stack([np.arange(12), np.arange(12), 12 + np.arange(12)], axis=1)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder for the whole module, with a few pairs."""
    datasets.register("tiny-twins", "A few pairs")(TinyTwins)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("pairs") / "home"))
        configured.cache_clear()
        yield
    configured.cache_clear()
    datasets.unregister("tiny-twins")


def embedded(noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of twelve things, twice each."""
    first = RNG.normal(size=(12, 6))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return first, first + noise * RNG.normal(size=first.shape)


# -- pairs -------------------------------------------------------------------------------------------------------------


def test_each_picture_is_paired_with_those_that_follow_it_and_one_alone_with_none() -> None:
    assert pair_up(np.array([1, 0, 1, 1, 2]), 1).tolist() == [[1, 0, 2], [1, 2, 3], [1, 3, 0]]
    assert len(pair_up(np.array([1, 0, 1, 1, 2]), 3)) == 6
    assert pair_up(np.array([4, 5]), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("identities", "words"),
    [
        ([], "none of them has two pictures"),
        ([3], "only one has two pictures, with nothing to compare it to"),
        ([1, 2, 3], "3 have two pictures or more"),
    ],
)
def test_too_few_identities_are_refused_in_a_sentence(identities: list[int], words: str) -> None:
    rows = np.array([[identity, 0, 1] for identity in identities], np.int64).reshape(-1, 3)
    with pytest.raises(TrainyardError, match=f"too few people or things: {words}.*at least 10, a folder for each"):
        Pairs().check("mine", rows, (), None)


def test_pictures_of_one_class_are_pairs_and_a_class_is_in_one_split() -> None:
    pictures = RNG.integers(0, 256, (8, 4, 4, 1)).astype(np.uint8)
    made = in_pairs(Examples(pictures, np.array([0, 0, 1, 1, 2, 2, 3, 0]), ("a", "b", "c", "d")))
    assert made.groups is not None
    assert len(made.inputs) == 3 * 2 + 2 + 2, "the class with one picture has no pair"
    for pair, (identity, one, other) in zip(made.inputs, made.targets.tolist(), strict=True):
        np.testing.assert_array_equal(pair, pictures[[one, other]])
        assert len(set(made.groups[made.targets[:, 0] == identity].tolist())) == 1
    mixed = np.array([True, False, *[False] * 6])
    apart = np.array([False, False, True, True, *[False] * 4])
    given = in_pairs(
        Examples(pictures, np.array([0, 0, 1, 1, 2, 2, 3, 0]), ("a", "b", "c", "d"), test=mixed, validation=apart)
    )
    assert given.test is None, "a class in two splits makes them useless"
    assert given.validation is not None
    assert given.validation.sum() == 2


# -- figures -----------------------------------------------------------------------------------------------------------


def test_figures_of_a_perfect_a_useless_and_a_reversed_embedding() -> None:
    first, second = embedded(0.0)
    perfect = evaluate_pairs(first, second, ROWS, None)["metrics"]
    assert perfect == {"retrieval1": 1.0, "retrieval5": 1.0, "pair_auc": 1.0, "tar": 1.0}
    useless = evaluate_pairs(np.ones((12, 6)), np.ones((12, 6)), ROWS, None)
    assert useless["metrics"] == {"retrieval1": 0.0, "retrieval5": 0.0, "pair_auc": 0.5, "tar": 0.0}
    assert useless["map"] == {}
    assert area(Compared(np.array([2.0, 3.0]), np.array([1.0, 1.5]))) == 0.0
    with pytest.raises(TrainyardError, match="NaN or infinite"):
        finite(np.full((2, 3), np.nan))


def test_a_picture_is_not_found_in_itself_but_in_another_one_of_the_same() -> None:
    first, second = np.array([[0.0], [1.0], [5.0]]), np.array([[1.0], [0.0], [5.1]])
    rows = np.array([[0, 0, 1], [0, 1, 0], [1, 2, 3]])
    assert ranks(first, second, rows).tolist() == [0, 0, 0]
    rows[:, 0] = [0, 2, 1]
    assert ranks(first, second, rows).tolist() == [1, 1, 0]


def test_the_threshold_accepts_no_more_of_the_different_than_is_asked_for() -> None:
    different = np.arange(100.0)
    assert [threshold_at(different, share) for share in (0.0, 0.01, 0.5)] == [0, 1, 50]
    assert (different < threshold_at(different, 0.05)).mean() == 0.05
    assert accepted(np.array([-1.0, 3.0, 200.0]), different, 0.05) == pytest.approx(2 / 3)
    assert np.isnan(threshold_at(np.empty(0), 0.01))


def test_the_interval_of_accepted_pairs_holds_their_share_and_needs_ten_identities() -> None:
    first, second = embedded(0.4)
    share = accepted(*vars(Compared.of(first, second, ROWS)).values(), 0.05)
    between = accepted_between(first, second, ROWS, 0.05)
    assert between is not None
    assert between[0] <= share <= between[1]
    assert accepted_between(first[:9], second[:9], ROWS[:9], 0.05) is None


def test_a_calibration_is_surer_of_nearer_pairs_and_kept_as_json() -> None:
    first, second = embedded(0.3)
    known = Calibration.learn(Compared.of(first, second, ROWS))
    assert known is not None
    again = Calibration.from_dict(json.loads(json.dumps(known.to_dict())))
    assert again == known
    assert again.probability(0.1) > 0.9 > 0.1 > again.probability(1.9)
    assert again.threshold(0.01) < again.threshold(0.1) < again.threshold(0.3)
    assert Calibration.learn(Compared.of(first[:1], second[:1], ROWS[:1])) is None, "there are no different pairs"


# -- losses ------------------------------------------------------------------------------------------------------------


def by_hand(first: np.ndarray, second: np.ndarray, temperature: float) -> np.ndarray:
    """NT-Xent as it is published, for a batch of 64 pairs."""
    together = np.concatenate([first, second])
    cosines = together @ together.T / temperature
    np.fill_diagonal(cosines, -np.inf)
    count = len(first)
    partner = cosines[np.arange(2 * count), np.r_[count : 2 * count, :count]]
    losses: np.ndarray = np.log(np.exp(cosines).sum(axis=1)) - partner
    return (losses[:count] + losses[count:]) / 2


def test_losses_are_those_that_are_published() -> None:
    from engine.similarity.losses import arcface, farther_share, nt_xent, triplet

    pairs = RNG.normal(size=(64, 2, 5)).astype(np.float32)
    pairs /= np.linalg.norm(pairs, axis=-1, keepdims=True)
    targets = np.stack([np.arange(64.0), np.full(64, -1.0)], axis=1).astype(np.float32)
    expected = by_hand(pairs[:, 0], pairs[:, 1], 0.5)
    np.testing.assert_allclose(np.asarray(nt_xent(targets, pairs, 0.5)), expected, rtol=1e-4)
    np.testing.assert_allclose(np.asarray(arcface(targets, np.concatenate([pairs, pairs[..., :3]], -1), 5, 0.2, 2.0)),
                               np.asarray(nt_xent(targets, pairs, 0.5)), rtol=1e-5)  # fmt: skip
    known = np.stack([np.arange(64.0), np.arange(64) % 3], axis=1).astype(np.float32)
    cosines = np.zeros((64, 2, 3), np.float32)
    plain = np.asarray(arcface(known, np.concatenate([pairs, cosines], -1), 5, 0.0, 4.0))
    np.testing.assert_allclose(plain, np.log(3), rtol=1e-4)
    same = np.repeat(pairs[:, :1], 2, axis=1)
    assert np.asarray(farther_share(targets, same)).min() == 1.0
    apart = np.sqrt(np.maximum(2 - 2 * same[:, 0] @ same[:, 0].T, 0))
    wrong = np.maximum(0.3 + 1e-3 - apart, 0) * (1 - np.eye(64))
    by_rows = wrong.sum(axis=1) / np.maximum((wrong > 0).sum(axis=1), 1)
    np.testing.assert_allclose(np.asarray(triplet(targets, same, 0.3)), by_rows, atol=3e-3)


def test_one_identity_alone_in_a_batch_gives_finite_losses() -> None:
    from engine.similarity.losses import farther_share, nt_xent, triplet

    pairs, targets = np.ones((3, 2, 1), np.float32), np.zeros((3, 2), np.float32)
    for loss in (nt_xent(targets, pairs, 0.07), triplet(targets, pairs, 0.2), farther_share(targets, pairs)):
        assert np.isfinite(np.asarray(loss)).all()


# -- given by people ---------------------------------------------------------------------------------------------------


def png(grey: int, size: int = 40) -> bytes:
    """A picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), (grey, grey, grey)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_pair_is_a_file_an_object_or_numbers() -> None:
    info, modality = prepare(TinyTwins()).info, modalities["image-pair"]
    file = pair_file(png(10), png(200, 25))
    found = modality.decode(file, "pair.json", info).single("pair.json")
    assert found.shape == (1, 2, 16, 16, 1)
    assert (found[0, 0] == 10).all()
    assert (found[0, 1] == 200).all()
    for instance in (json.loads(file), {"b64": base64.b64encode(file).decode()}, found[0].tolist()):
        np.testing.assert_array_equal(modality.parse([instance], info), found)
    opened = modality.opened(file, "pair.json", 100)
    assert isinstance(opened, np.ndarray)
    assert opened.shape[0] <= opened.shape[1] <= 100


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        ({"first": {"b64": "AAAA"}}, r"instances\[0\].second is missing"),
        ({"first": {"b64": "AAAA"}, "second": {"b64": "AAAA"}}, "first"),
        ({"b64": base64.b64encode(png(3)).decode()}, "is not a pair of pictures"),
        ([[1]], "is not a pair of pictures"),
    ],
)
def test_what_is_no_pair_is_refused_in_a_sentence(instance: Any, words: str) -> None:
    with pytest.raises(TrainyardError, match=words):
        modalities["image-pair"].parse([instance], prepare(TinyTwins()).info)


# -- runs --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def store() -> Iterator[Store]:
    store = open_store()
    yield store
    store.close()


def train(store: Store, **values: Any) -> Run:
    from engine.training.fit import train_run

    few = {"epochs": 2, "batch_size": 32, "seed": 1, "device": "cpu", "filters": 8, "embedding_size": 8}
    values = {"dataset": "tiny-twins", "model": "embedding-cnn"} | few | values
    known = RunSpec.build({name: values[name] for name in ("dataset", "model")}).values()
    made = RunSpec.build(
        {name: value for name, value in values.items() if name in known or name in ("dataset", "model")}
    )
    run = store.runs.create(made, slot="test")
    train_run(store, run)
    return store.runs.get(run.id)


def test_a_run_calibrates_its_threshold_and_says_of_two_pictures_whether_they_show_the_same(store: Store) -> None:
    run = train(store, epochs=6, learning_rate=0.003)
    assert run.state == RunState.COMPLETED, run.message
    files = artifacts_of(run.id)
    evaluated = json.loads(files.evaluation.read_text())
    assert evaluated["test"]["metrics"]["pair_auc"] > 0.8
    assert evaluated["test"]["calibrated"]["from_same"] == evaluated["validation"]["pairs"]["same"]
    kept = read_reliability(files.reliability)
    assert kept is not None
    known = Calibration.from_dict(kept.calibrated)
    prepared = prepare(TinyTwins())
    pair = prepared.arrays("test")[0][0]
    pictures = [
        base64.b64decode(base64.b64encode(one)) for one in (_file(pair[0]), _file(pair[1]), _file(255 - pair[0]))
    ]
    loaded = LoadedModels()
    asked = [("same", pair_file(pictures[0], pictures[1])), ("other", pair_file(pictures[0], pictures[2]))]
    same, other = (one.prediction for one in loaded.predict(run.id, asked))
    assert same is not None
    assert other is not None
    assert same.values["distance"] < other.values["distance"]
    assert same.values["threshold"] == pytest.approx(known.threshold(0.01), abs=1e-4)
    assert same.values["same"] == (same.values["distance"] < same.values["threshold"])
    (loose,) = loaded.predict(run.id, asked[1:], parameters={"false_accepts": 0.3})
    assert loose.prediction is not None
    assert loose.prediction.values["threshold"] > same.values["threshold"]
    watched = probes.read(files.probes)
    assert watched is not None
    answer = watched.epochs[-1].values[0]
    assert answer["nearest"].startswith("pattern")
    assert answer["right"] in (True, False)


def _file(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0]).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "values",
    [{"loss": "arcface", "scale": 8.0}, {"loss": "triplet", "model": "cnn", "blocks": 1, "units": 8}],
)
def test_other_losses_and_the_networks_of_classifiers_train_too(store: Store, values: dict[str, Any]) -> None:
    run = train(store, **values)
    assert run.state == RunState.COMPLETED, run.message
    assert 0 <= run.result["test_retrieval1"] <= 1
    assert np.isfinite(run.result["test_pair_auc"])
    assert len(prepare(TinyTwins()).indices("train")) < COUNT
