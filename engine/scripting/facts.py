"""The data that sections of a script share: the run, its network, and the collections that all of them add to."""

from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.modalities.base import ScriptInputs
from engine.modalities.text.texts import texts_array
from engine.preparation.prepare import PreparedDataset
from engine.runs import RunSpec
from engine.scripting.graph import Graph
from engine.scripting.learned import Learned
from engine.scripting.objects import Objects
from engine.scripting.transplant import Transplant
from engine.scripting.values import literal, written_short
from engine.training.features import copies_within_budget
from engine.training.network import Network


class Facts:
    """One run on its way to a script."""

    def __init__(
        self, spec: RunSpec, data: PreparedDataset, info: DataInfo, network: Network, made: dict[int, int]
    ) -> None:
        self.spec, self.data, self.info, self.network = spec, data, info, network
        self.learned = Learned(data, info)
        self.transplant = Transplant(self.learned.expression)
        self.objects = Objects(self.transplant, self._constant)
        self.graph = Graph(made, self.objects, self.transplant)
        self.arrays: dict[str, np.ndarray] = {}
        self.imports = self.transplant.imports
        self.imports |= {"import json", "import keras", "import numpy as np"}
        self.strings = False
        self.exact = spec.training.deterministic
        changes = spec.augmentation
        self.copies = 1
        if changes is not None and changes.active() and changes.copies > 1 and network.features is not None:
            shape = network.features.output_shape[1:]
            self.copies = copies_within_budget(changes, shape, len(data.indices("train")))
        rows = data.inputs[data.indices("train")[:1]]
        self.reading = ScriptInputs('data["{split}_inputs"]') if spec.task.encodes else data.modality.script(info)
        self.whole = rows.dtype != np.float32
        lengths = type(spec.model).lengths
        self.sequences = lengths(spec.model, np.zeros((1, 1), np.int32)) is not None

    def _constant(self, value: Any, hint: str) -> str:
        """Return the code of a plain value: the script's own expression, the value if short, or its name in data.npz if long."""
        if computed := self.learned.expression(hint, value):
            return computed
        if written_short(value):
            return literal(value)
        strings = isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)
        array = texts_array(list(value)) if strings else np.asarray(value)
        name = self._name_of(array, hint)
        self.arrays[name] = array
        if strings:
            self.strings = True
            return f'texts("{name}")'
        code = f'data["{name}"]'
        return code if isinstance(value, np.ndarray) else f"{code}.tolist()"

    def _name_of(self, array: np.ndarray, hint: str) -> str:
        """Return a name in data.npz that no other array has."""
        names = (f"constants/{hint}{end}" for end in ("", *(f"_{number}" for number in range(2, 1_000))))
        return next(name for name in names if name not in self.arrays or np.array_equal(self.arrays[name], array))
