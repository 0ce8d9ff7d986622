"""Examples a second of the textbook's LSTM on texts as long as IMDB's, and its accuracy on real ones: ours and the script.

Both sides train the same network on the same split. The script pads every text to 500 words and calls `fit` on arrays;
ours puts texts of similar length into a batch. They take turns by the epoch, each in its own process.
`python -m bench.texts WAY DATASET@SEED EPOCHS` is one of them. For the accuracy, on texts of one sentence, the script pads
to 64 words: Keras' mask makes that the same network, only faster.
"""

import json
import sys
import time
from typing import Any

import numpy as np

from bench.children import empty_home
from bench.subject import EpochClock
from bench.turns import race, ratio
from engine.datasets.base import Examples, datasets
from engine.datasets.movie_snippets import MovieSnippets
from engine.runs import RunSpec

TRAINED, EPOCHS = 1_024, 5
"""Long texts, so few that the script's epoch takes seconds rather than minutes, yet dozens of batches of similar length; the
first two epochs do not count."""
ACCURACY_EPOCHS, SEEDS = 3, (0, 1, 2)
WAYS = ("textbook", "ours")
_MEDIAN_WORDS, _SPREAD, _SHORTEST, _LONGEST = 175, 0.6, 10, 2_500
_TESTED = 64


@datasets.register("bench-long-texts", "Texts as long as reviews of films")
class LongTexts(MovieSnippets):
    """Words of the embedded snippets, as many in a text as a review of IMDB has: a log-normal around 175."""

    def fingerprint(self) -> str:
        """Changes with the lengths, too."""
        return f"{super().fingerprint()} {_MEDIAN_WORDS} {_SPREAD} {TRAINED}"

    def load(self) -> Examples:
        """Return snippets of one class joined, cut at a random length."""
        snippets, rng = super().load(), np.random.default_rng(0)
        count = round((TRAINED + _TESTED) / 0.95)
        lengths = np.clip(rng.lognormal(np.log(_MEDIAN_WORDS), _SPREAD, count), _SHORTEST, _LONGEST).astype(int)
        targets = np.arange(count) % 2
        words = [" ".join(rng.permutation(snippets.inputs[snippets.targets == k])).split() for k in (0, 1)]
        starts = [rng.integers(0, len(words[k]) - n) for k, n in zip(targets, lengths, strict=True)]
        texts = [words[k][s : s + n] for k, s, n in zip(targets, starts, lengths, strict=True)]
        inputs = np.array([" ".join(text) for text in texts], object)
        return Examples(inputs, targets.astype(np.int64), snippets.labels, test=np.arange(count) >= count - _TESTED)


def measure() -> dict[str, Any]:
    """Return the ratio on long texts, and the difference of test accuracy on short real ones."""
    with empty_home() as environment:
        long = race(WAYS, "bench-long-texts@0", EPOCHS, environment, subject="bench.texts")
        real = [race(WAYS, f"movie-snippets@{s}", ACCURACY_EPOCHS, environment, subject="bench.texts") for s in SEEDS]
    accuracies = {way: sum(each[way]["test_accuracy"] for each in real) / len(real) for way in WAYS}
    return {
        **{f"{way}_examples_per_second": round(long[way]["examples_per_second"], 1) for way in long},
        "ratio_to_textbook": round(ratio(long["ours"], long["textbook"]), 2),
        **{f"{way}_test_accuracy": round(accuracies[way], 4) for way in accuracies},
        "test_accuracy_difference_points": round(100 * (accuracies["ours"] - accuracies["textbook"]), 2),
        "median_words": _MEDIAN_WORDS,
    }


def spec_of(subject: str, epochs: int) -> RunSpec:
    """Return the textbook's network and training on DATASET@SEED, on both sides; the best epoch is taken."""
    dataset, _, seed = subject.partition("@")
    values = {"dataset": dataset, "model": "lstm", "epochs": epochs, "batch_size": 32, "patience": 0, "seed": seed}
    return RunSpec.build(values | {"validation_fraction": 0.05 if dataset == "bench-long-texts" else 0.1})


def textbook(subject: str, epochs: int) -> dict[str, Any]:
    """Train as a tutorial does: adapt a vocabulary, pad to 500, `fit` on arrays, keep the best epoch."""
    import keras
    import tensorflow as tf
    from keras import layers

    from engine.preparation.prepare import prepare

    spec = spec_of(subject, epochs)
    data, longest = prepare(spec.dataset), 500 if spec.dataset.name == "bench-long-texts" else 64
    splits = {split: data.arrays(split) for split in ("train", "validation", "test")}
    keras.utils.set_random_seed(spec.training.seed)
    vectorize = layers.TextVectorization(10_000, output_sequence_length=longest)
    vectorize.adapt(tf.constant(splits["train"][0].tolist()))
    arrays = {name: (np.asarray(vectorize(tf.constant(x.tolist()))), y) for name, (x, y) in splits.items()}
    network = keras.Sequential(
        [
            layers.Input((longest,), dtype="int64"),
            layers.Embedding(10_000, 128, mask_zero=True),
            layers.LSTM(64, dropout=0.2, recurrent_dropout=0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    network.compile("adam", "binary_crossentropy", metrics=["accuracy"], jit_compile=False)
    clock = EpochClock(len(arrays["train"][0]))
    best = keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=epochs, restore_best_weights=True)
    began = time.monotonic()
    network.fit(
        *arrays["train"], batch_size=32, epochs=epochs, validation_data=arrays["validation"], callbacks=[clock, best],
        verbose=0,
    )  # fmt: skip
    wall = time.monotonic() - began
    accuracy = network.evaluate(*arrays["test"], verbose=0, return_dict=True)["accuracy"]
    return clock.result(wall) | {"test_accuracy": accuracy}


def ours(subject: str, epochs: int) -> dict[str, Any]:
    """Train as `engine train` does, store and checkpoints included."""
    from engine.preparation.prepare import prepare
    from engine.store import open_store
    from engine.training.fit import train_run

    store = open_store()
    run = store.runs.create(spec_of(subject, epochs), slot="bench")
    clock = EpochClock(len(prepare(run.parsed().dataset).indices("train")))
    train_run(store, run, [clock])
    result = store.runs.get(run.id).result
    return clock.result(result["seconds"]) | {"test_accuracy": result["test_accuracy"]}


if __name__ == "__main__":
    ways = {"textbook": textbook, "ours": ours}
    print(json.dumps(ways[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
