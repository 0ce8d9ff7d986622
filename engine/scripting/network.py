"""The network of a run as code: layers, models, pretrained weights, and random changes to inputs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from engine.data_info import DataInfo
from engine.runs import RunSpec
from engine.scripting.graph import Graph
from engine.scripting.layout import wrapped
from engine.scripting.objects import Objects
from engine.scripting.transplant import Transplant
from engine.tasks.base import Task
from engine.tasks.graph import STORED, feed
from engine.training.network import Network, build_network

RESERVED = (
    *("data", "features", "model", "network", "trained", "texts", "rows", "computed", "order_of", "positions"),
    *("all_positions", "kept_x", "kept_y", "training", "metrics", "digest", "parts", "versions", "layer", "stored"),
    *(
        "by_length",
        "batches",
        "in_order",
        "pick",
        "callbacks",
        "schedule",
        "layers",
        "ops",
        "keras",
        "np",
        "tf",
        "json",
        "math",
        "file",
    ),
    "columns",
)
"""Variables of the other sections."""


@dataclass(frozen=True)
class Written:
    """Lines of code, and what the other sections need to know."""

    layers: list[str]
    models: list[str]
    pretrained: bool
    trained: str
    """The variable of the model that is fitted."""


def write_network(
    spec: RunSpec,
    info: DataInfo,
    network: Network,
    graph: Graph,
    objects: Objects,
    transplant: Transplant,
    store: Callable[[str, np.ndarray], None],
) -> Written:
    """Write the networks that `build_network` has built; weights that are not drawn at random go to `store`."""
    graph.reserve(*RESERVED)
    tensors = network.tensors
    raw, inputs, scores = tensors.raw, tensors.inputs, tensors.scores
    finals = keras.tree.flatten(tensors.final)
    wanted = {id(scores): "scores"} | {id(tensor): _layer_name(tensor) for tensor in finals}
    for tensor in [*keras.tree.flatten(raw), *tensors.extra.values(), *tensors.state.values()]:
        wanted[id(tensor)] = _layer_name(tensor)
    for tensor in keras.tree.flatten(inputs):
        wanted.setdefault(id(tensor), "inputs")
    if network.features is not None:
        wanted.setdefault(id(tensors.frozen), "frozen")
    ends = [*finals, scores, *keras.tree.flatten(inputs), *tensors.extra.values(), *tensors.state.values()]
    layers = graph.lines(ends, wanted)
    fed_raw = graph.variable(feed(tensors.fed(raw), tensors.state))
    fed_inputs = graph.variable(tensors.fed(inputs))
    models = [f'model = keras.Model({fed_raw}, {graph.variable(tensors.final)}, name="{network.saved.name}")']
    made = _fitted(spec, transplant)
    first = fed_inputs
    if network.features is not None:
        frozen = graph.variable(tensors.frozen)
        first = graph.variable(tensors.fed(tensors.frozen))
        models.append(f'features = keras.Model({graph.variable(inputs)}, {frozen}, name="features")')
        if tensors.extra:
            models.append(f'{frozen}.name = "{STORED}"  # the key of a dict must be the name')
    network_line = f'network = {made}({first}, {graph.variable(scores)}, name="network")'
    if network.features is not None and tensors.extra:
        shared = ", ".join(graph.variable(tensor) for tensor in tensors.extra.values())
        models += [
            "# Keras gives an input that two models share the place of the second; the first is saved by its own.",
            f"places = [(tensor, tensor._keras_history) for tensor in [{shared}]]",
            network_line,
            "for tensor, place in places:",
            "    tensor._keras_history = place",
        ]
    else:
        models.append(network_line)
    if tensors.averaged:
        models.append("network.follow(model)")
    pretrained = _store_pretrained(spec, info, network, store)
    trained = "network"
    if network.trained.name == "augmented":
        trained = "trained"
    return Written([wrapped(line) for line in layers], [wrapped(line) for line in models], pretrained, trained)


def _fitted(spec: RunSpec, transplant: Transplant) -> str:
    """Return the name of what makes the fitted model: Keras' class, or a function of the task's own."""
    maker = spec.task.fitted(spec.model)
    if type(maker).network is Task.network:
        return "keras.Model"
    return transplant.method(maker, "network", called="fitted_model")


def write_augmentation(spec: RunSpec, network: Network, graph: Graph, transplant: Transplant) -> list[str]:
    """Return the lines of the model that changes its input at random, and then does what `network` does."""
    inner = network.trained.output._keras_history.operation
    graph.call_model(inner, "network")
    start, end = network.trained.input, network.trained.output
    lines = graph.lines([end], {id(start): "original", id(end): "changed_scores"})
    made = _fitted(spec, transplant)
    named = "" if made == "keras.Model" else ', name="trained"'
    lines.append(f"trained = {made}({graph.variable(start)}, {graph.variable(end)}{named})")
    return [wrapped(line) for line in lines]


def _layer_name(tensor: Any) -> str:
    return str(tensor._keras_history.operation.name)


def _store_pretrained(
    spec: RunSpec, info: DataInfo, network: Network, store: Callable[[str, np.ndarray], None]
) -> bool:
    """Store the weights of layers that do not begin at random: another seed gives them the same numbers.

    Zeros and ones do not count: biases and scales begin with them.
    """
    other = replace(spec, training=spec.training.model_copy(update={"seed": (spec.training.seed + 1) % 2**31}))
    again = build_network(other, info)
    found = False
    for layer, twin in zip(network.saved.layers, again.saved.layers, strict=True):
        weights, others = layer.get_weights(), twin.get_weights()
        if any(_given(one, two) for one, two in zip(weights, others, strict=True)):
            found = True
            for number, value in enumerate(weights):
                store(f"weights/{layer.name}/{number}", _smallest(value))
    return found


def _given(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether whole rows are equal, other than zeros and ones: single numbers may be equal by chance."""
    one, two = np.atleast_1d(one), np.atleast_1d(two)
    start = ((one == 0) | (one == 1)).all(axis=-1)
    return bool(((one == two).all(axis=-1) & ~start).any())


def _smallest(value: np.ndarray) -> np.ndarray:
    """Return the array in 16 bits where that loses nothing."""
    if value.dtype != np.float32:
        return value
    half = value.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), value) else value
