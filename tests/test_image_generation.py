"""Pictures that are made: flows that are known, the judge, distances, and a run from its pictures to an answer."""

import base64
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import probes as kept
from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.pictures.flow import NONE, PICTURE, TIME, VELOCITY, followed
from engine.pictures.judge import FEATURES, Judge
from engine.pictures.likeness import frechet, nearest
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.settings import settings as configured
from engine.store import Store, open_store
from engine.tasks.image_generation import ImageGeneration
from tests.tiny import TinyPictures

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module", autouse=True)
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder for the whole module, in which there are a few pictures."""
    datasets.register("tiny-pictures", "A few pictures")(TinyPictures)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("making") / "home"))
        configured.cache_clear()
        yield
    configured.cache_clear()
    datasets.unregister("tiny-pictures")


def straight(target: np.ndarray) -> Any:
    """A network that knows the way to one picture, and without a class the way to nothing but grey."""

    def call(inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> dict[str, np.ndarray]:
        assert extra is not None
        wanted = np.where(inputs[:, :, None, None] == NONE, 0, target)
        return {VELOCITY: (wanted - extra[PICTURE]) / np.maximum(1 - extra[TIME], 1e-6)[:, :, None, None]}

    return call


def test_a_network_that_knows_the_velocity_is_followed_to_its_picture() -> None:
    target = RNG.uniform(-1, 1, (1, 4, 4, 1))
    noise = RNG.normal(size=(2, 4, 4, 1))
    for steps in (2, 7):
        moments = list(followed(straight(target), np.array([1, 2]), noise, steps, 1.0))
        assert len(moments) == steps + 1
        np.testing.assert_allclose(moments[0], noise, atol=1e-6)
        np.testing.assert_allclose(moments[-1], np.repeat(target, 2, axis=0), atol=1e-4)


def test_guidance_goes_beyond_what_the_class_says_and_leaves_no_class_alone() -> None:
    target = np.full((1, 4, 4, 1), 0.3)
    noise = RNG.normal(size=(2, 4, 4, 1))
    *_way, found = followed(straight(target), np.array([1, NONE]), noise, 6, 3.0)
    assert found[0] == pytest.approx(np.full_like(found[0], 0.9), abs=1e-3)
    assert found[1] == pytest.approx(np.zeros_like(found[1]), abs=1e-3)


def test_equal_sets_have_no_distance_and_a_shift_counts_squared() -> None:
    features = RNG.normal(size=(400, 5))
    assert frechet(features, features) == pytest.approx(0, abs=1e-6)
    assert frechet(features, features + 2) == pytest.approx(5 * 4)
    assert frechet(features, 3 * features) == pytest.approx(
        4 * features.var(axis=0, ddof=1).sum() + 4 * (features.mean(axis=0) ** 2).sum()
    )
    assert np.isnan(frechet(features[:1], features))


def test_the_most_similar_picture_is_found_with_its_distance() -> None:
    known = RNG.integers(0, 256, (700, 4, 4, 3)).astype(np.uint8)
    where, far = nearest(known[[650, 3]], known)
    assert where.tolist() == [650, 3]
    assert far == pytest.approx([0, 0], abs=1e-3)
    assert nearest(np.zeros((1, 2, 2, 1)), np.full((1, 2, 2, 1), 51))[1] == pytest.approx([0.2])


@pytest.mark.parametrize("shape", [(8, 8, 1), (40, 50, 3)])
def test_the_judge_tells_classes_that_it_has_seen_and_is_kept_as_json(shape: tuple[int, ...]) -> None:
    classes = np.arange(300) % 3
    made = (RNG.integers(0, 60, (300, *shape)) + 70 * classes[:, None, None, None]).astype(np.uint8)
    judge = Judge.learn(made[:210], classes[:210], 3)
    again = Judge.from_list(json.loads(json.dumps(judge.to_list())))
    assert np.mean(again.classes(again.features(made[210:])) == classes[210:]) > 0.9
    np.testing.assert_array_equal(Judge.learn(made[:210], classes[:210], 3).weights[2], judge.weights[2])


def test_true_pictures_are_near_each_other_also_where_classes_follow_each_other() -> None:
    outputs = np.ones((600, 4 + 2 * FEATURES))
    outputs[:, 4:] = np.repeat([0, 10], 300)[:, None] + RNG.normal(size=(600, 2 * FEATURES))
    found = ImageGeneration().evaluate(outputs, np.zeros((600, 0)), DataInfo((), ("low", "high")))
    assert found["frechet_true"] < 64 * 10**2 / 10
    assert found["metrics"]["frechet"] < 64 * 10**2 / 10


def test_a_dataset_gives_pictures_or_takes_them_as_its_task_says() -> None:
    given = prepare(RunSpec.build({"dataset": "tiny-pictures", "model": "mlp"}).dataset)
    made = prepare(RunSpec.build({"dataset": "tiny-pictures", "task": "image-generation"}).dataset)
    assert (given.info.shape, made.info.target_shape) == ((8, 8, 1), (8, 8, 1))
    np.testing.assert_array_equal(given.indices("test"), made.indices("test"))
    np.testing.assert_array_equal(given.inputs[np.arange(5)], made.targets[:5])
    names = [name for (name,) in made.inputs[np.arange(5)]["categories"].tolist()]
    assert names == [given.info.labels[target] for target in given.targets[:5]]


def test_a_model_says_which_task_is_meant() -> None:
    assert RunSpec.build({"dataset": "digits", "model": "flow-matching"}).task.name == "image-generation"
    assert RunSpec.build({"dataset": "digits", "model": "cnn"}).task.name == "image-classification"


@pytest.fixture(scope="module")
def run() -> Run:
    """A small network after some epochs."""
    from engine.training.fit import train_run

    store: Store = open_store()
    values = {"dataset": "tiny-pictures", "model": "flow-matching", "filters": 8, "embedding": 16}
    made = store.runs.create(
        RunSpec.build({**values, "epochs": 12, "batch_size": 8, "learning_rate": 0.01}), slot="test"
    )
    train_run(store, made)
    return store.runs.get(made.id)


def test_a_run_is_evaluated_by_its_losses_and_by_a_judge(run: Run) -> None:
    assert run.state is RunState.COMPLETED, run.message
    assert 0 <= run.result["test_recognised"] <= 1
    assert 0 < run.result["test_picture_loss"] < 1
    assert run.result["baseline_name"] in ("mean-of-the-class", "principal-components")
    history = open_store().metrics.history(run.id)["val_loss"]
    assert history[-1] < history[0]
    found = artifacts_of(run.id).read_evaluation()["test"]
    assert found["judge_accuracy"] > 0.9
    assert [row["label"] for row in found["samples"]] == ["low", "high"]
    assert len(found["samples"][0]["nearest"]) == len(found["samples"][0]["pictures"]) == 6


def test_the_average_belongs_to_what_a_checkpoint_holds(run: Run) -> None:
    from engine.preparation.learned import learn
    from engine.training.network import build_network

    spec = run.parsed()
    network = build_network(spec, learn(spec.model, spec.task, prepare(spec.dataset)))
    kept = {id(variable) for variable in network.core.variables}
    assert all(id(variable) in kept for variable in network.saved.variables)
    trained = {id(variable) for variable in network.core.trainable_variables}
    assert not any(id(variable) in trained for variable in network.saved.variables)


def test_probes_show_pictures_from_the_same_noise_after_each_epoch(run: Run) -> None:
    probes = kept.read(artifacts_of(run.id).probes)
    assert probes is not None
    first, last = probes.epochs[0], probes.epochs[-1]
    assert first.kind == "drawn"
    moments = [opened(epoch.values[0]["way"][0]) for epoch in (first, last)]
    np.testing.assert_array_equal(*moments)
    assert (opened(first.values[0]["pictures"][0]) != opened(last.values[0]["pictures"][0])).any()


def opened(picture: str) -> np.ndarray:
    """PNG in base64 -> (height, width)."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))))


