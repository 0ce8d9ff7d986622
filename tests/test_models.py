"""The contract of every architecture, and the promises of each."""

import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from engine.data_info import DataInfo
from engine.datasets.base import EMBEDDED
from engine.errors import TrainyardError
from engine.models import efficientnet
from engine.models.base import Model, models
from engine.models.cnn import Cnn
from engine.models.efficientnet import PARTS
from engine.models.efficientnet_lite0 import EfficientNetLite0
from engine.models.mlp import Mlp
from engine.models.resnet import ResNet
from engine.models.vit import VisionTransformer, patches
from engine.runs import RunSpec
from tests.extremes import all_at_one_end

SHAPES = [(28, 28, 1), (8, 8, 1), (32, 32, 3), (96, 96, 3)]
LABELS = ("cat", "dog", "emu")
SMALL = {"resolution": 96}  # enough for tests of networks that enlarge their inputs


def small(name: str, **values: object) -> Model:
    """A model with its default values, but small inputs inside where it has a choice."""
    known = {field.name for field in models[name].fields()}
    return models[name].parse({k: v for k, v in SMALL.items() if k in known} | values)


def build(model: Model, shape: tuple[int, ...], seed: int = 0) -> keras.Model:
    """The network of a run: raw inputs -> preprocess -> features -> body -> scores."""
    keras.utils.set_random_seed(seed)
    inputs, info = keras.Input(shape), DataInfo(shape, LABELS, modality="image")
    x = model.body(model.features(model.preprocess(inputs, info)))
    return keras.Model(inputs, keras.layers.Dense(len(LABELS), name="scores")(x))


@lru_cache
def network(name: str) -> keras.Model:
    """The network of a model for small grey images; shared by tests that do not change it."""
    return build(small(name), (28, 28, 1))


def pictures(shape: tuple[int, ...], count: int = 2) -> np.ndarray:
    """Noise, 0..255."""
    return np.random.default_rng(0).integers(0, 256, (count, *shape)).astype(np.float32)


@pytest.fixture(autouse=True)
def _names_start_anew() -> Iterator[None]:
    yield
    keras.backend.clear_session()


# -- what every model keeps to ----------------------------------------------------------------------------------------


IMAGE_MODELS = [name for name in models if "image" in models[name].modalities]


@pytest.mark.parametrize("name", list(models))
def test_a_model_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    model = models[name]
    assert model.summary().endswith(".")
    assert model.modalities
    assert "https://" in model.source
    for field in model.fields():
        assert field.help.endswith("."), field.name
        assert field.label
        assert field.tunable


@pytest.mark.parametrize("name", list(models))
def test_its_values_survive_a_store(name: str) -> None:
    model = small(name)
    assert models[name].parse({k: v for k, v in model.to_dict().items() if k != "name"}) == model


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_what_it_suggests_are_fields_of_a_run(name: str) -> None:
    values = RunSpec.build({"model": name}).values()
    for field in models[name].suggested.keys() & values.keys():
        assert values[field] == models[name].suggested[field]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_it_maps_images_of_any_size_to_a_vector(name: str, shape: tuple[int, ...]) -> None:
    model, inputs = small(name), keras.Input(shape)
    vector = model.body(model.features(model.preprocess(inputs, DataInfo(shape, LABELS, modality="image"))))
    assert len(vector.shape) == 2
    outputs = np.asarray(keras.Model(inputs, vector)(pictures(shape)))
    assert outputs.shape == (2, vector.shape[1])
    assert outputs.dtype == np.float32
    assert np.isfinite(outputs).all()
    assert outputs.std() > 0


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_it_builds_at_the_ends_of_every_range(name: str) -> None:
    for end in (0, -1):
        values = all_at_one_end(models[name].hyperparameters(), end)
        with keras.StatelessScope(initialize_variables=False):  # shapes without values: large ones are quick too
            net = build(small(name, **values), (8, 8, 1))
        assert net.output.shape == (None, len(LABELS)), values
        keras.backend.clear_session()


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_the_gradient_reaches_every_trainable_weight(name: str) -> None:
    net = network(name)
    with tf.GradientTape() as tape:
        scores = net(pictures((28, 28, 1), 8))
        loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(np.arange(8) % 3, scores, from_logits=True))
    weights = [variable.value for variable in net.trainable_variables]
    for variable, gradient in zip(net.trainable_variables, tape.gradient(loss, weights), strict=True):
        assert gradient is not None, variable.path
        assert np.abs(gradient).max() > 0, variable.path


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_the_same_seed_gives_the_same_network(name: str) -> None:
    again = build(small(name), (28, 28, 1)).get_weights()
    for weights, others in zip(network(name).get_weights(), again, strict=True):
        np.testing.assert_array_equal(weights, others)


