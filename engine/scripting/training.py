"""The sections of a script that train and evaluate: what is fitted on, in which order, with which loss and optimizer."""

from collections.abc import Mapping
from typing import Any

import keras

from engine.schedules import Schedule
from engine.scripting.fed import FedSections
from engine.scripting.layout import wrapped
from engine.scripting.network import Written
from engine.scripting.sections import Section
from engine.scripting.templates import DIGEST, PICK_SEQUENCES, POSITIONS
from engine.training.pipeline import bucket
from engine.training.seeds import SteadySeeds

_CHUNK, _FEATURE_BATCH, _EVALUATION_BATCH = 256, 32, 512  # as training has them


class TrainingSections(FedSections):
    """Everything after the network."""

    def _preparation(self) -> Section:
        """Write what the fitted model takes: targets as its loss expects them, features that are computed once."""
        if self.fed:
            return self._fed_inputs(self._computed() if self.network.features is not None else [])
        encode = self.transplant.method(self.spec.task, "encode_targets", info=self.info)
        lines = [f"{split}_y = {encode}({split}_targets)" for split in ("train", "validation", "test")]
        words = "Targets as the loss takes them."
        source = {split: f"{split}_inputs" for split in ("train", "validation", "test")}
        if self.network.features is not None:
            words = "Targets as the loss takes them; features, which stay the same in all epochs, are computed once."
            lines += ["", "", *self._computed(), "", ""]
            source = {split: f"computed({name})" for split, name in source.items()}
            if self.copies > 1:
                lines += self._versions()
                source["train"] = "np.concatenate([computed(version) for version in versions])"
        if self.sequences:
            lengths = self.transplant.method(self.spec.model, "lengths")
            lines += [f"{split}_x = {code}" for split, code in source.items()]
            lines += [f"{split}_lengths = {lengths}({split}_x)" for split in source]
        else:
            lines += [f"{split}_x = {code}" for split, code in source.items()]
        return Section("Preparation", words, "\n".join(lines))

    def _computed(self) -> list[str]:
        self.imports.add("import numpy as np")
        predicted = f"features.predict(inputs, batch_size={_FEATURE_BATCH}, verbose=0)"
        if self.info.wide:  # Keras would round arrays of 64 bits to 32
            batches = f"tf.data.Dataset.from_tensor_slices(inputs).batch({_FEATURE_BATCH})"
            predicted = f"features.predict({batches}, verbose=0)"
        lines = [
            "def computed(inputs):",
            '    """Features that the frozen part computes from the inputs, once."""',
            f"    found = {predicted}",
        ]
        if None in self.network.features.output_shape[1:]:  # type: ignore[union-attr]
            lines.append("    return found.to_tensor().numpy() if isinstance(found, tf.RaggedTensor) else found")
        else:
            lines[-1:] = [f"    return {predicted}"]
        return lines

    def _versions(self) -> list[str]:
        vary = self.transplant.method(self.spec.augmentation, "vary")
        return [
            "# Versions of the training split that are changed at random; each epoch draws one of each example.",
            f"parts = np.split(train_inputs, range({_CHUNK}, len(train_inputs), {_CHUNK}))",
            "versions = [train_inputs]",
            f"for number in range(1, {self.copies}):",
            "    rng = np.random.default_rng([SEED, number])",
            f"    versions.append(np.concatenate([{vary}(part, rng) for part in parts]))",
            "",
        ]

    def _order(self) -> Section:
        """Write batches by position, in an order that is a function of seed and epoch."""
        if self.fed:
            return self._fed_batches()
        lines = [
            "def order_of(epoch):",
            '    """Positions of the training examples in the order of an epoch: a function of the seed and its number."""',
            "    rng = np.random.default_rng([SEED, epoch])",
        ]
        if not self.sequences and self.copies == 1:
            lines.append("    return rng.permutation(len(train_y))")
        else:
            lines.append("    order = rng.permutation(len(train_y))")
        if self.copies > 1:
            lines.append(f"    order = order + len(train_y) * rng.integers(0, {self.copies}, len(train_y))")
        if self.sequences:
            arranged = self.transplant.function(bucket)
            lines.append(f"    return {arranged}(order, train_lengths, BATCH_SIZE, rng)")
        elif self.copies > 1:
            lines.append("    return order")
        target = "where % len(train_y)" if self.copies > 1 else "where"
        lines += ["", "", *POSITIONS.split("\n"), ""]
        if self.sequences:
            lines += [
                "",
                *PICK_SEQUENCES.split("\n"),
                "",
                "",
                "training = batches(positions, train_x, train_y, train_lengths)",
            ]
        else:
            images = "tf.cast(tf.gather(kept_x, where), tf.float32)" if self._casts() else "tf.gather(kept_x, where)"
            lines += ["kept_x, kept_y = tf.constant(train_x), tf.constant(train_y)", "training = positions.map("]
            lines += [f"    lambda where: ({images}, tf.gather(kept_y, {target}))", ").prefetch(2)"]
        self.imports |= {"import math", "import tensorflow as tf"}
        words = "The examples stay in memory; a batch is picked by its positions."
        return Section("Batches", words, "\n".join(lines))

    def _casts(self) -> bool:
        return self.network.features is None and self.whole

    def _fit(self, written: Written) -> Section:
        lines: list[str] = []
        trained = written.trained
        rate = "LEARNING_RATE"
        schedule = self.spec.schedule
        if type(schedule).build is not Schedule.build:
            build = self.transplant.method(schedule, "build")
            lines += [f"schedule = {build}(LEARNING_RATE, total_steps=EPOCHS * STEPS)"]
            rate = "schedule"
        options = dict(self.spec.task.compile_options(self.info))
        lines += self._compile(trained, rate, options)
        lines += ["", *self._callbacks()]
        weights = (
            None if self.fed else self.spec.task.class_weight(self.data.targets[self.data.indices("train")], self.info)
        )
        arguments = ["training", f"validation_data={self._validation()}"]
        if not self.sequences and not self.fed:
            arguments.append(f"validation_batch_size={_EVALUATION_BATCH}")
        arguments += ["epochs=EPOCHS", "steps_per_epoch=STEPS"]
        if weights is not None:
            arguments.append(
                f"class_weight={self.transplant.method(self.spec.task, 'class_weight', info=self.info)}(train_targets)"
            )
        arguments += ["callbacks=callbacks", "verbose=2"]
        lines += [f"{trained}.fit(", *(f"    {argument}," for argument in arguments), ")"]
        optimizer = f"{self.spec.optimizer.title}, {self.spec.schedule.title}"
        return Section("Training", f"{optimizer}; the weights of the best epoch are kept.", "\n".join(lines))

    def _compile(self, trained: str, rate: str, options: Mapping[str, Any]) -> list[str]:
        optimizer = self.spec.optimizer.build(self.spec.optimizer.learning_rate)
        code = self.objects.construction(_own(optimizer, self.exact), {"learning_rate": rate})
        arguments = [f"optimizer={code}"]
        for name, value in options.items():
            arguments.append(f"{name}={self.objects.expression(value, name)}")
        arguments.append("jit_compile=False")
        return [f"{trained}.compile(", *(wrapped(argument, "    ") + "," for argument in arguments), ")"]

    def _callbacks(self) -> list[str]:
        task, schedule = self.spec.task, self.spec.schedule
        patience = "PATIENCE" if self.spec.training.patience else "EPOCHS"
        training = self.spec.training
        first = min(training.first_best, training.epochs) - 1
        late = f", start_from_epoch={first}" if first else ""
        best = (
            f'keras.callbacks.EarlyStopping("{task.objective}", mode="{"max" if task.maximize else "min"}", '
            f"patience={patience}, restore_best_weights=True{late})"
        )
        items = [best]
        if schedule.reacts:
            values = schedule.model_dump()
            items.append(
                'keras.callbacks.ReduceLROnPlateau("val_loss", '
                f"factor={values['plateau_factor']!r}, patience={values['plateau_patience']!r})"
            )
        if (
            self.exact
            and any(v.name == "seed_generator_state" for v in self.network.core.non_trainable_variables)
            and self._recurrent()
        ):
            items.insert(0, f"{self.transplant.function(SteadySeeds)}()")
        return ["callbacks = [", *(wrapped(item, "    ") + "," for item in items), "]"]

    def _recurrent(self) -> bool:
        kinds = keras.layers.RNN | keras.layers.Bidirectional
        return any(isinstance(layer, kinds) for layer in self.network.core.layers)

    def _validation(self) -> str:
        if self.fed:
            return "in_order(validation_x, validation_targets)"
        return (
            "by_length(validation_x, validation_y, validation_lengths)"
            if self.sequences
            else "(validation_x, validation_y)"
        )

    def _evaluation(self, written: Written) -> Section:
        given = (
            "by_length(test_x, test_y, test_lengths)"
            if self.sequences
            else f"test_x, test_y, batch_size={_EVALUATION_BATCH}"
        )
        if self.fed:
            given = "in_order(test_x, test_targets)"
        lines = []
        if len(self.data.indices("test")):
            lines += [f"metrics = {written.trained}.evaluate({given}, return_dict=True, verbose=0)"]
            lines += ['metrics = {f"test_{name}": round(value, 6) for name, value in metrics.items()}']
        else:
            lines += ["metrics = {}"]
        if self.exact:
            self.imports.add("import hashlib")
            made = self.network  # they have their layers in another order, or some that are not saved
            other = made.tensors.state or len(made.counted.weights) != len(made.saved.weights)
            counted = "network" if other else "model"
            lines += ["", *DIGEST.format(model=counted).split("\n")]
        lines += ["", 'model.save("model.keras")', "print(json.dumps(metrics))"]
        return Section("Evaluation", "Once, on examples that no decision was made with.", "\n".join(lines))


def _own(optimizer: Any, exact: bool) -> Any:
    """Return Keras' own optimizer, where the last bit does not matter."""
    cls = next(base for base in type(optimizer).__mro__ if getattr(keras.optimizers, base.__name__, None) is base)
    return optimizer if exact else cls.from_config(optimizer.get_config())
