"""Process entry: `python -m engine.serving.predictor --socket PATH`, started by `engine.serving.client`.

Always on the CPU, so that it never takes memory from a training on the GPU: its parent hides the GPUs.
"""

import argparse
import base64
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.serving.loaded import LoadedModels
from engine.serving.networks import describe_network
from engine.serving.previews import preview_augmentation
from engine.serving.server import Work, serve


def work() -> dict[str, Work]:
    """What can be asked. Requests and answers are JSON objects; bytes in them are base64 text."""
    loaded = LoadedModels()

    def describe(asked: dict[str, Any]) -> Any:
        return asdict(describe_network(asked["values"]))

    def preview(asked: dict[str, Any]) -> Any:
        rows = preview_augmentation(asked["values"], asked["count"])
        return [[_text(original), [_text(variant) for variant in variants]] for original, variants in rows]

    def predict(asked: dict[str, Any]) -> Any:
        files = [(name, base64.b64decode(data)) for name, data in asked["files"]]
        return [asdict(result) for result in loaded.predict(asked["run"], files)]

    return {"describe": describe, "preview": preview, "predict": predict}


def warm_up() -> None:
    """Go once through what is slow the first time: registries, layers, tracing, the first operation."""
    describe_network({"dataset": "digits", "model": "mlp"})
    start = keras.Input((4, 4, 1))
    model = keras.Model(start, keras.layers.Dense(2)(keras.layers.Flatten()(start)))
    tf.function(model)(np.zeros((1, 4, 4, 1), np.float32))
    keras.utils.clear_session()


def main() -> None:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(description="Answer what needs Keras, for the process that started this one.")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to create.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve(work(), parser.parse_args().socket, warm_up)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    main()
