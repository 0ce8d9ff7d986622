"""The dashboard's side of the predictor: starts the warm process when it is first needed and asks it. No Keras here."""

import base64
import json
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from http import HTTPStatus
from typing import Any, Self, TypeVar

import numpy as np

from engine.errors import TrainyardError
from engine.imports.labelled import Proposal, read_proposal
from engine.measures import prediction_timed
from engine.modalities.seen import Seen, as_png
from engine.scripting.files import ScriptFiles
from engine.sentences import Sentence, from_json
from engine.serving.answers import Layer, Mattered, NetworkPicture, PredictResult
from engine.serving.child import Child, NotReady, Unavailable, told
from engine.serving.connections import Lines, Refused
from engine.serving.opened import Opened, Unfolded, read_opened, read_unfolded
from engine.serving.pace import Pace
from engine.serving.turns import Busy, Late, late
from engine.serving.wire import from_bytes, pack, pack_inputs, unpack
from engine.settings import settings

__all__ = ["Busy", "Late", "Layer", "NetworkPicture", "NotReady", "PredictResult", "Predictor", "Stream", "Unavailable"]

T = TypeVar("T")
logger = logging.getLogger(__name__)
COMMAND = (sys.executable, "-m", "engine.confined", "engine.serving.predictor")
_MAX_STARTS, _STARTS_SECONDS = 3, 60.0  # a process that dies at once is not started for ever


_ERRORS: dict[int, type[TrainyardError]] = {503: Busy, 504: Late, 500: Unavailable}


