"""Process entry: `python -m engine.serving.predictor --socket PATH`, started by `engine.serving.client`.

Always on the CPU, so that it never takes memory from a training on the GPU: its parent hides the GPUs.
"""

import argparse
import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.modalities.seen import plain_pixels
from engine.processes import bound_memory
from engine.runs import RunSpec
from engine.scripting.origin import Origin
from engine.scripting.write import script_files
from engine.serving.ahead import Ahead, decode_ahead, may_take_long
from engine.serving.loaded import LoadedModels
from engine.serving.networks import describe_network
from engine.serving.occluding import Occluded
from engine.serving.opening import beside
from engine.serving.outputs import Signature
from engine.serving.previews import preview_augmentation
from engine.serving.proposing import propose_boxes
from engine.serving.requests import Arrays, Files, Instances, Request
from engine.serving.seen import show_prepared
from engine.serving.server import SharedWork, Work, serve
from engine.serving.wire import to_bytes, unpack, unpack_inputs
from engine.settings import settings


def work() -> dict[str, Work]:
    """Return the requests that are served one at a time, from JSON objects to JSON objects; bytes are base64 text, pictures numbers."""

    def describe(request: dict[str, Any]) -> Any:
        return asdict(describe_network(request["values"]))

    def preview(request: dict[str, Any]) -> Any:
        rows = preview_augmentation(request["values"], request["count"])
        return [[plain_pixels(one), [plain_pixels(variant) for variant in variants]] for one, variants in rows]

    def script(request: dict[str, Any]) -> Any:
        return script_files(RunSpec.from_dict(request["spec"]), Origin(**request["origin"])).to_dict()

    def seen(request: dict[str, Any]) -> Any:
        contents = [base64.b64decode(content) for content in request["contents"]]
        return [
            one.to_dict() for one in show_prepared(request["run"], list(zip(request["names"], contents, strict=True)))
        ]

    def propose(request: dict[str, Any]) -> Any:
        return propose_boxes([base64.b64decode(content) for content in request["contents"]])

    return {"describe": describe, "preview": preview, "propose": propose, "script": script, "seen": seen}


class _Predict:
    """Prediction by a run's model, by the run's number: all that wait at the same time share a batch."""

    def __init__(self) -> None:
        self._loaded = LoadedModels()

    def slow(self, key: str, body: bytes) -> bool:
        """Files, and JSON with files in it or with very much of it."""
        return may_take_long(body, self.known(key))

    def known(self, key: str) -> Signature | None:
        """The signature of the model, if it is in memory."""
        return self._loaded.signature(int(key))

    def learn(self, key: str) -> Signature:
        """The signature of the model, which is loaded for it."""
        return self._loaded.get(int(key)).signature

    def decode(self, body: bytes, known: Signature) -> Ahead:
        """The request with its inputs."""
        return decode_ahead(_parsed(body), known, len(body))

    def answer(self, key: str, bodies: list[bytes | Ahead]) -> list[bytes | Exception]:
        """A body or an error for each."""
        requests = [_parsed(one) if isinstance(one, bytes) else one for one in bodies]
        return [a if isinstance(a, Exception) else _encoded(a) for a in self._loaded.answer(int(key), requests)]

    def stream(self, key: str, body: bytes | Ahead) -> Iterator[bytes]:
        """The answer so far, again and again."""
        request = _parsed(body) if isinstance(body, bytes) else body
        for answer in self._loaded.stream(int(key), request):
            yield _encoded(answer)


def shared_work() -> dict[str, SharedWork]:
    """Return the work that several requests can share."""
    return {"predict": _Predict()}


def _parsed(body: bytes) -> Request:
    """A request as the client packs it: see `engine.serving.client`."""
    head, parts = unpack(body)
    match head["kind"]:
        case "files":
            return Files(list(zip(head["names"], parts, strict=True)), head["raw"], head["parameters"])
        case "occluded":
            return Occluded(head["name"], parts[0], head["parameters"])
        case "arrays":
            return Arrays(unpack_inputs(parts[0]))
        case _:
            return Instances(parts[0], head["raw"])


def _encoded(answer: Any) -> bytes:
    """Results of files as JSON, plain outputs as an array, answers to instances as they are."""
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, np.ndarray):
        return to_bytes(answer)
    return json.dumps([result.to_dict() for result in answer]).encode()


def warm_up() -> None:
    """Go once through what is slow the first time: registries, layers, tracing, the first operation."""
    describe_network({"dataset": "digits", "model": "mlp"})
    start = keras.Input((4, 4, 1))
    model = keras.Model(start, keras.layers.Dense(2)(keras.layers.Flatten()(start)))
    tf.function(model)(np.zeros((1, 4, 4, 1), np.float32))
    keras.utils.clear_session()
    bound_memory(settings().predictor_memory_mb)


def main() -> None:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(description="Answer what needs Keras, for the process that started this one.")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to create.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve(work(), parser.parse_args().socket, warm_up, shared_work(), beside())


if __name__ == "__main__":
    main()
