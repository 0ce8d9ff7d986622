"""A picture of a network before it is trained: its layers and shapes, and the facts that its costs follow from."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import Any

import keras

from engine.cost.facts import NetworkFacts
from engine.models.boosted_trees import BoostedTrees
from engine.optimizers import Adam, Optimizer
from engine.preparation.prepare import PreparedDataset, prepare
from engine.runs import RunSpec, Training
from engine.schedules import Constant
from engine.serving.answers import Layer, NetworkPicture
from engine.training.network import Network, build_network
from engine.training.operations import count_flops, count_kept, measure_lengths
from engine.training.start_boosting import round_flops

MAX_BOXES = 30
"""Layers are folded by the beginnings of their names until at most this many boxes are left."""
_FLOAT_BYTES = 4


def describe_network(values: dict[str, Any]) -> NetworkPicture:
    """The network of a run, with `values` as `RunSpec.build` takes them. Built without weights, so it is never slow."""
    spec = RunSpec.build(values)
    if isinstance(spec.model, BoostedTrees):
        return _trees(spec, spec.model)
    # what does not change the layers is put to its default, so that turning these dials finds the cached network
    same = replace(spec, optimizer=Adam(), schedule=Constant(), training=Training())
    found = _measure(same, prepare(spec.dataset))
    return replace(found, facts=replace(found.facts, optimizer_slots=_slots(spec.optimizer)))


@lru_cache(maxsize=128)
def _measure(spec: RunSpec, data: PreparedDataset) -> NetworkPicture:
    """Return the facts about a network that hold whatever the optimizer and the batch size are."""
    try:
        # Variables get shapes but no values: a network of 800 million parameters takes 20 ms instead of a minute.
        with keras.StatelessScope(initialize_variables=False):
            network = build_network(spec, data.info)
            layers = _in_order(network)
            groups = _groups([layer.name for layer in layers])
            drawn = tuple(_layer(layer, group) for layer, group in zip(layers, groups, strict=True))
            return NetworkPicture(drawn, _facts(network, spec, data, layers))
    finally:
        keras.utils.clear_session()  # forgets the variables without values, and starts names at "dense" again


def _trees(spec: RunSpec, model: BoostedTrees) -> NetworkPicture:
    """Return the facts about trees: none has layers, nor a size before it is grown."""
    data = prepare(spec.dataset)
    columns = len(data.info.columns)
    train, validation = (sum(data.meta["counts"][split]) for split in ("train", "validation"))
    facts = NetworkFacts(
        parameters=0,
        trainable_parameters=0,
        optimizer_slots=0.0,
        flops=round_flops(model.rounds, data.info.num_classes, columns, model.leaves),
        frozen_flops=0,
        kept_numbers=0,
        widest_numbers=data.info.num_classes or 1,
        train_examples=train,
        data_bytes=(train + validation) * columns * 8,
    )
    return NetworkPicture((), facts)


def _facts(network: Network, spec: RunSpec, data: PreparedDataset, layers: list[keras.Layer]) -> NetworkFacts:
    lengths = measure_lengths(spec, data)
    kept = list(_from_first_trained(layers))
    train, validation = (sum(data.meta["counts"][split]) for split in ("train", "validation"))
    copies = spec.augmentation.copies if spec.augmentation and network.features is not None else 1
    return NetworkFacts(
        parameters=network.counted.count_params(),
        trainable_parameters=_sum_sizes(network.core.trainable_variables),
        optimizer_slots=0.0,
        flops=count_flops(network.trained, lengths.mean),
        frozen_flops=count_flops(network.features, lengths.mean) if network.features is not None else 0,
        kept_numbers=count_kept(kept, lengths.longest),
        widest_numbers=max(count_kept([layer], lengths.longest) for layer in kept),
        train_examples=train,
        data_bytes=_input_bytes(network, data, lengths.longest) * (train * copies + validation),
    )


def _input_bytes(network: Network, data: PreparedDataset, longest: int) -> int:
    """Return the bytes of one example in memory: as it lies on disk, or as its frozen features."""
    if network.features is None:
        return data.inputs.nbytes // max(len(data.inputs), 1)
    return math.prod(int(axis or longest) for axis in network.features.output_shape[1:]) * _FLOAT_BYTES


def _in_order(network: Network) -> list[keras.Layer]:
    """All layers from raw input to what people see; augmentation stands where training has it, before the core."""
    if network.tensors.averaged:  # the saved one has the same layers again
        return list(network.core.layers)
    core = {id(layer) for layer in network.core.layers}
    before = [layer for layer in network.saved.layers if id(layer) not in core]
    first = next(i for i, layer in enumerate(network.saved.layers) if id(layer) in core)
    changing = [] if network.features is not None else network.trained.layers
    augmenting = [
        layer
        for layer in changing
        if id(layer) not in core
        and layer is not network.core
        and layer not in before
        and not isinstance(layer, keras.layers.InputLayer)
    ]
    return [*network.saved.layers[:first], *augmenting, *network.saved.layers[first:]]


def _layer(layer: keras.Layer, group: str) -> Layer:
    return Layer(
        name=layer.name,
        kind=type(layer).__name__,
        output_shape=tuple(_outputs(layer)[0][1:]),
        parameters=layer.count_params(),
        trainable=bool(layer.trainable_variables),
        group=group,
    )


def _groups(names: list[str]) -> list[str]:
    """For each layer the beginning of its name that its box is called by: as much of it as leaves few enough boxes.

    Names are read as paths (`block2_1_expand_conv`). A beginning whose layers do not all follow each other, such as
    that of two parallel branches, makes no box.
    """
    groups = names
    for depth in range(max(len(name.split("_")) for name in names), 0, -1):
        boxes = [group for group, _ in groupby(groups)]
        if len(boxes) <= MAX_BOXES and len(boxes) == len(set(boxes)):
            break
        groups = [_beginning(name, depth) for name in names]
    return groups


def _beginning(name: str, depth: int) -> str:
    """The first `depth` parts; names that Keras gave (`dense_1`) stand for themselves."""
    parts = name.split("_")
    return name if parts[-1].isdigit() else "_".join(parts[:depth])


def _from_first_trained(layers: list[keras.Layer]) -> Iterator[keras.Layer]:
    started = False
    for layer in layers:
        started = started or bool(layer.trainable_variables)
        if started:
            yield layer


def _outputs(layer: keras.Layer) -> list[tuple[int | None, ...]]:
    return [tuple(tensor.shape) for tensor in keras.tree.flatten(layer.output)]


def _sum_sizes(variables: Iterable[Any]) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


@lru_cache(maxsize=128)
def _slots(optimizer: Optimizer) -> float:
    """Return how many numbers the optimizer keeps for each trained weight: two for Adam, none for plain SGD."""
    size = 1024  # large enough that the few numbers kept once (the step, the rate) round away
    built = optimizer.build(1e-3)
    built.build([keras.Variable(shape=(size,), initializer="zeros", name="weights")])
    return _sum_sizes(built.variables) // size
