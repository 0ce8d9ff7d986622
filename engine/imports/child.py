"""Process entry: `python -m engine.confined engine.imports.child`, started by `engine.imports.apart` for one upload.

Requests come on stdin: a line of JSON, then the file where it has not come before. Answers go to stdout as lines of JSON. It has no
network and no secrets; memory, processor time and sizes of files are limited.
"""

import io
import json
import os
import resource
import sys
from collections.abc import Callable
from typing import IO, Any

from engine.errors import TrainyardError
from engine.imports.carried import built, plain
from engine.imports.importing import import_data
from engine.imports.own_kinds import own_kinds
from engine.imports.understand import understand
from engine.imports.understood import Choice, Reading, Understood
from engine.imports.versions import owned_by
from engine.processes import bound_memory
from engine.readers.layout import Layout
from engine.sentences import Sentence, to_json
from engine.settings import settings

Say = Callable[[dict[str, Any]], None]


class Upload:
    """The one file of this process, and what it was understood as last."""

    def __init__(self) -> None:
        self.file = io.BytesIO()
        self.found: Understood | None = None

    def answer(self, asked: dict[str, Any], say: Say) -> Any:
        """Return the answer to a request, as JSON has it."""
        if asked["do"] == "understand":
            layout, reading = built(Layout, asked["layout"]), asked["reading"]
            self.found = understand(
                self.file, asked["filename"], asked["kind"], layout, built(Reading, reading) if reading else None
            )
            return plain(self.found.carried())
        choice = built(Choice, asked["choice"])
        found = self.found if self.found is not None and self.found.layout == choice.layout else None
        with owned_by(asked["owner"]):
            return plain(
                import_data(self.file, asked["filename"], choice, lambda *place: say({"progress": place}), found)
            )


def main() -> None:
    """Answer until stdin ends."""
    answers, requests = os.fdopen(os.dup(1), "wb"), sys.stdin.buffer
    os.dup2(2, 1)  # what a library prints is no answer
    _warm_up()
    _limit()
    upload = Upload()

    def say(said: dict[str, Any]) -> None:
        answers.write(json.dumps(said).encode() + b"\n")
        answers.flush()

    while line := requests.readline():
        asked = json.loads(line)
        if asked["size"]:
            upload.file = io.BytesIO(_exactly(requests, asked["size"]))
        _more_time()
        try:
            say({"result": upload.answer(asked, say)})
        except TrainyardError as error:
            say({"error": to_json(error.sentence)})
        except MemoryError:
            say({"error": to_json(_too_large())})


def _too_large() -> Sentence:
    return Sentence(
        "It needs more than {limit:,} MB of memory to be read (TRAINYARD_IMPORT_MEMORY_MB). Make it smaller.",
        limit=settings().import_memory_mb,
    )


def _exactly(requests: IO[bytes], size: int) -> bytes:
    found = requests.read(size)
    if len(found) != size:
        raise EOFError("The file did not come whole.")
    return found


def _warm_up() -> None:
    """Import now what an upload needs."""
    import PIL.Image

    own_kinds()
    PIL.Image.preinit()
    understand(io.BytesIO(b"size,kind\n1,oak\n2,elm\n"), "warm.csv")


def _limit() -> None:
    """Bound memory and the size of each file that is written."""
    bound_memory(settings().import_memory_mb)
    largest = settings().own_data_budget_mb * 1_000_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))


def _more_time() -> None:
    """Bound the processor time of this request: all cores, for as long as an import may take."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime + settings().import_seconds * (os.cpu_count() or 1)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, most))


if __name__ == "__main__":
    main()
