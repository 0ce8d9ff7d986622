"""One fit in one process: the textbook's way, ours with and without tracking, or a whole epoch as one graph.

`python -m bench.subject WAY MODEL EPOCHS SEED`; prints JSON. The data: 60,000 images in the shape of MNIST, the embedded
clothes six times over, and 2,000 others to test on (the convolutional network gets them once). Before each epoch
it prints a line and waits for one, so that several subjects can take turns (`bench/turns.py`).
"""

import json
import sys
import time
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, datasets
from engine.datasets.fashion import Fashion
from engine.runs import RunSpec


@datasets.register("bench-60k", "Sixty thousand clothes")
class SixtyThousand(Fashion):
    """The embedded clothes six times over: as many examples as MNIST has."""

    num_examples: ClassVar[int] = 62_000

    def load(self) -> Examples:
        """Return 60,000 training and 2,000 test examples, (28, 28, 1) uint8."""
        once = super().load()
        assert once.test is not None
        train = np.flatnonzero(~once.test)
        where = np.concatenate([np.tile(train, 6), np.flatnonzero(once.test)])
        groups = np.concatenate([np.tile(train, 6), np.flatnonzero(once.test)])
        return Examples(once.inputs[where], once.targets[where], once.labels, groups=groups, test=once.test[where])


def spec_of(model: str, epochs: int, seed: int) -> RunSpec:
    """Return the spec of both sides: batch 64, Adam, no early stopping."""
    dataset = {"mlp": "bench-60k"}.get(model, "fashion")
    values = {"dataset": dataset, "model": model, "epochs": epochs, "batch_size": 64, "patience": 0, "seed": seed}
    return RunSpec.build(values | {"learning_rate": 1e-3, "validation_fraction": 0.05})


def arrays(spec: RunSpec) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the same split for both sides."""
    from engine.preparation.prepare import prepare

    data = prepare(spec.dataset)
    return {split: data.arrays(split) for split in ("train", "validation", "test")}


def textbook(model: str, epochs: int, seed: int) -> dict[str, Any]:
    """Train as the first page of a tutorial does: scale, build, compile, `fit` on numpy arrays, keep the best epoch as ours does."""
    import keras
    from keras import layers

    spec = spec_of(model, epochs, seed)
    data = {split: (x.astype("float32") / 255, y) for split, (x, y) in arrays(spec).items()}
    keras.utils.set_random_seed(seed)
    middle = {
        "mlp": [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.2)],
        "cnn": [
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.3),
        ],
    }[model]
    network = keras.Sequential([layers.Input((28, 28, 1)), *middle, layers.Dense(10, activation="softmax")])
    # jit_compile=False is the faster choice on a CPU: the comparison is not won by XLA's start-up time
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    clock = EpochClock(len(data["train"][0]))
    best = keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=epochs, restore_best_weights=True)
    began = time.monotonic()
    network.fit(
        *data["train"], batch_size=64, epochs=epochs, validation_data=data["validation"], callbacks=[clock, best],
        verbose=0,
    )  # fmt: skip
    wall = time.monotonic() - began
    accuracy = network.evaluate(*data["test"], verbose=0, return_dict=True)["accuracy"]
    return clock.result(wall) | {"test_accuracy": accuracy}


def EpochClock(num_examples: int) -> Any:  # noqa: N802  # a class, made late so that importing this file stays cheap
    """A callback that waits for its turn before each epoch, and times epochs without the waiting."""
    import keras

    class Clock(keras.callbacks.Callback):
        seconds: ClassVar[list[float]] = []
        waited = 0.0

        def on_train_begin(self, logs: Any = None) -> None:
            if not self.seconds:
                self.wait()

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began = time.monotonic()

        def on_test_begin(self, logs: Any = None) -> None:
            self.seconds.append(time.monotonic() - self.began)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            # here, and not where an epoch begins: ours measures its speed from this point
            self.wait()

        def wait(self) -> None:
            asked = time.monotonic()
            print(NEXT, flush=True)
            sys.stdin.readline()
            self.waited += time.monotonic() - asked

        def result(self, wall: float) -> dict[str, Any]:
            """Return seconds of the training part of each epoch, and examples a second of the whole `fit`."""
            return {
                "epoch_seconds": self.seconds,
                "examples": num_examples,
                "wall_examples_per_second": num_examples * len(self.seconds) / (wall - self.waited),
            }

    return Clock()


NEXT = "next epoch"


def ours(model: str, epochs: int, seed: int) -> dict[str, Any]:
    """Train as `engine train` does, store and checkpoints included."""
    from engine.store import open_store
    from engine.training.fit import train_run

    store = open_store()
    run = store.runs.create(spec_of(model, epochs, seed), slot="bench")
    clock = EpochClock(len(arrays(run.parsed())["train"][0]))
    train_run(store, run, [clock])
    result = store.runs.get(run.id).result
    return clock.result(result["seconds"]) | {"test_accuracy": result["test_accuracy"]}


class _Bare:
    """Our network and pipeline without anything else."""

    def __init__(self, model: str, epochs: int, seed: int) -> None:
        from engine.preparation.prepare import prepare
        from engine.training.network import build_network, compile_network, create_variables
        from engine.training.pipeline import Batches, evaluation_dataset

        spec = spec_of(model, epochs, seed)
        info, data = prepare(spec.dataset).info, arrays(spec)
        self.batches = Batches(*data["train"], spec, info)
        self.network = build_network(spec, info)
        compile_network(self.network, spec, info, self.batches.steps_per_epoch * epochs, gpu=False)
        create_variables(
            self.network.trained, (data["train"][0][:1], spec.task.encode_targets(data["train"][1][:1], info))
        )
        self.validation = evaluation_dataset(*data["validation"], spec, info)
        self.clock = EpochClock(self.batches.num_examples)

    def fit(self, first: int, last: int, steps_per_execution: int) -> None:
        """Train epochs `first` to `last`, the last one excluded."""
        trained = self.network.trained
        trained.steps_per_execution = steps_per_execution
        trained.make_train_function(force=True)
        trained.fit(
            self.batches.dataset(), validation_data=self.validation, initial_epoch=first, epochs=last,
            callbacks=[self.clock], shuffle=False, verbose=0,
        )  # fmt: skip


def untracked(model: str, epochs: int, seed: int) -> dict[str, Any]:
    """Train as `ours` does, without store, checkpoints and reports."""
    from engine.training.session import FIRST_EXECUTION_STEPS, execution_steps

    bare = _Bare(model, epochs, seed)
    began, steps = time.monotonic(), bare.batches.steps_per_epoch
    bare.fit(0, 1, FIRST_EXECUTION_STEPS)
    bare.fit(1, epochs, execution_steps(steps / bare.clock.seconds[0], steps))
    return bare.clock.result(time.monotonic() - began)


def whole_epoch(model: str, epochs: int, seed: int) -> dict[str, Any]:
    """Train at the limit: every step of an epoch in one call of one graph, nothing visible until it is over."""
    bare = _Bare(model, epochs, seed)
    began = time.monotonic()
    bare.fit(0, epochs, bare.batches.steps_per_epoch)
    return bare.clock.result(time.monotonic() - began)


if __name__ == "__main__":
    ways = {"textbook": textbook, "ours": ours, "untracked": untracked, "whole_epoch": whole_epoch}
    print(json.dumps(ways[sys.argv[1]](sys.argv[2], *map(int, sys.argv[3:5]))))
