"""Requests to a loaded model: files, a batch of arrays, or instances as JSON. Each knows its inputs and its answer."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.modalities.given import Decoded
from engine.serving.answers import PredictResult
from engine.serving.decoding import decode
from engine.serving.instances import Body, make_inputs, read_request
from engine.serving.outputs import Outputs, Signature, predictions_of
from engine.serving.turns import late
from engine.settings import settings
from engine.targets import as_lists, finite_rows
from engine.tasks.base import Answering

_LONG_SECONDS, _PAUSE_SECONDS = 0.05, 0.002  # a lock that is taken again at once is never seen free by others


class Request(Protocol):
    """One request."""

    def inputs(self, signature: Signature) -> np.ndarray | None:
        """Its inputs (examples, ...), or None when there are none. Raises `TrainyardError` for wrong ones."""

    def options(self, signature: Signature) -> Answering:
        """Return how it wants to be answered. Raises `TrainyardError` for settings that the task does not have."""

    def answer(self, outputs: Outputs, signature: Signature) -> Any:
        """Return the answer for the outputs of these inputs."""


@dataclass
class Files:
    """Name and content of files, one of which may hold several inputs. What is wrong with one stands in its own result."""

    files: list[tuple[str, bytes]]
    raw: bool = False
    """Whether results have the plain outputs, too."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Settings of the answer: see `Task.answering`."""
    _decoded: list[Decoded] = field(default_factory=list)

    def inputs(self, signature: Signature) -> np.ndarray | None:
        """Return the inputs that can be decoded."""
        limit = settings().max_predictions
        if len(self.files) > limit:
            raise TrainyardError(
                "One request may have {limit} files (TRAINYARD_MAX_PREDICTIONS), not {files}. Send them in parts.",
                files=len(self.files),
                limit=limit,
            )
        self._decoded = list(_one_after_the_other(signature, self.files))
        found = [decoded.inputs for decoded in self._decoded if len(decoded.inputs)]
        return np.concatenate(found) if found else None

    def options(self, signature: Signature) -> Answering:
        """Return the settings that were sent along."""
        return signature.task.answering.parse(self.parameters)

    def answer(self, outputs: Outputs, signature: Signature) -> list[PredictResult]:
        """A result for each input of each file, in order."""
        found = [decoded.inputs for decoded in self._decoded if len(decoded.inputs)]
        made = zip(predictions_of(outputs, found, signature), as_lists(outputs.rows), strict=True)
        results = []
        for decoded in self._decoded:
            for position, name in enumerate(decoded.names):
                if error := decoded.errors.get(position, ""):
                    results.append(PredictResult(name, None, error, signature.epoch))
                else:
                    prediction, row = next(made)
                    results.append(PredictResult(name, prediction, "", signature.epoch, row if self.raw else None))
        return results


def _one_after_the_other(signature: Signature, files: list[tuple[str, bytes]]) -> Iterator[Decoded]:
    """Decode the files. Raises `Late` when nobody can be waiting any more, and lets others have the decoder in between."""
    limit = settings().predict_timeout_seconds
    began = time.monotonic()
    for name, data in files:
        before = time.monotonic()
        yield _decode(signature, name, data)
        now = time.monotonic()
        if now - began > limit:
            raise late(limit)
        if now - before > _LONG_SECONDS:
            time.sleep(_PAUSE_SECONDS)


def _decode(signature: Signature, name: str, data: bytes) -> Decoded:
    try:
        return decode(signature.task.modality, data, name, signature.info)
    except TrainyardError as error:
        return Decoded((name,), np.empty(0), {0: error.sentence})


@dataclass(frozen=True)
class Arrays:
    """A batch as the conventions of datasets have it: answered with the plain outputs (examples, outputs) float32."""

    batch: np.ndarray

    def inputs(self, signature: Signature) -> np.ndarray | None:
        """The batch, if the network can take it."""
        info, found, modality = signature.info, self.batch, modalities[signature.task.modality]
        if not modality.fits(found, info):
            raise TrainyardError(
                "A batch of shape {shape} and type {dtype} does not fit this network, which takes {which}.",
                shape=found.shape,
                dtype=found.dtype,
                which=modality.batch(info),
            )
        return found if len(found) else None

    def options(self, signature: Signature) -> Answering:
        """The defaults."""
        return signature.task.answering()

    def answer(self, outputs: Outputs, signature: Signature) -> Any:
        """The outputs, as they are."""
        return outputs.rows


@dataclass
class Instances:
    """The body of a request in TensorFlow Serving's form: answered with a body in that form."""

    body: bytes
    raw: bool = False
    """Whether the plain outputs are wanted, even if the body does not say so."""
    _inputs: np.ndarray = field(default_factory=lambda: np.empty(0))

    @cached_property
    def _request(self) -> Body:
        return read_request(self.body)

    def inputs(self, signature: Signature) -> np.ndarray | None:
        """All instances; one that is wrong is an error of the whole."""
        self._inputs = make_inputs(self._request.instances, signature.task.modality, signature.info)
        return self._inputs

    def options(self, signature: Signature) -> Answering:
        """Return the settings of `parameters` in the body."""
        return signature.task.answering.parse(self._request.parameters)

    def answer(self, outputs: Outputs, signature: Signature) -> bytes:
        """`{"predictions": [...]}`, with `epoch` while the run still trains."""
        wrong = np.flatnonzero(~finite_rows(outputs.rows))
        if len(wrong):
            raise TrainyardError(
                "The network's output for instances[{wrong}] is not a finite number. The input may "
                "be far outside the range of the training data.",
                wrong=wrong[0],
            )
        raw = self.raw or self._request.raw
        predictions = (
            as_lists(outputs.rows) if raw else [p.values for p in predictions_of(outputs, [self._inputs], signature)]
        )
        epoch = {} if signature.epoch is None else {"epoch": signature.epoch}
        return json.dumps({"predictions": predictions} | epoch, allow_nan=False).encode()
