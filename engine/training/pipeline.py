"""The index pipeline: data stays in memory, shuffled batches of positions index into it, one gather per batch.

Several times faster than `fit` on numpy for small models, and the order of the data is a function of (seed, epoch):
any step of any epoch can be reached again without running the ones before it.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from engine.data_info import DataInfo
from engine.runs import RunSpec
from engine.settings import settings
from engine.targets import Ragged, Stored
from engine.training.machines import LONE, Machines
from engine.training.replicas import ALONE, Replicas, check_batch

_EVALUATION_BATCH = 512
_BUCKET_BATCHES = 50
_PREFETCHED_BATCHES = 2  # more would push the weights out of the cache


class Batches:
    """Endless source of shuffled training batches, one finite `tf.data` pass per epoch.

    Keras asks for a new iterator at the start of each epoch; `epoch` and `first_step` say where it begins. The order of
    an epoch is in a variable that the pass reads: computing it inside the pass costs more than a small table's training.
    """

    def __init__(
        self,
        inputs: np.ndarray,
        targets: Stored,
        spec: RunSpec,
        info: DataInfo,
        replicas: Replicas = ALONE,
        machines: Machines = LONE,
    ) -> None:
        """`inputs` (examples, ...) and `targets` (examples,) of the training split.

        Where the model tells lengths, batches hold examples of similar length and end with the longest of them. Where
        there are several times as many inputs as targets, they are versions of the same examples, one whole copy after
        the other, and an epoch draws one of each. Each of several `replicas` or `machines` gets the same number of examples
        of a batch: of an epoch, its last few are left out where they cannot be divided. Others are last in the next one.
        """
        self._replicas, self._machines = replicas, machines
        self._shares = replicas.count * machines.count
        check_batch(spec.training.batch_size, self._shares)
        self.copies = len(inputs) // len(targets)
        self.num_examples = len(targets) - len(targets) % self._shares
        self._stored_examples = len(targets)
        self.batch_size = min(spec.training.batch_size, self.num_examples)
        self.steps_per_epoch = -(-self.num_examples // self.batch_size)
        self._seed = spec.training.seed
        self._lengths = spec.model.lengths(inputs)
        self._moved = spec.moves_targets
        self._pick = _picker(inputs, targets, spec, info, self._lengths, moved=self._moved)
        self._epoch = 0
        with tf.device("cpu"):
            self._order = tf.Variable(self.order(0), trainable=False, name="order")
            self._number = tf.Variable(0, trainable=False, name="epoch", dtype=tf.int64)

    @property
    def epoch(self) -> int:
        """Set the epoch whose order the next pass has."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        if epoch != self._epoch:
            self._epoch = epoch
            self._order.assign(self.order(epoch))
            self._number.assign(epoch)

    def example(self) -> tuple[Any, Any]:
        """Return a batch of one, as training sees it."""
        found: tuple[Any, Any] = self._pick(tf.constant([0]), tf.constant([0, self._seed], tf.int64))
        return found

    def order(self, epoch: int) -> np.ndarray:
        """Return positions of the training examples (examples,) in the order in which `epoch` sees them."""
        rng = np.random.default_rng([self._seed, epoch])
        order = rng.permutation(self._stored_examples)[: self.num_examples]
        if self.copies > 1:
            order = order + self._stored_examples * rng.integers(0, self.copies, self.num_examples)
        return order if self._lengths is None else bucket(order, self._lengths, self.batch_size, rng)

    def dataset(self, first_step: int = 0, class_weight: dict[int, float] | None = None) -> Any:
        """Return one pass over the data from `first_step` on: (batch, ...) float32 inputs and encoded targets.

        For several replicas its elements are their parts of the batches, one after the other, with the weights that
        `class_weight` gives to their examples: Keras cannot add these to a dataset that is distributed. Of several machines
        each sees its part of each batch, with such weights.
        """
        count, here = self._shares, self._replicas.count

        def batch(number: tf.Tensor) -> Any:
            where = self._order[number * self.batch_size : (number + 1) * self.batch_size]
            return picked(where, number)

        def part(number: tf.Tensor) -> Any:
            step, turn = number // here, number % here + self._machines.index
            where = self._order[step * self.batch_size : (step + 1) * self.batch_size]
            size = tf.cast(tf.size(where) // count, tf.int64)
            return picked(where[turn * size :][:size], step * count + turn)

        def picked(where: tf.Tensor, number: tf.Tensor) -> Any:
            if not self._moved:
                return self._pick(where)
            return self._pick(where, tf.stack([self._number * self.steps_per_epoch * count + number, self._seed]))

        def make() -> tf.data.Dataset:
            numbers = tf.data.Dataset.range(first_step * here, self.steps_per_epoch * here)
            found = numbers.map(batch if count == 1 else part)
            if count > 1 and class_weight:
                found = found.map(_weighing(class_weight))
            return found.prefetch(_PREFETCHED_BATCHES * here).with_options(_one_thread())

        return self._replicas.distributed(make)


def _one_thread() -> tf.data.Options:
    """Return options for one thread: a gather per batch is so little work that sharing it between threads costs more."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    return options


def bucket(order: np.ndarray, lengths: np.ndarray, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """Rearrange a random `order` (examples,) so that each batch has similar lengths, and stays as random as possible.

    Within some dozens of batches examples are sorted by length; then all batches are shuffled. An incomplete batch
    keeps its place at the end.
    """
    window = _BUCKET_BATCHES * batch_size
    sorted_windows = [
        part[np.argsort(lengths[part], kind="stable")]
        for part in (order[start : start + window] for start in range(0, len(order), window))
    ]
    arranged = np.concatenate(sorted_windows)
    full = len(arranged) // batch_size * batch_size
    batches = rng.permutation(arranged[:full].reshape(-1, batch_size))
    return np.concatenate([batches.ravel(), arranged[full:]])


def evaluation_dataset(
    inputs: np.ndarray, targets: Stored, spec: RunSpec, info: DataInfo, replicas: Replicas = ALONE
) -> Any:
    """Return all examples once: (batch, ...) float32 inputs and encoded targets; by length where the model gives lengths.

    Several `replicas` get parts of almost the same size: means over examples are exact for any.
    """
    lengths = spec.model.lengths(inputs)
    pick = _picker(inputs, targets, spec, info, lengths)
    order = np.arange(len(inputs)) if lengths is None else np.argsort(lengths, kind="stable")
    size = min(_EVALUATION_BATCH, max(1, _batch_within_memory(inputs)))
    if replicas.count > 1:
        return replicas.distributed(lambda: _parts(order, size, replicas.count).map(pick).prefetch(2 * replicas.count))
    if len(inputs) <= size:
        return tf.data.Dataset.from_tensors(pick(tf.constant(order)))
    return tf.data.Dataset.from_tensor_slices(order).batch(size).map(pick).prefetch(2).with_options(_one_thread())


def _weighing(class_weight: dict[int, float]) -> Any:
    """Return a function that adds the weight of each example to a batch; targets are class indices, or one-hot."""
    weights = tf.constant([class_weight[index] for index in range(len(class_weight))], tf.float32)

    def weigh(inputs: Any, targets: tf.Tensor) -> tuple[Any, tf.Tensor, tf.Tensor]:
        one_hot = targets.shape.rank == 2 and targets.shape[1] != 1
        classes = tf.argmax(targets, axis=1) if one_hot else tf.cast(tf.reshape(targets, [-1]), tf.int64)
        return inputs, targets, tf.gather(weights, classes)

    return weigh


def batches_in(dataset: Any) -> int:
    """Return the number of batches of a dataset for one or several replicas."""
    return int(dataset.cardinality() if isinstance(dataset, tf.data.Dataset) else dataset.cardinality)


def _parts(order: np.ndarray, size: int, count: int) -> tf.data.Dataset:
    """Return positions (part,) of `order` in parts of at most `size`; their number is a multiple of `count`, and none is empty.

    With fewer positions than `count`, some of them come twice.
    """
    parts = -(-len(order) // (size * count)) * count
    splits = np.cumsum([0, *(len(part) for part in np.array_split(np.arange(max(len(order), parts)), parts))])
    return tf.data.Dataset.from_tensor_slices(tf.RaggedTensor.from_row_splits(np.resize(order, splits[-1]), splits))


def _picker(
    inputs: np.ndarray,
    targets: Stored,
    spec: RunSpec,
    info: DataInfo,
    lengths: np.ndarray | None,
    *,
    moved: bool = False,
) -> Any:
    """Return a function from positions (batch,) and a seed (2,) to a batch, in TensorFlow ops; cut to the longest of its
    `lengths`. With `moved` the augmentation moves inputs and targets together."""
    ends = None if lengths is None else tf.constant(lengths, tf.int32)
    gather, gather_targets = _gatherer(inputs), _gatherer(targets, spec.task.padding)

    def pick(where: tf.Tensor, seed: tf.Tensor | None = None) -> tuple[Any, Any]:
        batch = gather(where)
        if ends is not None:
            batch = batch[:, : tf.reduce_max(tf.gather(ends, where))]
        if batch.dtype != tf.int32:  # these are word indices, and stay whole
            batch = tf.cast(batch, tf.float32)
        wanted = gather_targets(where % len(targets))
        if moved and spec.augmentation is not None:
            batch, transforms = spec.augmentation.change(batch, seed)
            wanted = spec.task.move(wanted, transforms, info)
        found: tuple[Any, Any] = spec.task.fitted(spec.model).batch(batch, wanted, info)
        return found

    return pick


def _gatherer(stored: Stored, padding: float = 0) -> Any:
    """Return a function from positions (batch,) to those rows, in TensorFlow ops; ragged ones filled up with `padding`."""
    size = stored.values.nbytes if isinstance(stored, Ragged) else stored.nbytes
    if size > settings().max_resident_mb * 1_000_000:
        return _from_disk(stored, padding)
    if isinstance(stored, Ragged):
        splits = np.concatenate([[0], stored.ends]).astype(np.int64)
        ragged = tf.RaggedTensor.from_row_splits(tf.constant(np.asarray(stored.values)), splits)
        fill = tf.cast(padding, ragged.dtype)
        return lambda where: tf.gather(ragged, where).to_tensor(fill)
    resident = tf.constant(stored)
    return lambda where: tf.gather(resident, where)


def _from_disk(stored: Stored, padding: float) -> Any:
    ragged = isinstance(stored, Ragged)
    values = stored.values if isinstance(stored, Ragged) else stored

    def read(where: np.ndarray) -> np.ndarray:
        found = stored[where]
        return found.dense(padding) if isinstance(found, Ragged) else np.asarray(found)

    def gather(where: tf.Tensor) -> tf.Tensor:
        rows = tf.numpy_function(read, [where], tf.as_dtype(values.dtype), stateful=False)
        return tf.ensure_shape(rows, [None, *([None] if ragged else []), *values.shape[1:]])

    return gather


def _batch_within_memory(inputs: np.ndarray, budget_bytes: int = 64_000_000) -> int:
    """Return how many float32 examples fit into `budget_bytes`."""
    return int(budget_bytes // max(1, int(np.prod(inputs.shape[1:])) * 4))
