"""Optimizers: the update rules that their help promises."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from engine.fused import fused
from engine.optimizers import optimizers


def step(name: str, gradients: list[list[float]], rate: float = 0.1, **values: Any) -> np.ndarray:
    """Return the weights (1, -1) after one update for each of `gradients`."""
    weights = keras.Variable([1.0, -1.0])
    optimizer = optimizers[name].parse({"learning_rate": rate, **values}).build(rate)
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weights])
    return np.asarray(weights)


def test_sgd_follows_the_gradient() -> None:
    np.testing.assert_allclose(step("sgd", [[1.0, -2.0]], momentum=0.0), [0.9, -0.8], rtol=1e-6)


def test_momentum_adds_a_share_of_the_last_step() -> None:
    np.testing.assert_allclose(step("sgd", [[1, 0], [0, 0]], momentum=0.5), [1 - 0.1 - 0.05, -1], rtol=1e-6)


def test_nesterov_looks_ahead() -> None:
    plain, ahead = (step("sgd", [[1, 0]], momentum=0.5, nesterov=on) for on in (False, True))
    np.testing.assert_allclose((plain[0], ahead[0]), (0.9, 0.85), rtol=1e-6)


def test_nesterov_without_momentum_is_plain_descent() -> None:
    np.testing.assert_allclose(step("sgd", [[1, 0]], momentum=0.0, nesterov=True), [0.9, -1], rtol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop"])
def test_the_size_of_the_gradient_hardly_matters(name: str) -> None:
    small, large = (step(name, [[size, size]] * 3, rate=0.01) for size in (1.0, 100.0))
    np.testing.assert_allclose(small, large, rtol=1e-3)


def test_adamw_decays_weights_that_have_no_gradient() -> None:
    np.testing.assert_allclose(step("adamw", [[0, 0]], weight_decay=0.1), [0.99, -0.99], rtol=1e-5)
    np.testing.assert_allclose(step("adam", [[0, 0]]), [1, -1])


@pytest.mark.parametrize("name", sorted(optimizers))
def test_clipping_bounds_the_norm(name: str) -> None:
    built = optimizers[name].parse({"clip_norm": 2.0}).build(0.1)
    assert built.clipnorm == 2.0
    assert optimizers[name]().build(0.1).clipnorm is None


def test_clipping_scales_the_gradient_and_keeps_its_direction() -> None:
    moved = step("sgd", [[3.0, 4.0]], momentum=0.0, clip_norm=1.0) - [1, -1]
    np.testing.assert_allclose(moved, [-0.06, -0.08], rtol=1e-5)


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_the_fused_kernel_moves_weights_as_keras_does(name: str) -> None:
    plain = getattr(keras.optimizers, name)
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(3, 5)), rng.normal(size=(20, 3, 5))
    ends = []
    for kind in (plain, fused(plain)):
        optimizer, weights = kind(0.01, clipnorm=1.0), keras.Variable(start)
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [weights])
        ends.append([np.asarray(v) for v in (weights, *optimizer.variables)])
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-7)


def test_an_embedding_s_gradient_of_a_few_rows_moves_those_rows_alone() -> None:
    table, untouched = keras.Variable(np.ones((6, 2))), [1, 3, 4, 5]
    optimizer = fused(keras.optimizers.Adam)(0.1)
    rows = tf.IndexedSlices(tf.ones((2, 2)), tf.constant([0, 2]), tf.constant([6, 2]))
    optimizer.apply([rows], [table])
    np.testing.assert_allclose(np.asarray(table)[[0, 2]], 0.9, rtol=1e-5)
    np.testing.assert_array_equal(np.asarray(table)[untouched], 1.0)
