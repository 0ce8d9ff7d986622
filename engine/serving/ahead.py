"""Decode what may take long before its turn, on a thread of its own: others are answered meanwhile."""

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.modalities.base import modalities
from engine.serving.outputs import Outputs, Signature
from engine.serving.requests import Request
from engine.serving.turns import attempt
from engine.serving.wire import read_head, unpack
from engine.tasks.base import Answering

SMALL_BYTES = 1 << 18
"""Numbers, texts and small pictures of this many bytes are decoded within their turn, which costs less than another
thread."""
_FEW_FILES = 4

LARGE_BYTES = 1 << 23
"""Of larger requests only two are decoded at a time, so that memory does not grow with the number of visitors."""
_few_large = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Ahead:
    """A request whose inputs are there already."""

    request: Request
    signature: Signature
    """Signature of the network for which they were decoded."""
    found: np.ndarray | Exception | None

    def inputs(self, signature: Signature) -> np.ndarray | None:
        """The inputs, decoded again where the network has become another one meanwhile."""
        if signature.task != self.signature.task or signature.info != self.signature.info:
            return self.request.inputs(signature)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def options(self, signature: Signature) -> Answering:
        """Return how it wants to be answered."""
        return self.request.options(signature)

    def answer(self, outputs: Outputs, signature: Signature) -> Any:
        """Return the answer for the outputs of these inputs."""
        return self.request.answer(outputs, signature)


def decode_ahead(request: Request, signature: Signature, size_bytes: int) -> Ahead:
    """Decode a request now; what is wrong with it is raised when its turn comes."""
    with bounded(size_bytes):
        return Ahead(request, signature, attempt(lambda: request.inputs(signature)))


def bounded(size_bytes: int) -> AbstractContextManager[Any]:
    """Return the block in which a request of this size is decoded."""
    return _few_large if size_bytes > LARGE_BYTES else nullcontext()


def may_take_long(body: bytes, known: Signature | None) -> bool:
    """Whether decoding a request must not hold the others: a picture of few bytes may have millions of pixels.

    `known` is the signature of the network, where it is in memory.
    """
    head = read_head(body)
    if head["kind"] == "files":
        return bool(head["sizes"]) and not _quick(body, len(head["sizes"]), known)
    if head["kind"] == "occluded":
        return True
    return head["kind"] == "instances" and (len(body) > SMALL_BYTES or b'"b64"' in body)


def _quick(body: bytes, count: int, known: Signature | None) -> bool:
    """Whether all files of a request are certain to be decoded within milliseconds."""
    if known is None or count > _FEW_FILES or len(body) > SMALL_BYTES:
        return False
    modality = modalities[known.task.modality]
    return all(modality.quick(data) for data in unpack(body)[1])
