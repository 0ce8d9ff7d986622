"""The predictor's process with work that only waits: real HTTP, queue and limits, without the seconds of Keras."""

import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.cost.facts import NetworkFacts
from engine.errors import TrainyardError
from engine.serving.server import serve


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


if __name__ == "__main__":
    serve({"describe": wait}, Path(sys.argv[2]))