class Predictor:
    """A handle to one warm process, which ends with this one. Safe to share between threads.

    The process starts with the first call and again when it has died. Calls wait for it, but none waits longer than
    `predict_timeout_seconds`; a page that does not want to wait asks `ready` first. All raise `TrainyardError`.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._starts: deque[float] = deque(maxlen=_MAX_STARTS)
        self._pace = Pace()

    def ready(self) -> bool:
        """Whether it would answer now. Never waits; starts the process if there is none."""
        return self._running().answers()

    def describe(self, values: dict[str, Any]) -> NetworkPicture:
        """The layers that `values` (as `RunSpec.build` takes them) make."""
        return NetworkPicture.from_dict(self._ask("describe", {"values": values}))

    def preview(self, values: dict[str, Any], count: int = 8) -> list[tuple[bytes, list[bytes]]]:
        """Training examples as PNG, each with some augmented variants; none where no augmentation is on."""
        rows = self._ask("preview", {"values": values, "count": count})
        return [(as_png(original), [as_png(variant) for variant in variants]) for original, variants in rows]

    def seen(self, run_id: int, files: Sequence[tuple[str, bytes]]) -> list[Seen]:
        """Return what a run's network gets of each file (name, content) once it is prepared; each holds one input."""
        contents = [base64.b64encode(data).decode() for _name, data in files]
        body = {"run": int(run_id), "names": [name for name, _data in files], "contents": contents}
        return [Seen.from_dict(found) for found in self._ask("seen", body)]

    def propose(self, pictures: Sequence[bytes]) -> list[list[Proposal]]:
        """Return what the detector that ships with the program sees in stored pictures, PNGs of our own making: the likeliest first."""
        found = self._ask("propose", {"contents": [base64.b64encode(data).decode() for data in pictures]})
        return [[read_proposal(one) for one in row] for row in found]

    def script(self, spec: dict[str, Any], origin: dict[str, Any]) -> ScriptFiles:
        """Script and notebook of a run, from what `RunSpec.to_dict` and `Origin.to_dict` make."""
        return ScriptFiles.from_dict(self._ask("script", {"spec": spec, "origin": origin}))

    def predict(
        self,
        run_id: int,
        files: Sequence[tuple[str, bytes]],
        *,
        raw: bool = False,
        parameters: Mapping[str, Any] | None = None,
    ) -> list[PredictResult]:
        """Return the predictions of a run's model for each file (name, content); a broken file gets its own sentence.

        With no files it only loads the model, so that the first answer comes soon. `raw` adds the plain outputs;
        `parameters` are settings of the answer.
        """
        return _results(self._send(f"predict/{int(run_id)}", _packed(files, raw, parameters)))

    def stream(
        self,
        run_id: int,
        files: Sequence[tuple[str, bytes]],
        *,
        raw: bool = False,
        parameters: Mapping[str, Any] | None = None,
    ) -> "Stream[list[PredictResult]]":
        """Return what `predict` does as far as it has come, again and again; to be closed, which ends the work."""
        return Stream(self._open(f"predict/{int(run_id)}/stream", _packed(files, raw, parameters)), _results)

    def occlude(self, run_id: int, file: tuple[str, bytes], parameters: Mapping[str, Any] | None = None) -> Mattered:
        """Return the prediction for a file with one input, and what it loses where a part of the input is hidden."""
        head = {"kind": "occluded", "name": file[0], "parameters": dict(parameters or {})}
        found, parts = unpack(self._send(f"predict/{int(run_id)}", pack(head, [file[1]])))
        return Mattered(**found, given=from_bytes(parts[0]) if parts else None)

    def opened(self, modality: str, files: Sequence[tuple[str, bytes]], pixels: int) -> list[Opened]:
        """Return what is seen or heard of each file; pictures fit into a square of `pixels`. Nothing else decodes it."""
        head = {"modality": modality, "names": [name for name, _data in files], "pixels": pixels}
        return self._plain("opened", head, files, read_opened)

    def unfolded(
        self, modality: str, file: tuple[str, bytes], columns: Sequence[str], first: int = 0, spent_bytes: int = 0
    ) -> Unfolded:
        """Return a portion of the single inputs of a table or a zip, from `first` on; nothing else unpacks or reads it.

        `columns` as in `open_inputs`; `spent_bytes` of a zip were unpacked for earlier portions.
        """
        head = {"modality": modality, "name": file[0], "columns": list(columns), "first": first, "spent": spent_bytes}
        return self._plain("unfolded", head, [file], partial(read_unfolded, first=first))

    def _plain(
        self, name: str, head: dict[str, Any], files: Sequence[tuple[str, bytes]], read: "Callable[[bytes], T]"
    ) -> T:
        """Ask for what needs no network. It waits for nobody's turn, so it says nothing about how long turns take."""
        _check_size(files)
        body = pack(head, [data for _name, data in files])
        found = self._asked(lambda child, deadline: _content(*child.send("POST", f"/{name}", deadline, body)))
        try:
            return read(found)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise Unavailable("The predictor said something else than it was asked; see its log.") from error

    def predict_arrays(self, run_id: int, inputs: np.ndarray) -> np.ndarray:
        """Outputs (examples, outputs) float32 of a run's model for inputs (examples, ...) as datasets have them."""
        found = self._send(f"predict/{int(run_id)}", pack({"kind": "arrays"}, [pack_inputs(inputs)]))
        return from_bytes(found)

    def predict_instances(self, run_id: int, body: bytes, *, raw: bool = False) -> bytes:
        """The answer to a body in the form of TensorFlow Serving, in that form: see `engine.serving.instances`.

        Nothing is read or written here, so that megabytes of JSON do not hold up the pages.
        """
        return self._send(f"predict/{int(run_id)}", pack({"kind": "instances", "raw": raw}, [body]))

    def stream_instances(self, run_id: int, body: bytes, *, raw: bool = False) -> "Stream[bytes]":
        """Return what `predict_instances` does as far as it has come, again and again; to be closed, which ends the work."""
        packed = pack({"kind": "instances", "raw": raw}, [body])
        return Stream(self._open(f"predict/{int(run_id)}/stream", packed), bytes)

    def close(self) -> None:
        """End the process. The next call would start a new one."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close()

    def _ask(self, name: str, body: dict[str, Any]) -> Any:
        return json.loads(self._send(name, json.dumps(body).encode()))

    def _send(self, path: str, body: bytes) -> bytes:
        with prediction_timed() if path.startswith("predict/") else nullcontext():
            return self._when_ready(lambda child, deadline: _content(*child.send("POST", f"/{path}", deadline, body)))

    def _open(self, path: str, body: bytes) -> "_Answer":
        def opened(child: "Child", deadline: float) -> _Answer:
            lines = child.lines("POST", f"/{path}", deadline, body)
            if lines.status != HTTPStatus.OK:
                with lines:
                    _content(lines.status, lines.rest())
            return _Answer(lines, child)

        return self._when_ready(opened)

    def _when_ready(self, ask: "Callable[[Child, float], T]") -> T:
        """Return what `ask` returns of a process that answers, within the time of a request."""
        with self._pace.turn() as turn:
            return self._asked(ask, turn.begin)

    def _asked(self, ask: "Callable[[Child, float], T]", begin: "Callable[[], None]" = lambda: None) -> T:
        limit = settings().predict_timeout_seconds
        deadline = time.monotonic() + limit
        child = self._running()
        while time.monotonic() < deadline:
            try:
                if child.answers():
                    begin()
                    with told(child):
                        return ask(child, deadline)
            except Refused:  # it is just ending; nothing was sent, so its successor can be asked
                child = self._running()
            time.sleep(0.05)
        if child.answered:
            raise late(limit)
        raise NotReady("The predictor is still starting. Try again in a few seconds.")

    def _running(self) -> "Child":
        """The living child; started if there is none, but not again and again."""
        with self._lock:
            if self._child is not None and self._child.process.poll() is None:
                return self._child
            reason = Sentence("")
            if self._child is not None:
                reason = self._child.reason()
                logger.warning("The predictor is gone: %s", reason)
                self._child.close()
                self._child = None
            now = time.monotonic()
            if len(self._starts) == _MAX_STARTS and now - self._starts[0] < _STARTS_SECONDS:
                raise Unavailable(
                    "The predictor ended {max_starts} times within a minute and will not be "
                    "restarted for a while; {reason}",
                    max_starts=_MAX_STARTS,
                    reason=reason,
                )
            self._starts.append(now)
            self._child = Child(self._command)
            return self._child


class Stream(Iterator[T]):
    """An answer as it comes. Closing it ends the work, and may be done by any thread, also while another waits for more."""

    def __init__(self, answer: "_Answer", read: "Callable[[bytes], T]") -> None:
        self._answer, self._read = answer, read

    def __next__(self) -> T:
        """Wait for more. Raises `TrainyardError`."""
        line = self._answer.next()
        if not line:
            self.close()
            raise StopIteration
        return self._read(line)

    def close(self) -> None:
        """Do without the rest."""
        self._answer.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


class _Answer:
    """The lines that one process sends."""

    def __init__(self, lines: Lines, child: "Child") -> None:
        self._lines, self._child = lines, child
        self.close = lines.close

    def next(self) -> bytes:
        """Wait for the next line; nothing is the end. A line that is an error is raised."""
        try:
            with told(self._child):
                line = self._lines.next()
            if line.startswith(b'{"error":'):
                _content(json.loads(line)["status"], line)
        except BaseException:
            self.close()
            raise
        return line


def _packed(files: Sequence[tuple[str, bytes]], raw: bool, parameters: Mapping[str, Any] | None) -> bytes:
    """The body of a request about files, if they are not too large together."""
    _check_size(files)
    names = [name for name, _ in files]
    head = {"kind": "files", "names": names, "raw": raw, "parameters": dict(parameters or {})}
    return pack(head, [data for _, data in files])


def _check_size(files: Sequence[tuple[str, bytes]]) -> None:
    size, limit = sum(len(data) for _, data in files), settings().max_upload_mb
    if size > limit * 1_000_000:
        raise TrainyardError(
            "The files have {size:,.0f} MB in total; one request may have {limit} MB "
            "(TRAINYARD_MAX_UPLOAD_MB). Send them in parts.",
            size=size / 1e6,
            limit=limit,
        )


def _results(found: bytes) -> list[PredictResult]:
    return [PredictResult.from_dict(result) for result in json.loads(found)]


def _content(status: int, found: bytes) -> bytes:
    if status != HTTPStatus.OK:
        raise _ERRORS.get(status, TrainyardError)(from_json(json.loads(found)["error"]))
    return found