def test_pictures_are_made_of_a_class_and_again_with_the_same_seed(run: Run) -> None:
    loaded = LoadedModels()

    def made(label: str | None, **parameters: float) -> dict[str, Any]:
        row = json.dumps({"class": label}).encode()
        [found] = loaded.predict(run.id, [("row.json", row)], parameters=parameters)
        assert found.prediction is not None, found.error
        return dict(found.prediction.values)

    high, low = made("high", count=4, steps=3), made("low", count=4, steps=3)
    assert (high["label"], low["label"]) == ("high", "low")
    assert len(high["pictures"]) == len(high["seen_as"]) == 4
    assert len(high["way"]) == 4
    assert opened(high["way"][0]).shape == (8, 32)
    assert np.mean([opened(one).mean() for one in high["pictures"]]) > np.mean(
        [opened(one).mean() for one in low["pictures"]]
    )
    assert made("high", count=4, steps=3) == high
    assert made("high", count=4, steps=3, seed=2)["pictures"] != high["pictures"]
    assert made("high", count=1, seed=0)["pictures"] != made("high", count=1, seed=0)["pictures"]
    anything = made(None, count=2, steps=2)
    assert (anything["label"], len(anything["pictures"])) == ("", 2)
    assert made("cat", count=1, steps=2)["unknown"] == {"class": "cat"}