def test_another_seed_gives_another_network() -> None:
    nets = [build(Mlp(), (8, 8, 1), seed) for seed in (0, 1)]
    assert not np.array_equal(*(net.get_layer("hidden1").kernel for net in nets))


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_frozen_features_hold_no_trainable_weight(name: str) -> None:
    model, inputs = small(name), keras.Input((28, 28, 1))
    frozen = keras.Model(
        inputs, model.features(model.preprocess(inputs, DataInfo((28, 28, 1), LABELS, modality="image")))
    )
    assert frozen.trainable_variables == []
    assert model.freezes(DataInfo((28, 28, 1), LABELS, modality="image")) == bool(frozen.variables)


@pytest.mark.slow
def test_saved_networks_load_where_only_keras_is_installed(tmp_path: Path) -> None:
    images = pictures((28, 28, 1))
    for name in IMAGE_MODELS:
        network(name).save(tmp_path / f"{name}.keras")
        np.save(tmp_path / f"{name}.npy", np.asarray(network(name)(images)))
    np.save(tmp_path / "images.npy", images)
    program = (
        "import pathlib, sys, keras, numpy as np\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "for path in sorted(folder.glob('*.keras')):\n"
        "    outputs = keras.saving.load_model(path, safe_mode=True)(np.load(folder / 'images.npy'))\n"
        "    print(path.stem, np.abs(np.asarray(outputs) - np.load(path.with_suffix('.npy'))).max())\n"
        "assert not any(module.split('.')[0] == 'engine' for module in sys.modules)\n"
    )
    done = subprocess.run(  # -I: neither the working folder nor PYTHONPATH is searched
        [sys.executable, "-I", "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=240, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    differences = {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}
    assert differences.keys() == set(IMAGE_MODELS)
    assert max(differences.values()) < 1e-5


# -- the textbook's networks --------------------------------------------------------------------------------------------


def test_the_default_mlp_is_the_textbook_s() -> None:
    kinds = [type(layer).__name__ for layer in network("mlp").layers]
    assert kinds == ["InputLayer", "Rescaling", "Flatten", "Dense", "Activation", "Dropout", "Dense"]
    assert network("mlp").get_layer("hidden1").count_params() == 784 * 128 + 128
    assert network("mlp").get_layer("hidden1_dropout").rate == 0.2


def test_the_default_cnn_is_the_textbook_s() -> None:
    net = network("cnn")
    shapes = [net.get_layer(name).output.shape[1:] for name in ("block1_pool", "block2_pool", "hidden")]
    assert shapes == [(14, 14, 32), (7, 7, 64), (128,)]
    assert not any("_bn" in layer.name for layer in net.layers)


def test_the_cnn_pools_no_further_than_the_image_allows() -> None:
    names = [layer.name for layer in build(Cnn(blocks=4, filters=8), (8, 8, 1)).layers]
    assert "block3_pool" in names
    assert "block4_pool" not in names


@pytest.mark.parametrize("model", [Cnn(batch_normalisation=True), Mlp(batch_normalisation=True), ResNet()], ids=str)
def test_batch_statistics_keep_up_with_short_trainings(model: Model) -> None:
    layers = [layer for layer in build(model, (8, 8, 1)).layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert layers
    assert all(layer.momentum == 0.9 for layer in layers)


# -- residual network ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "first", "last"), [(8, 8, 2), (28, 28, 7), (32, 32, 8), (96, 24, 6)])
def test_a_resnet_sees_small_images_at_full_resolution(size: int, first: int, last: int) -> None:
    net = build(ResNet(stages=3), (size, size, 3))
    assert net.get_layer("stage1_1_relu").output.shape[1:3] == (first, first)
    assert net.get_layer("stage3_1_relu").output.shape[1:3] == (last, last)


def test_a_residual_block_adds_its_input_to_its_output() -> None:
    net = build(ResNet(stages=1, blocks_per_stage=1), (8, 8, 1))
    last = net.get_layer("stage1_1_b_bn")
    last.gamma.assign(np.zeros(last.gamma.shape))  # the two convolutions now give nothing
    ends = keras.Model(net.input, [net.get_layer("stem_relu").output, net.get_layer("stage1_1_relu").output])
    before, after = ends(pictures((8, 8, 1)))
    np.testing.assert_array_equal(before, after)


# -- vision transformer --------------------------------------------------------------------------------------------------


def test_patches_are_squares_of_the_image_row_by_row() -> None:
    image = np.arange(4 * 6 * 2, dtype=np.float32).reshape(1, 4, 6, 2)
    inputs = keras.Input((4, 6, 2))
    cut = np.asarray(keras.Model(inputs, patches(inputs, 2))(image))
    assert cut.shape == (1, 6, 8)
    np.testing.assert_array_equal(cut[0, 1], image[0, :2, 2:4].ravel())
    np.testing.assert_array_equal(cut[0, 3], image[0, 2:, :2].ravel())


def test_an_image_that_does_not_divide_is_padded_with_black() -> None:
    image = np.ones((1, 5, 5, 1), np.float32)
    inputs = keras.Input((5, 5, 1))
    cut = np.asarray(keras.Model(inputs, patches(inputs, 2))(image))
    assert cut.sum(axis=2).tolist() == [[9, 6, 6, 4]]


@pytest.mark.parametrize(("size", "count"), [(8, 16), (28, 49), (32, 49), (96, 49), (224, 49)])
def test_the_patch_size_follows_the_image_so_that_time_does_not(size: int, count: int) -> None:
    assert patches(keras.Input((size, size, 3)), 7).shape[1] == count


def test_a_transformer_knows_where_a_patch_is() -> None:
    image = pictures((8, 8, 1), 1)
    net = build(VisionTransformer(patches_per_side=2, depth=1, dropout=0.0), (8, 8, 1))
    turned = np.roll(image, 4, axis=2)  # the same patches, in other places
    assert np.abs(np.asarray(net(image)) - np.asarray(net(turned))).max() > 1e-4


def test_the_embedding_is_rounded_up_to_a_multiple_of_the_heads() -> None:
    assert build(VisionTransformer(embedding=16, heads=3, depth=1), (8, 8, 1)).get_layer("pool").output.shape[1] == 18


# -- EfficientNet-Lite0 --------------------------------------------------------------------------------------------------


def test_the_pretrained_network_tells_fruit_from_vehicles_it_never_trained_on() -> None:
    with np.load(EMBEDDED / "images" / "tuxpaint_stamps_96_rgba.npz") as file:
        classes = file["classes"].tolist()
        chosen = np.isin(file["y"], [classes.index("fruit"), classes.index("vehicles")])
        stamps, targets = file["x"][chosen].astype(np.float32), file["y"][chosen]
    opacity = stamps[..., 3:] / 255
    images = stamps[..., :3] * opacity + 255 * (1 - opacity)
    model, inputs = EfficientNetLite0(resolution=96), keras.Input((96, 96, 3))
    net = keras.Model(inputs, model.features(model.preprocess(inputs, DataInfo((96, 96, 3), LABELS, modality="image"))))
    features = np.asarray(net(images))
    distances = np.linalg.norm(features[:, None] - features[None], axis=2) + np.diag(np.full(len(features), np.inf))
    assert (targets[distances.argmin(axis=1)] == targets).mean() > 0.9  # by the nearest other photo


@pytest.mark.parametrize(
    ("unfreeze_from", "parts"), [("none", ()), ("block6", ("block6", "block7", "top")), ("block1", PARTS[1:])]
)
def test_only_what_is_unfrozen_learns(unfreeze_from: str, parts: tuple[str, ...]) -> None:
    net = build(small("efficientnet-lite0", unfreeze_from=unfreeze_from, units=0), (32, 32, 3))
    before = {variable.path: np.array(variable) for variable in net.weights}
    net.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    net.train_on_batch(pictures((32, 32, 3), 6), np.arange(6) % 3)
    changed = {path for path, value in before.items() if not np.array_equal(value, net_value(net, path))}
    assert {path.split("/")[0].split("_")[0] for path in changed} == {*parts, "scores"}
    assert not any("moving" in path for path in changed)  # batch statistics stay those of ImageNet


def net_value(net: keras.Model, path: str) -> np.ndarray:
    """The variable at `path`."""
    return np.array(next(variable for variable in net.weights if variable.path == path))


@pytest.mark.parametrize(("unfreeze_from", "kept"), [("none", True), ("block4", True), ("block1", False)])
def test_features_are_kept_while_most_of_the_network_is_frozen(unfreeze_from: str, kept: bool) -> None:
    assert (
        small("efficientnet-lite0", unfreeze_from=unfreeze_from).freezes(
            DataInfo((28, 28, 1), LABELS, modality="image")
        )
        is kept
    )


def test_grey_images_are_seen_as_colour_images_without_colour() -> None:
    model, grey = EfficientNetLite0(resolution=96), pictures((28, 28, 1))
    outputs = []
    for images in (grey, np.repeat(grey, 3, axis=3)):
        inputs = keras.Input(images.shape[1:])
        seen = model.preprocess(inputs, DataInfo(images.shape[1:], LABELS, modality="image"))
        assert seen.shape == (None, 96, 96, 3)
        outputs.append(np.asarray(keras.Model(inputs, seen)(images)))
    np.testing.assert_array_equal(*outputs)
    assert -1 < outputs[0].min() < outputs[0].max() <= 1


def test_an_oblong_image_keeps_its_proportions() -> None:
    seen = EfficientNetLite0(resolution=96).preprocess(
        keras.Input((32, 64, 3)), DataInfo((32, 64, 3), LABELS, modality="image")
    )
    assert seen.shape == (None, 96, 192, 3)


def test_images_with_an_odd_number_of_channels_are_refused_with_a_sentence() -> None:
    with pytest.raises(TrainyardError, match="1 or 3 channels, not 4"):
        EfficientNetLite0().preprocess(keras.Input((32, 32, 4)), DataInfo((32, 32, 4), LABELS, modality="image"))


def test_missing_weights_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet, "WEIGHTS", tmp_path / "efficientnet_lite0.h5")
    with pytest.raises(TrainyardError, match=r"'efficientnet_lite0\.h5' are missing"):
        build(EfficientNetLite0(resolution=96), (32, 32, 3))
