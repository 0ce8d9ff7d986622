"""Assemble a run's networks: the one that is trained and the one that is saved, sharing their layers."""

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np

from engine.artifacts import MODEL
from engine.augmentations.base import Augmentation
from engine.data_info import DataInfo
from engine.runs import RunSpec
from engine.tasks.base import Call
from engine.tasks.graph import STORED, Tensors, feed
from engine.training.calling import SavedModel, Watch, compared_by
from engine.training.replicas import ALONE, Replicas
from engine.training.steering import Scaled
from engine.training.tensors import as_tensors


@dataclass(frozen=True)
class Network:
    """The Keras models of one run.

    `trained`: batches of the input pipeline -> raw scores, with augmentation; compiled and fitted.
    `core`: inputs as in the dataset, such as images (batch, height, width, channels) 0..255 -> raw scores, not augmented.
    `saved`: inputs as people have them, images of any size -> what they see (probabilities).
    `features`: raw inputs -> frozen features, where `trained` starts from these; None otherwise.
    """

    trained: keras.Model
    core: keras.Model
    saved: keras.Model
    tensors: Tensors
    features: keras.Model | None = None
    file: ClassVar[str] = MODEL
    """Name of the file of the saved model."""

    def saved_call(self, watch: Watch | None = None) -> SavedModel:
        """Return the saved model as evaluation calls it; `watch` is called after each batch."""
        return SavedModel(self, watch)

    def call_for(self, example: np.ndarray) -> Call:
        """Return the fastest call for inputs like this one, an example (1, ...), again and again."""
        tensors = as_tensors(example)
        return lambda inputs, extra=None: self.saved.predict_on_batch(tensors)

    def write(self, path: Path) -> None:
        """Write the saved model."""
        self.saved.save(path)

    @property
    def compared(self) -> str:
        """Return the name of the layer by whose output inputs are compared; empty where they are not."""
        found = compared_by(self.tensors)
        return "" if found is None else str(found._keras_history.operation.name)

    @property
    def counted(self) -> keras.Model:
        """Return the one whose weights are counted and hashed: each stands in it once, also where an average of them is kept."""
        return self.saved if self.tensors.averaged else self.core


def build_network(spec: RunSpec, info: DataInfo, replicas: Replicas = ALONE) -> Network:
    """Build all networks of a run. Seeds come from the spec: the same spec gives the same initial weights.

    They are views of one graph, none inside another: a nested model that is called without `training` would leave
    its dropout on. Of several `replicas` each has all variables; the models themselves are made outside of their scope, so
    that Keras distributes only what is called inside of it.
    """
    keras.utils.set_random_seed(spec.training.seed)
    info = replace(info, modality=spec.task.modality)
    task = spec.task
    with replicas.scope():
        tensors = task.assemble(spec.model, info)
    saved = keras.Model(
        feed(tensors.fed(tensors.raw), tensors.state), tensors.final, name=spec.model.name.replace("-", "_")
    )
    core = task.fitted(spec.model).network(tensors.fed(tensors.inputs), tensors.scores, "network")
    if tensors.averaged:
        core.follow(saved)
    if info.learned:
        spec.model.warm_start(core, info)
    augmentation = spec.augmentation if spec.augmentation is not None and spec.augmentation.active() else None
    if augmentation is not None and spec.moves_targets:  # inputs and targets change together, in the pipeline
        return Network(core, core, saved, tensors)
    if augmentation is not None and not augmentation.on_features:
        return Network(_augmented(core, tensors, info.shape, augmentation, spec, replicas), core, saved, tensors)
    if spec.model.freezes(info) or augmentation is not None:
        # the frozen part gives the same numbers every epoch: it is computed once, and only the rest is trained
        features = keras.Model(tensors.inputs, tensors.frozen, name="features")
        top = _top(task.fitted(spec.model), tensors)
        if augmentation is not None:
            top = _augmented(top, tensors, tensors.frozen.shape[1:], augmentation, spec, replicas)
        return Network(top, core, saved, tensors, features)
    return Network(core, core, saved, tensors)


def _top(maker: Any, tensors: Tensors) -> keras.Model:
    """Return the part behind what is frozen.

    Keras gives an input that such a part shares with the whole a second place in the graph and forgets the first, by
    which the whole is saved: it is put back.
    """
    if tensors.extra:
        tensors.frozen.name = STORED  # Keras wants the key of a dict as the name
    places = [(tensor, tensor._keras_history) for tensor in tensors.extra.values()]
    top = maker.network(tensors.fed(tensors.frozen), tensors.scores, "top")
    for tensor, place in places:
        tensor._keras_history = place
    return top


def _augmented(
    network: keras.Model,
    tensors: Tensors,
    shape: tuple[int, ...],
    augmentation: Augmentation,
    spec: RunSpec,
    replicas: Replicas,
) -> keras.Model:
    """Return `network` preceded by random changes to its input."""
    start = keras.Input(shape, name=STORED)
    with replicas.scope():
        changed = augmentation.apply(start, spec.training.seed)
    return spec.task.fitted(spec.model).network(tensors.fed(start), network(tensors.fed(changed)), "augmented")


def compile_network(network: Network, spec: RunSpec, info: DataInfo, total_steps: int, *, gpu: bool) -> None:
    """Give the trained model its loss, metrics and optimizer. XLA pays off on one GPU and costs time on a CPU."""
    rate = spec.schedule.build(spec.optimizer.learning_rate, total_steps)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        rate = Scaled(rate)
    network.trained.compile(
        optimizer=spec.optimizer.build(rate), jit_compile=gpu and spec.task.fuses, **spec.task.compile_options(info)
    )


def create_variables(model: keras.Model, batch: tuple[Any, Any], replicas: Replicas = ALONE) -> None:
    """Create the variables of a compiled model's optimizer and metrics now, for a `batch` of the input pipeline.

    Keras would create them inside the training graph, which TensorFlow then has to trace a second time. Metrics of several
    replicas cannot be updated outside of a step: there, values are not kept.
    """
    inputs, targets = batch
    with replicas.scope():
        model.optimizer.build(model.trainable_variables)
        with contextlib.nullcontext() if replicas.count == 1 else keras.StatelessScope():
            model.compute_metrics(inputs, targets, _zeros(model, inputs))
    model.reset_metrics()


def _zeros(model: keras.Model, inputs: Any) -> Any:
    """Return outputs of zeros, shaped as for these `inputs`."""
    if not isinstance(inputs, dict) and None not in model.output_shape[1:]:  # no need to go through the layers
        return keras.ops.zeros((len(inputs), *model.output_shape[1:]))
    shapes = model.compute_output_spec(inputs)
    return keras.tree.map_structure(lambda output: keras.ops.zeros(output.shape, output.dtype), shapes)
