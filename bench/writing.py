"""Networks that write: examples a second against a textbook's script, and tokens a second with what earlier steps left.

Training: the same `gpt` on the same ids; the script pads every text to the longest and calls `fit` on arrays, ours puts texts of
similar length into a batch. They take turns by the epoch (`python -m bench.writing WAY DATASET EPOCHS` is one of them). Answering: at
`LENGTH` tokens, against a network that reads the whole prefix again for each token, and against one bare step of it.
"""

import json
import sys
import time
from typing import Any

import numpy as np

from bench.children import empty_home, median, run_json
from bench.subject import EpochClock
from bench.turns import race, ratio
from engine.runs import RunSpec

EPOCHS, LENGTH, TRIES = 5, 128, 5
WAYS = ("textbook", "ours")


def measure() -> dict[str, Any]:
    """Return both ratios of training and of answering."""
    with empty_home() as environment:
        trained = race(WAYS, "tang-poems", EPOCHS, environment, subject="bench.writing")
        answered = run_json("-m", "bench.writing", "answer", environment=environment)
    return {
        **{f"{way}_examples_per_second": round(trained[way]["examples_per_second"], 1) for way in trained},
        "ratio_to_textbook": round(ratio(trained["ours"], trained["textbook"]), 2),
        **answered,
    }


def spec_of(dataset: str, epochs: int) -> RunSpec:
    """Return the form's defaults without early stopping; long contexts for answering."""
    return RunSpec.build({"task": "text-generation", "dataset": dataset, "epochs": epochs, "patience": 0})


def textbook(dataset: str, epochs: int) -> dict[str, Any]:
    """Train as a tutorial does: ids padded to the longest, a mask for the loss, `fit` on arrays."""
    import keras

    from engine.preparation.prepare import prepare
    from engine.training.features import learn
    from engine.training.network import build_network

    spec = spec_of(dataset, epochs)
    data = prepare(spec.dataset)
    keras.utils.set_random_seed(spec.training.seed)
    info = learn(spec, data)
    ids = {split: spec.task.encode(*data.arrays(split), info)[0] for split in ("train", "validation")}
    longest = spec.values()["context_length"] + 1
    padded = {split: np.pad(rows, ((0, 0), (0, longest - rows.shape[1]))) for split, rows in ids.items()}
    known = build_network(spec, info).tensors
    network = keras.Model(known.inputs, known.scores)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    network.compile(keras.optimizers.AdamW(2e-3), loss, jit_compile=False)
    clock = EpochClock(len(padded["train"]))
    began = time.monotonic()
    network.fit(
        padded["train"][:, :-1], padded["train"][:, 1:], batch_size=spec.training.batch_size, epochs=epochs,
        validation_data=(padded["validation"][:, :-1], padded["validation"][:, 1:]), callbacks=[clock], verbose=0,
    )  # fmt: skip
    return clock.result(time.monotonic() - began)


def ours(dataset: str, epochs: int) -> dict[str, Any]:
    """Train as `engine train` does, store and checkpoints included."""
    from engine.preparation.prepare import prepare
    from engine.store import open_store
    from engine.training.fit import train_run

    store = open_store()
    run = store.runs.create(spec_of(dataset, epochs), slot="bench")
    clock = EpochClock(len(prepare(run.parsed().dataset).indices("train")))
    train_run(store, run, [clock])
    return clock.result(store.runs.get(run.id).result["seconds"])


def answer() -> dict[str, Any]:
    """Return tokens a second of an untrained network, in three ways."""
    from engine.data_info import DataInfo
    from engine.language.tokenizer import Tokenizer
    from engine.tasks.text_generation import Sampling, TextGeneration
    from engine.training.calling import SavedModel
    from engine.training.network import build_network

    letters = Tokenizer("characters", tuple(chr(0x4E00 + n) for n in range(4_000)))
    info = DataInfo((), modality="text", learned={"targets": {"tokenizer": letters.to_dict()}})
    spec = spec_of("tang-poems", 1).changed({"context_length": 2 * LENGTH})
    task = spec.task
    assert isinstance(task, TextGeneration)
    call = SavedModel(build_network(spec, info))
    options = Sampling(seed=1, max_tokens=LENGTH, temperature=2.0, top_k=0)
    prompt = np.array([""], object)
    rates: dict[str, list[float]] = {"cached": [], "again": [], "bare": []}
    for _ in range(TRIES + 1):  # the first traces
        rates["cached"].append(_rate(lambda: len(task.answer(call, prompt, info, options)[0])))
        rates["again"].append(_rate(lambda: _read_again(call)))
        rates["bare"].append(_rate(lambda: _bare(call)))
    found = {name: median(values[1:]) for name, values in rates.items()}
    return {
        **{f"{name}_tokens_per_second": round(value, 1) for name, value in found.items()},
        "ratio_to_reading_again": round(found["cached"] / found["again"], 2),
        "ratio_to_bare_steps": round(found["cached"] / found["bare"], 2),
    }


def _rate(work: Any) -> float:
    began = time.monotonic()
    return float(work() / (time.monotonic() - began))


def _read_again(call: Any) -> int:
    """Read the whole prefix for each token, as scripts without a cache do."""
    known = np.ones((1, 1), np.int32)
    for _ in range(LENGTH):
        after = call(known)["probabilities"][0, -1]
        known = np.concatenate([known, [[max(3, int(after.argmax()))]]], axis=1).astype(np.int32)
    return LENGTH


def _bare(call: Any) -> int:
    """One step of the network a token, with nothing around it."""
    found, one = call(np.ones((1, 1), np.int32)), np.full((1, 1), 5, np.int32)
    for _ in range(LENGTH - 1):
        found = call(one, {"past": found["past"]})
    return LENGTH


if __name__ == "__main__":
    ways = {"textbook": textbook, "ours": ours}
    print(json.dumps(answer() if sys.argv[1] == "answer" else ways[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
