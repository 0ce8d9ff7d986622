"""Uploads are read in a process apart, one for each upload: the dashboard itself never decodes a file of somebody.

A fault in a decoder then happens without network and secrets, within limits, and beside nobody else's upload. One spare
process waits warm, so that an upload does not wait for imports.
"""

import hashlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeVar

from engine.errors import TrainyardError
from engine.imports.archive import Progress
from engine.imports.carried import built, plain
from engine.imports.sets import ImportReport
from engine.imports.understood import Choice, Reading, Understood
from engine.readers.layout import Layout
from engine.sentences import from_json
from engine.settings import FILE, PREFIX, child_environment, settings

COMMAND = (sys.executable, "-m", "engine.confined", "engine.imports.child")
_ROOT = Path(__file__).resolve().parents[2]
_MOST = 2
"""Uploads that are read at once: memory does not grow with the number of visitors."""
_PATIENCE_SECONDS = 60.0
_MORE_SECONDS = 10.0  # beyond the limit, in which the process can say itself that it takes too long
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Importer:
    """A handle to the processes that read uploads; they end with this one. Safe to share between threads."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._changed = threading.Condition(threading.RLock())
        self._spare: _Child | None = None
        self._children: dict[str, _Child] = {}

    def warm(self) -> None:
        """Have a process ready for the next upload; does not wait for it."""
        with self._changed:
            if self._spare is not None and not self._spare.usable:
                self._spare.close()
                self._spare = None
            self._spare = self._spare or _Child(self._command)

    def understand(
        self,
        owner: str,
        source: IO[bytes],
        filename: str,
        kind: str | None,
        layout: Layout | None,
        reading: Reading | None,
    ) -> Understood:
        """Return what `engine.imports.understand` makes of an upload."""
        request = {"do": "understand", "kind": kind, "layout": plain(layout or Layout()), "reading": plain(reading)}
        return self._ask(Understood, owner, source, filename, request)

    def import_data(
        self, owner: str, source: IO[bytes], filename: str, choice: Choice, progress: Progress | None = None
    ) -> ImportReport:
        """Import an upload as `engine.imports.importing` does, for `owner`; its process ends afterwards."""
        request = {"do": "import", "choice": plain(choice), "owner": owner}
        return self._ask(ImportReport, owner, source, filename, request, progress, last=True)

    def close(self) -> None:
        """End all processes."""
        with self._changed:
            for child in [*self._children.values(), *([self._spare] if self._spare else [])]:
                child.close()
            self._children, self._spare = {}, None

    def _ask(
        self,
        kind: type[T],
        owner: str,
        source: IO[bytes],
        filename: str,
        request: dict[str, Any],
        progress: Progress | None = None,
        *,
        last: bool = False,
    ) -> T:
        data = _content(source)
        key = hashlib.sha256(f"{owner}\n".encode() + hashlib.sha256(data).digest()).hexdigest()
        with self._child(key, last=last) as child:
            try:
                return built(kind, child.ask(request | {"filename": filename}, data, progress))
            except (TypeError, ValueError, KeyError) as error:
                if isinstance(error, TrainyardError):
                    raise
                child.whole = False
                raise _broken(filename) from error

    @contextmanager
    def _child(self, key: str, *, last: bool) -> Iterator["_Child"]:
        """The process of an upload, which is nobody else's meanwhile; it ends where it breaks."""
        child = self._taken(key)
        whole = False
        try:
            yield child
            whole = not last
        except TrainyardError:
            whole = child.whole and not last
            raise
        finally:
            with self._changed:
                child.busy = False
                if not whole:
                    child.close()
                    self._children.pop(key, None)
                self._changed.notify_all()

    def _taken(self, key: str) -> "_Child":
        with self._changed:
            if not self._changed.wait_for(lambda: self._free(key), _PATIENCE_SECONDS):
                raise TrainyardError("Other imports are running. Try again in a minute.")
            child = self._children.pop(key, None)
            if child is not None and not child.usable:
                child.close()
                child = None
            if child is None:
                self._make_room()
                self.warm()
                child, self._spare = self._spare, None
                assert child is not None
            child.busy = True
            self._children[key] = child  # the last used is the last
            return child

    def _free(self, key: str) -> bool:
        known = self._children.get(key)
        busy = sum(child.busy for child in self._children.values())
        return not known.busy if known is not None else busy < _MOST

    def _make_room(self) -> None:
        """End the process whose upload was looked at longest ago."""
        while len(self._children) >= _MOST:
            idle = next(key for key, child in self._children.items() if not child.busy)
            self._children.pop(idle).close()


class _Child:
    """One process. Its stdin is the rope it hangs on."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.busy = False
        self.whole = True
        """Whether the last request was answered: otherwise nobody knows what comes next."""
        self._sent = False
        self._environment = _environment()
        log = settings().home_path / "logs" / "imports.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                start_new_session=True,
                cwd=_ROOT,
                env=self._environment,
            )

    @property
    def usable(self) -> bool:
        """Whether it runs, with the settings of now."""
        return self._process.poll() is None and self._environment == _environment()

    def ask(self, request: dict[str, Any], data: memoryview, progress: Progress | None) -> Any:
        """Return the result of a request. Raises `TrainyardError`, also where the process ends over it."""
        self.whole = False
        timer = threading.Timer(settings().import_seconds + _MORE_SECONDS, self._process.kill)
        timer.start()
        try:
            self._send(request, data)
            return self._result(request, progress)
        except OSError as error:
            raise _broken(request["filename"]) from error
        finally:
            timer.cancel()

    def _send(self, request: dict[str, Any], data: memoryview) -> None:
        assert self._process.stdin is not None
        size = 0 if self._sent else len(data)
        self._process.stdin.write(json.dumps(request | {"size": size}).encode() + b"\n")
        if size:
            self._process.stdin.write(data)
        self._process.stdin.flush()
        self._sent = True

    def _result(self, request: dict[str, Any], progress: Progress | None) -> Any:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            said = json.loads(line)
            if "progress" in said:
                if progress is not None:
                    done, total = said["progress"]
                    progress(int(done), int(total))
                continue
            self.whole = True
            if "error" in said:
                raise TrainyardError(from_json(said["error"]))
            return said["result"]
        raise _broken(request["filename"])

    def close(self) -> None:
        """End it at once: what it has begun to write is swept away by the next import."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    logger.debug("The rest of a request was not taken.")


def _content(source: IO[bytes]) -> memoryview:
    """The content of an upload, without a copy where it is in memory already."""
    if isinstance(source, BytesIO):
        return source.getbuffer()
    source.seek(0)
    return memoryview(source.read())


def _environment() -> dict[str, str]:
    """Without any secret: nothing here asks the database."""
    taken = {f"{PREFIX}DATABASE_URL", f"{PREFIX}DATABASE_URL{FILE}"}
    return {name: value for name, value in child_environment().items() if name not in taken}


def _broken(filename: str) -> TrainyardError:
    return TrainyardError(
        "The process that read {filename!r} ended over it: the file is damaged, or takes too much time "
        "(TRAINYARD_IMPORT_SECONDS) or memory (TRAINYARD_IMPORT_MEMORY_MB). Nothing was imported.",
        filename=filename[-80:],
    )
