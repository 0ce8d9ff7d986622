"""The predictor's process without Keras: it opens files as the real one does, and answers each with the same prediction."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.serving.answers import PredictResult
from engine.serving.opening import beside
from engine.serving.server import Beside, serve
from engine.serving.wire import unpack
from engine.tasks.base import Prediction

CRASHES = b"a file over which a decoder crashes"


class Constant:
    """Answers 7, and as many times as a table has rows."""

    def slow(self, key: str, body: bytes) -> bool:
        return False

    def known(self, key: str) -> Any:
        return None

    def learn(self, key: str) -> Any:
        return None

    def decode(self, body: bytes, known: Any) -> Any:
        return body

    def answer(self, key: str, bodies: list[Any]) -> Sequence[bytes | Exception]:
        return [self._one(body) for body in bodies]

    def stream(self, key: str, body: bytes) -> Iterator[bytes]:
        yield self._one(body)

    def _one(self, body: bytes) -> bytes:
        head, parts = unpack(body)
        values = {"label": "7", "probability": 0.5, "probabilities": {"7": 0.5, "8": 0.5}}
        rows = [
            PredictResult(f"{name}:{row}", Prediction("classes", values))
            for name, data in zip(head["names"], parts, strict=True)
            for row in range(data.count(b"\n") - 1 if name.endswith(".csv") else 1)
        ]
        return json.dumps([row.to_dict() for row in rows]).encode()


def breaking(do: Beside) -> Beside:
    """The same, with a fault in a decoder."""

    def broken(body: bytes) -> bytes:
        if CRASHES in body:
            os._exit(11)
        return do(body)

    return broken


if __name__ == "__main__":
    work = {"seen": lambda asked: []}
    serve(work, Path(sys.argv[2]), None, {"predict": Constant()}, {name: breaking(do) for name, do in beside().items()})
