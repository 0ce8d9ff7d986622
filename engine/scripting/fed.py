"""The sections of a script for a task that says itself what a step is fed: more inputs, ragged targets, none, or moved ones."""

from typing import Any

from engine.scripting.errors import unwritable
from engine.scripting.facts import Facts
from engine.scripting.sections import Section
from engine.scripting.templates import POSITIONS
from engine.sentences import Sentence
from engine.targets import Ragged
from engine.tasks.base import Task
from engine.training.pipeline import bucket

_EVALUATION_BATCH = 512  # as training has it


class FedSections(Facts):
    """How batches are made where `Task.batch` makes them."""

    @property
    def _maker(self) -> Any:
        """Who makes the fitted network, and says what it is fed."""
        return self.spec.task.fitted(self.spec.model)

    @property
    def fed(self) -> bool:
        """Whether the task says more of a step than what its loss takes."""
        own = any(getattr(type(self._maker), name) is not getattr(Task, name) for name in ("batch", "network"))
        return own or self.spec.moves_targets or isinstance(self.data.targets, Ragged)

    def check(self) -> None:
        """Raise `Unwritable` for the few combinations that no script holds."""
        if not self.fed:
            return
        task = Sentence("the task {task!r}", task=self.spec.task.name)
        if self.copies > 1 or (self.network.tensors.extra and self.network.trained.name == "augmented"):
            raise unwritable(task, Sentence("it makes its own batches, of inputs that augmentation has changed"))

    def _fed_inputs(self, computed: list[str]) -> Section:
        """Write what batches are gathered from; `computed` defines the features that are computed once, if there are any."""
        source = "computed({})" if self.network.features is not None else "{}"
        lines = [*computed, "", ""] if computed else []
        lines += [f"{split}_x = {source.format(f'{split}_inputs')}" for split in ("train", "validation", "test")]
        if isinstance(self.data.targets, Ragged):
            lines += [
                f'{split}_targets = tf.RaggedTensor.from_row_splits({split}_targets, data["{split}_splits"])'
                for split in ("train", "validation", "test")
            ]
        words = "What batches are gathered from."
        if computed:
            words = "What batches are gathered from; features, which stay the same in all epochs, are computed once."
        return Section("Preparation", words, "\n".join(lines))

    def _fed_batches(self) -> Section:
        """Write batches by position, in an order that is a function of seed and epoch, as the task feeds them."""
        self.imports |= {"import math", "import tensorflow as tf"}
        ragged = isinstance(self.data.targets, Ragged)
        fill = f".to_tensor(tf.cast({self.spec.task.padding!r}, targets.dtype))" if ragged else ""
        batch = self._batch()
        lines = [
            *self._lengths(),
            "def order_of(epoch):",
            '    """Positions of the training examples in the order of an epoch: a function of the seed and its number."""',
            *self._order_lines(),
            "",
            "",
            *POSITIONS.replace("len(train_y)", "len(train_x)").split("\n"),
            "",
            "",
            "def gathered(where, x, targets):",
            '    """Inputs and targets at these positions."""',
            "    inputs = tf.gather(x, where)",
            *(["    inputs = inputs[:, : tf.reduce_max(lengths_of(inputs))]"] if self.sequences else []),
            "    inputs = inputs if inputs.dtype == tf.int32 else tf.cast(inputs, tf.float32)",
            f"    return inputs, tf.gather(targets, where){fill}",
            "",
            "",
            "def in_order(x, targets):",
            '    """All examples once, as a step is fed them."""',
            f"    where = tf.data.Dataset.range(len(x)).batch({_EVALUATION_BATCH})",
            f"    return where.map(lambda where: {batch}(*gathered(where, x, targets)))",
            "",
            "",
            *self._training(batch, ragged=ragged),
        ]
        return Section("Batches", "The examples stay in memory; a batch is picked by its positions.", "\n".join(lines))

    def _lengths(self) -> list[str]:
        """Write how long an example is, where batches end with the longest."""
        if not self.sequences:
            return []
        return [
            "def lengths_of(x):",
            '    """How much of each example (examples, longest, ...) comes before its padding, which is zeros."""',
            "    there = tf.reduce_any(tf.reshape(x != 0, [tf.shape(x)[0], tf.shape(x)[1], -1]), axis=2)",
            "    return tf.reduce_max(tf.where(there, tf.range(1, tf.shape(x)[1] + 1), 1), axis=1)",
            "",
            "",
        ]

    def _order_lines(self) -> list[str]:
        rng = "np.random.default_rng([SEED, epoch])"
        if not self.sequences:
            return [f"    return {rng}.permutation(len(train_x))"]
        arranged = self.transplant.function(bucket)
        return [
            f"    rng = {rng}",
            f"    return {arranged}(rng.permutation(len(train_x)), lengths_of(train_x).numpy(), BATCH_SIZE, rng)",
        ]

    def _batch(self) -> str:
        """Return the name of what makes of inputs and targets what a step is fed."""
        if type(self._maker).batch is not Task.batch:
            return self.transplant.method(self._maker, "batch", info=self.info)
        encode = self.transplant.method(self.spec.task, "encode_targets", info=self.info)
        self.transplant.pieces.append(f"def encoded(inputs, targets):\n    return inputs, {encode}(targets)")
        return "encoded"

    def _training(self, batch: str, *, ragged: bool) -> list[str]:
        kept = "kept_x, kept_y = tf.constant(train_x), " + ("train_targets" if ragged else "tf.constant(train_targets)")
        if not self.spec.moves_targets:
            made = f"lambda where: {batch}(*gathered(where, kept_x, kept_y))"
            return [kept, f"training = positions.map({made}).prefetch(2)"]
        change = self.transplant.method(self.spec.augmentation, "change")
        move = self.transplant.method(self.spec.task, "move", info=self.info)
        return [
            kept,
            "",
            "",
            "def changed(step, where):",
            '    """A batch whose inputs and targets move together: how, is a function of the seed and the step."""',
            "    inputs, targets = gathered(where, kept_x, kept_y)",
            f"    inputs, transforms = {change}(inputs, tf.stack([step, SEED]))",
            f"    return {batch}(inputs, {move}(targets, transforms))",
            "",
            "",
            "training = positions.enumerate().map(changed).prefetch(2)",
        ]
