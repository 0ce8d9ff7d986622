"""KerasTuner's way: `python -m bench.keras_tuner TRIALS EPOCHS SEED` searches as its own guide does, and prints JSON."""

import json
import sys
import tempfile
import time
from typing import Any

BEGAN = time.monotonic()


def main(trials: int, epochs: int, seed: int) -> dict[str, Any]:
    """Random search over `bench.search.SPACE`, on the same arrays; `seconds` begins after the imports."""
    import keras
    import keras_tuner
    from keras import layers

    from bench.search import BATCH_SIZE, SPACE, VALUES
    from engine.preparation.prepare import prepare
    from engine.runs import RunSpec

    data = prepare(RunSpec.build(VALUES).dataset)
    (x, y), (held_out, targets) = data.arrays("train"), data.arrays("validation")
    x, held_out = x.astype("float32") / 255, held_out.astype("float32") / 255

    def build_model(hp: Any) -> Any:
        units, dropout, rate = (SPACE[name] for name in ("units", "dropout", "learning_rate"))
        model = keras.Sequential(
            [
                layers.Input((8, 8, 1)),
                layers.Flatten(),
                layers.Dense(hp.Int("units", int(units.low), int(units.high), sampling="log"), activation="relu"),
                layers.Dropout(hp.Float("dropout", dropout.low, dropout.high, step=dropout.step)),
                layers.Dense(10, activation="softmax"),
            ]
        )
        adam = keras.optimizers.Adam(hp.Float("learning_rate", rate.low, rate.high, sampling="log"))
        # jit_compile=False is the faster choice on a CPU: the comparison is not won by XLA's start-up time
        model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        return model

    imported = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.RandomSearch(build_model, "val_accuracy", trials, seed=seed, directory=folder)
        tuner.search(
            x, y, validation_data=(held_out, targets), epochs=epochs, batch_size=BATCH_SIZE, verbose=0
        )  # fmt: skip
        ended = time.monotonic()
        (best,) = tuner.oracle.get_best_trials(1)
        return {"seconds": ended - imported, "import_seconds": imported - BEGAN, "best": float(best.score)}


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:4]))))
