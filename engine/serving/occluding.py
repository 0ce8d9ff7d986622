"""A request for what mattered: the answer to one input, and what it loses where a part of the input is hidden."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.modalities.occlusions import Occlusions
from engine.serving.decoding import decode
from engine.serving.outputs import Outputs, Signature
from engine.serving.wire import pack, to_bytes
from engine.settings import settings
from engine.targets import finite_rows
from engine.tasks.base import Answering


@dataclass
class Occluded:
    """One file with one input."""

    name: str
    data: bytes
    parameters: dict[str, Any] = field(default_factory=dict)
    """Settings of the answer: see `Task.answering`."""
    _found: Occlusions | None = None
    _one: np.ndarray | None = None

    def inputs(self, signature: Signature) -> np.ndarray | None:
        """The input as it is, then its variants. Raises `TrainyardError` where there is not one input, or nothing to hide."""
        task, info = signature.task, signature.info
        modality = modalities[task.modality]
        if not (task.occludes and modality.occludes):
            raise TrainyardError("The task {task!r} does not say what mattered for an answer.", task=task.name)
        self._one = one = decode(task.modality, self.data, self.name, info).single(self.name)
        self._found = modality.occlude(one, settings().occluded_parts, info, signature.reliability.typical)
        return np.concatenate([one, self._found.variants])

    def options(self, signature: Signature) -> Answering:
        """Return the settings that were sent along."""
        return signature.task.answering.parse(self.parameters)

    def answer(self, outputs: Outputs, signature: Signature) -> bytes:
        """Return the prediction, each hidden part with what the answer loses without it, and the input where it is numbers."""
        if self._found is None or self._one is None or not finite_rows(outputs.rows).all():
            raise TrainyardError("The output of the network is not a finite number.")
        (prediction,) = signature.task.predictions(outputs.rows[:1], signature.info)
        effects = np.asarray(signature.task.effects(outputs.rows), np.float64).tolist()
        values = {"values": prediction.values, "parts": self._found.parts, "effects": effects}
        return pack(values, [to_bytes(self._one[0])] if self._one.dtype.kind in "iuf" else [])
