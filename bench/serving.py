"""The overhead of the predictor's process over Keras in-process: one prediction, ten thousand rows, ten clients at once."""

import io
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil

from bench.children import empty_home, median, run_json

TRIES = 200
ROWS = 10_000
CLIENTS, EACH = 10, 60
ALONE = (
    "from engine.serving import predictor, turns; turns.TOGETHER_BYTES = 0; turns.MAX_GATHER_SECONDS = 0; "
    "predictor.main()"
)  # the predictor's speed if requests shared no turns


def measure() -> dict[str, Any]:
    """Measure both sides in one child process: they take turns, so that a slow minute affects both alike."""
    with empty_home() as environment:
        return run_json("-m", "bench.serving", environment=environment)


def _measure() -> dict[str, Any]:
    from engine.serving.client import Predictor

    predictor = Predictor()
    alone = Predictor([sys.executable, "-c", ALONE])
    try:
        for handle in (predictor, alone):
            while not handle.ready():
                time.sleep(0.1)
        return {
            "one": _one(predictor),
            "rows": {name: _rows(predictor, *values) for name, values in _TABLES.items()},
            "clients": {name: _clients(predictor, alone, values) for name, values in _CROWDED.items()},
        }
    finally:
        predictor.close()
        alone.close()


_TABLES = {
    "iris_mlp": ({"dataset": "iris", "model": "mlp"},),
    "digits_mlp": ({"dataset": "digits", "model": "mlp"},),
}
_CROWDED: dict[str, dict[str, Any]] = {
    "digits_mlp": {"dataset": "digits", "model": "mlp"},
    "fashion_cnn": {"dataset": "fashion", "model": "cnn"},
    "fashion_wide_mlp": {"dataset": "fashion", "model": "mlp", "units": 1024, "depth": 6},
    "movie_lstm": {"dataset": "movie-snippets", "model": "lstm"},
    "movie_transformer": {"dataset": "movie-snippets", "model": "transformer"},
}


def _one(predictor: Any) -> dict[str, float]:
    """Measure a PNG of a digit through the process, and `model(x)` on the same pixels in this one, warm, in turns."""
    run, model, inputs = _saved({"dataset": "digits", "model": "mlp"})
    picture, pixels = _png(inputs[0]), inputs[:1].astype(np.float32)
    ours, bare = _in_turns(
        TRIES, lambda: predictor.predict(run, [("digit.png", picture)]), lambda: np.asarray(model(pixels))
    )
    return {"ms": ours * 1e3, "bare_call_ms": bare * 1e3, "ratio": ours / bare}


def _rows(predictor: Any, values: dict[str, Any]) -> dict[str, float]:
    """Measure ten thousand examples as arrays, against `model.predict` with its default and with the largest batch."""
    from engine.training.tensors import as_tensors

    run, model, inputs = _saved(values)
    batch = inputs[np.arange(ROWS) % len(inputs)]
    tensors = as_tensors(batch)
    found = predictor.predict_arrays(run, batch)
    np.testing.assert_allclose(found, model.predict(tensors, verbose=0), atol=1e-5)
    ours, bare, whole = _in_turns(
        7,
        lambda: predictor.predict_arrays(run, batch),
        lambda: model.predict(tensors, verbose=0),
        lambda: model.predict(tensors, batch_size=ROWS, verbose=0),
    )
    return {
        "rows_per_second": ROWS / ours,
        "bare_rows_per_second": ROWS / bare,
        "bare_in_one_batch_rows_per_second": ROWS / whole,
        "ratio": bare / ours,
        "ratio_to_one_batch": whole / ours,
    }


def _clients(predictor: Any, alone: Any, values: dict[str, Any]) -> dict[str, float]:
    """Ten threads that each ask again as soon as they have their answer: with shared turns, with one request per turn, beside
    one client alone and beside `model(x)` in a loop, without files and processes."""
    from engine.training.tensors import as_tensors

    run, model, inputs = _saved(values)
    files = [_file(example) for example in inputs[:CLIENTS]]

    def crowd(handle: Any) -> None:
        def ask(file: tuple[str, bytes]) -> None:
            for _ in range(EACH):
                handle.predict(run, [file])

        with ThreadPoolExecutor(CLIENTS) as threads:
            for done in [threads.submit(ask, file) for file in files]:
                done.result()

    work = [_processor_seconds(handle, crowd) for handle in (predictor, alone)]
    together, apart = _in_turns(5, lambda: crowd(predictor), lambda: crowd(alone))
    single = median([_seconds(lambda: alone.predict(run, [files[0]])) for _ in range(TRIES)])
    (bare,) = _in_turns(TRIES, lambda: np.asarray(model(as_tensors(inputs[:1]))))
    count = CLIENTS * EACH
    return {
        "together_per_second": count / together,
        "one_a_turn_per_second": count / apart,
        "one_client_per_second": 1 / single,
        "bare_calls_per_second": 1 / bare,
        "ratio": apart / together,
        "ratio_to_one_client": single * count / together,
        "ratio_to_bare_calls": bare * count / together,
        "together_processor_ms": 1e3 * work[0] / count,
        "one_a_turn_processor_ms": 1e3 * work[1] / count,
    }


def _processor_seconds(handle: Any, crowd: Callable[[Any], None]) -> float:
    """Return processor seconds of the predictor's process, independent of other load on the machine."""
    process = psutil.Process(handle._child.process.pid)
    crowd(handle)
    before = process.cpu_times()
    crowd(handle)
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system)


def _saved(values: dict[str, Any]) -> tuple[int, Any, np.ndarray]:
    """Return a run with a saved, untrained network; the network as Keras loads it; and inputs."""
    import keras

    from engine.artifacts import artifacts_of
    from engine.preparation.prepare import prepare
    from engine.runs import RunSpec
    from engine.store import open_store
    from engine.training.evaluate import save_info, save_model
    from engine.training.features import learn
    from engine.training.network import build_network

    spec = RunSpec.build(values)
    data = prepare(spec.dataset)
    run = open_store().runs.create(spec)
    files = artifacts_of(run.id)
    files.folder.mkdir(parents=True)
    info = learn(spec, data)
    save_model(build_network(spec, info), files)
    save_info(files, spec, info)
    return run.id, keras.saving.load_model(files.model, compile=False), data.arrays("train")[0]


def _in_turns(tries: int, *calls: Callable[[], Any]) -> list[float]:
    """Return median seconds of each call, warm; the calls take turns."""
    for call in calls:
        call()
    seconds = [[_seconds(call) for call in calls] for _ in range(tries)]
    return [median([row[i] for row in seconds]) for i in range(len(calls))]


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _file(example: Any) -> tuple[str, bytes]:
    """Return an image as PNG, a text unchanged."""
    return ("text.txt", example.encode()) if isinstance(example, str) else ("picture.png", _png(example))


def _png(image: np.ndarray) -> bytes:
    """(height, width, 1) uint8 -> PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image[..., 0]).save(buffer, format="PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    print(json.dumps(_measure()))
