"""The predictor's process with work that only waits: real HTTP, queue and limits, without the seconds of Keras."""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.cost.facts import NetworkFacts
from engine.errors import TrainyardError
from engine.serving.answers import PredictResult
from engine.serving.server import serve
from engine.serving.wire import unpack
from engine.tasks.base import Prediction


def wait(asked: dict[str, Any]) -> Any:
    values = asked["values"]
    if "refuse" in values:
        raise TrainyardError(values["refuse"])
    if "crash" in values:
        raise KeyError(values["crash"])
    if "exit" in values:
        os._exit(values["exit"])
    time.sleep(values["seconds"])
    return {"layers": [], "facts": asdict(NetworkFacts(os.getpid(), *[0] * 8))}


class Counting:
    """Streams numbers: the content of the file that is sent says how many, how fast, and what becomes of it."""

    def slow(self, key: str, body: bytes) -> bool:
        return False

    def known(self, key: str) -> Any:
        return None

    def learn(self, key: str) -> Any:
        return None

    def decode(self, body: bytes, known: Any) -> Any:
        return body

    def answer(self, key: str, bodies: list[Any]) -> Sequence[bytes | Exception]:
        return [b"[]"] * len(bodies)

    def stream(self, key: str, body: bytes) -> Iterator[bytes]:
        asked = json.loads(unpack(body)[1][0])
        plain = "instances" in asked
        asked = asked["instances"][0] if plain else asked
        try:
            for number in range(asked["pieces"]):
                if number == asked.get("refuse_at"):
                    raise TrainyardError("No more of it.")
                time.sleep(asked["seconds"])
                result = PredictResult("one", Prediction("counted", {"number": number}))
                yield json.dumps({"predictions": [{"number": number}]} if plain else [result.to_dict()]).encode()
        finally:
            if "note" in asked:
                Path(asked["note"]).write_text("ended")


if __name__ == "__main__":
    serve({"describe": wait}, Path(sys.argv[2]), None, {"predict": Counting()})
