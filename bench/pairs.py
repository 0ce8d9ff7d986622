"""Training and writing of the Transformer that makes a text from a text: ours and the textbook's script, with and without the cache.

Both sides train the same network on the pronunciations. The script pads every word and its sounds to the longest of all and
calls `fit` on arrays; ours puts words of similar length into a batch. They take turns by the epoch, each in its own process.
`python -m bench.pairs WAY DATASET@SEED EPOCHS` is one of them. Writing is measured on a network that was not trained: tokens a
second of one text, 128 tokens long, beside reading all that was written again for each token.
"""

import json
import sys
import time
from typing import Any

import numpy as np

from bench.children import empty_home, median
from bench.subject import EpochClock
from bench.turns import race, ratio
from engine.runs import RunSpec

EPOCHS = 5
"""The first two do not count."""
WAYS = ("textbook", "ours")
LENGTH, TRIES = 128, 3
_CHILD = ("writing", "0", "0")


def measure() -> dict[str, Any]:
    """Return both ratios."""
    from bench.children import run_json

    with empty_home() as environment:
        found = race(WAYS, "pronunciations@0", EPOCHS, environment, subject="bench.pairs")
        writing = run_json("-m", "bench.pairs", *_CHILD, environment=environment)
    return {
        **{f"{way}_examples_per_second": round(found[way]["examples_per_second"], 1) for way in found},
        "ratio_to_textbook": round(ratio(found["ours"], found["textbook"]), 2),
        **writing,
    }


def spec_of(subject: str, epochs: int) -> RunSpec:
    """Return the default network and training on DATASET@SEED, on both sides."""
    dataset, _, seed = subject.partition("@")
    return RunSpec.build({"dataset": dataset, "epochs": epochs, "patience": 0, "seed": seed})


def textbook(subject: str, epochs: int) -> dict[str, Any]:
    """Train as a tutorial does: all pairs padded to the longest, `fit` on arrays, a loss that leaves out the padding."""
    import keras

    from engine.preparation.learned import learn
    from engine.preparation.prepare import prepare
    from engine.training.network import build_network

    spec = spec_of(subject, epochs)
    data = prepare(spec.dataset)
    info = learn(spec.model, spec.task, data)
    arrays = {split: _padded(spec, data.arrays(split), info) for split in ("train", "validation")}
    built = build_network(spec, info)
    network = keras.Model(built.core.input, built.core.output)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    network.compile(keras.optimizers.AdamW(0.002), loss, jit_compile=False)
    clock = EpochClock(len(arrays["train"][1]))
    began = time.monotonic()
    network.fit(
        *arrays["train"], batch_size=spec.training.batch_size, epochs=epochs, validation_data=arrays["validation"],
        callbacks=[clock], verbose=0,
    )  # fmt: skip
    return clock.result(time.monotonic() - began)


def _padded(spec: RunSpec, pairs: Any, info: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
    sources, targets = spec.task.encode(*pairs, info)
    ids = targets.dense(0)
    return {"inputs": sources, "written": ids[:, :-1]}, ids[:, 1:]


def ours(subject: str, epochs: int) -> dict[str, Any]:
    """Train as `engine train` does, store and checkpoints included."""
    from engine.preparation.prepare import prepare
    from engine.store import open_store
    from engine.training.fit import train_run

    store = open_store()
    run = store.runs.create(spec_of(subject, epochs), slot="bench")
    clock = EpochClock(len(prepare(run.parsed().dataset).indices("train")))
    train_run(store, run, [clock])
    return clock.result(store.runs.get(run.id).result["seconds"])


def writing(_subject: str, _epochs: int) -> dict[str, Any]:
    """Return the tokens a second of one text, by the ways to write it; the shares to one another are medians."""
    from engine.data_info import DataInfo
    from engine.language.tokenizer import BEGIN, FIRST, Tokenizer
    from engine.training.calling import SavedModel
    from engine.training.network import build_network

    letters = Tokenizer("characters", tuple(map(chr, range(97, 123)))).to_dict()
    info = DataInfo((), modality="text", learned={"targets": {"source": letters, "target": letters}})
    spec = RunSpec.build({"dataset": "pronunciations", "context_length": LENGTH})
    call = SavedModel(build_network(spec, info))
    source = np.full((1, LENGTH), FIRST, np.int32)

    def cached() -> None:
        found = call(source, {"written": np.array([[BEGIN]], np.int32)})
        for _ in range(LENGTH - 1):
            kept = {name: found[name] for name in ("memory", "known", "past")}
            found = call(source[:, :0], {"written": np.array([[FIRST]], np.int32), **kept})

    def again() -> None:
        for length in range(1, LENGTH + 1):
            call(source, {"written": np.full((1, length), FIRST, np.int32)})

    cached()
    again()
    seconds: dict[str, list[float]] = {"cached": [], "again": []}
    for _ in range(TRIES):
        for name, way in (("cached", cached), ("again", again)):
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    ratios = [slow / fast for fast, slow in zip(seconds["cached"], seconds["again"], strict=True)]
    return {
        "cached_tokens_per_second": round(LENGTH / median(seconds["cached"]), 1),
        "again_tokens_per_second": round(LENGTH / median(seconds["again"]), 1),
        "ratio_of_cache": round(median(ratios), 2),
    }


if __name__ == "__main__":
    ways = {"textbook": textbook, "ours": ours, "writing": writing}
    print(json.dumps(ways[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
