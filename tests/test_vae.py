"""Variational autoencoders: known decoders, places of a map and of a way, and a run from its pictures to an answer."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.data_info import DECLARED, DataInfo
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.models.base import models
from engine.pictures.latent import DECODED, LATENT, MEAN, SPREAD, between, by_effect, decoded, grid, loss_parts
from engine.runs import Run, RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.settings import settings as configured
from engine.store import Store, open_store
from engine.tasks.drawing import Flow, Latent, way_of
from tests.test_image_generation import opened
from tests.tiny import TinyPictures

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
SHAPE = (2, 2, 1)


@pytest.fixture(scope="module", autouse=True)
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder for the whole module, in which there are a few pictures."""
    datasets.register("tiny-pictures", "A few pictures")(TinyPictures)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(tmp_path_factory.mktemp("latent") / "home"))
        configured.cache_clear()
        yield
    configured.cache_clear()
    datasets.unregister("tiny-pictures")


def plane(inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> dict[str, np.ndarray]:
    """A network whose pictures are as bright as their third latent number says, and that finds it again, exactly."""
    assert extra is not None
    shade = np.tanh(extra[LATENT][:, 2] + 0.1 * extra[LATENT][:, 0])
    place = np.zeros_like(extra[LATENT])
    place[:, 2] = np.arctanh(np.clip(extra["picture"].mean(axis=(1, 2, 3)), -0.99, 0.99))
    return {DECODED: np.tile(shade[:, None, None, None], (1, *SHAPE)), MEAN: place, SPREAD: np.full_like(place, -30.0)}


def test_a_picture_that_is_found_again_costs_its_own_uncertainty_and_what_its_place_says() -> None:
    pictures = np.full((3, *SHAPE), 0.5)
    [(reconstruction, divergence), *_others] = loss_parts(plane, np.ones(3), pictures, 3, np.random.default_rng(0))
    assert reconstruction == pytest.approx(4 * -(0.75 * np.log(0.75) + 0.25 * np.log(0.25)), rel=1e-3)
    assert divergence == pytest.approx(0.5 * (np.arctanh(0.5) ** 2 + 3 * (30 - 1)), rel=1e-3)


def test_dimensions_are_counted_by_how_much_they_change_a_picture() -> None:
    assert by_effect(plane, 1, 3, SHAPE) == [2, 0, 1]


def test_a_map_has_every_place_once_and_grows_to_the_right_and_upwards() -> None:
    places, columns = grid(4, 3, 1)
    table = places.reshape(-1, columns, 4)
    assert not table[:, :, [0, 2]].any()
    assert (np.diff(table[:, :, 3], axis=1) > 0).all()
    assert (np.diff(table[:, :, 1], axis=0) < 0).all()
    np.testing.assert_allclose(places[len(places) // 2], 0, atol=1e-9)


def test_a_way_begins_and_ends_at_its_places_and_keeps_their_distance_from_the_middle() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 3, 4_000))
    way = between(one, other, 5)
    np.testing.assert_allclose(way[0], one)
    np.testing.assert_allclose(way[-1], other, atol=1e-9)
    assert all(np.std(place) == pytest.approx(1, abs=0.05) for place in way)


def test_what_a_model_declares_decides_how_pictures_are_made_and_is_kept_with_it() -> None:
    info = replace(DataInfo((), ("a", "b")), learned={DECLARED: models["vae"].parse({"latent": 5}).declared()})
    way = way_of(DataInfo.from_dict(json.loads(json.dumps(info.to_dict()))))
    assert isinstance(way, Latent)
    assert way.dimensions == 5
    assert isinstance(way_of(DataInfo((), ("a", "b"))), Flow)


def test_a_run_offers_the_settings_that_its_model_heeds() -> None:
    flow, vae = (RunSpec.build({"dataset": "digits", "model": model}) for model in ("flow-matching", "vae"))
    assert {field.name for field in flow.answering} == {"count", "guidance", "steps", "seed"}
    assert {"view", "spread", "other_seed"} <= {field.name for field in vae.answering}
    assert not {"guidance", "steps"} & {field.name for field in vae.answering}


@pytest.fixture(scope="module")
def run() -> Run:
    """A small network after some epochs."""
    from engine.training.fit import train_run

    store: Store = open_store()
    values = {"dataset": "tiny-pictures", "model": "vae", "filters": 8, "units": 16, "latent": 3, "warm_up": 20}
    made = store.runs.create(
        RunSpec.build({**values, "epochs": 15, "batch_size": 8, "learning_rate": 0.01}), slot="test"
    )
    train_run(store, made)
    return store.runs.get(made.id)


def test_both_parts_of_the_loss_are_curves_and_figures(run: Run) -> None:
    assert run.state is RunState.COMPLETED, run.message
    history = open_store().metrics.history(run.id)
    assert history["val_reconstruction"][-1] < history["val_reconstruction"][0]
    np.testing.assert_allclose(
        np.add(history["val_reconstruction"], history["val_divergence"]), history["val_loss"], rtol=1e-4
    )
    parts = run.result["test_reconstruction"] + run.result["test_divergence"]
    assert parts == pytest.approx(run.result["test_picture_loss"], rel=1e-4)
    assert run.result["test_divergence"] > 0


def test_the_weight_of_the_divergence_rises_at_the_beginning_only_in_training(run: Run) -> None:
    history = open_store().metrics.history(run.id)
    first = history["loss"][0] - history["reconstruction"][0]
    assert 0 <= first < history["divergence"][0]
    assert history["loss"][-1] == pytest.approx(history["reconstruction"][-1] + history["divergence"][-1], rel=1e-3)


def test_true_pictures_stand_beside_their_reconstructions(run: Run) -> None:
    found = artifacts_of(run.id).read_evaluation()["test"]
    assert len(found["originals"]) == len(found["again"]) > 1
    true, again = (np.array([opened(one).mean() for one in found[name]]) for name in ("originals", "again"))
    assert np.corrcoef(true, again)[0, 1] > 0.9
    assert [row["label"] for row in found["samples"]] == ["low", "high"]


def test_pictures_ways_and_maps_are_made_of_a_class(run: Run) -> None:
    loaded = LoadedModels()

    def made(label: str | None, **parameters: Any) -> dict[str, Any]:
        [found] = loaded.predict(run.id, [("row.json", json.dumps({"class": label}).encode())], parameters=parameters)
        assert found.prediction is not None, found.error
        return dict(found.prediction.values)

    high, low = made("high", count=4), made("low", count=4)
    assert (high["label"], len(high["pictures"]), high["way"], high["columns"]) == ("high", 4, [], 0)
    brightness = [np.mean([opened(one).mean() for one in found["pictures"]]) for found in (high, low)]
    assert brightness[0] > brightness[1] + 30
    assert made("high", count=4) == high
    assert made("high", count=4, seed=2)["pictures"] != high["pictures"]
    way = made("high", count=4, view="interpolation", other_seed=2)
    assert way["between"]
    assert way["pictures"] == high["pictures"]
    np.testing.assert_array_equal(
        opened(way["way"][0]),
        np.concatenate([opened(one) for one in made("high", count=4, seed=2)["pictures"]], axis=1),
    )
    seen = made("high", view="map")
    assert len(seen["pictures"]) == seen["columns"] ** 2
    assert len({made("high", count=3, spread=0.0)["pictures"][place] for place in range(3)}) == 1
    with pytest.raises(TrainyardError, match="two different numbers of the 3"):
        made("high", view="map", across=2, down=2)


def test_places_are_decoded_in_portions_as_they_are_alone() -> None:
    places = np.random.default_rng(0).normal(size=(300, 3))
    together = decoded(plane, np.ones(300), places, SHAPE)
    np.testing.assert_allclose(together[[299]], decoded(plane, np.ones(1), places[[299]], SHAPE))
