"""A functional network as lines of code: one line per layer or operation, in the order in which it was made.

The order matters: layers draw the seeds of their initial weights and of their dropout from one stream, so the same order
gives the same network.
"""

import builtins
import inspect
import itertools
import keyword
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import keras
from keras import KerasTensor

from engine.scripting.errors import unwritable
from engine.scripting.objects import Objects, snake
from engine.scripting.transplant import Transplant
from engine.scripting.values import literal, plain

_SIGNS = {"Add": "+", "Subtract": "-", "Multiply": "*", "TrueDivide": "/", "Divide": "/", "Power": "**"}
_NAMES = {
    "GetItem": "part", "Add": "total", "Subtract": "difference", "Multiply": "product", "TrueDivide": "ratio",
    "Where": "filled", "Isfinite": "present", "NotEqual": "present", "Cast": "cast", "Mean": "mean", "Std": "deviation",
    "Amax": "highest", "Concatenate": "joined", "Cumsum": "position", "ExpandDims": "expanded", "Sqrt": "root",
}  # fmt: skip
"""Variable names for results of operations that are needed later."""
_TUPLES = {"Nonzero"}
"""Operations that return a tuple even of one tensor."""


@contextmanager
def remembered_order() -> Iterator[dict[int, int]]:
    """Remember when each layer is made inside: the number of symbolic tensors at that time, by `id`."""
    made: dict[int, int] = {}
    original = keras.layers.Layer.__init__

    def remember(layer: Any, *args: Any, **options: Any) -> None:
        made[id(layer)] = _number(KerasTensor(()))
        original(layer, *args, **options)

    with mock.patch.object(keras.layers.Layer, "__init__", remember):
        yield made


def _number(tensor: KerasTensor) -> int:
    """Return how many symbolic tensors were made before it: Keras counts them in their names."""
    found = re.search(r"_(\d+)$", tensor.name)
    return int(found[1]) if found else 0


@dataclass
class _Step:
    """One line: a layer that is made, or a layer or operation that is called."""

    at: float
    operation: Any
    node: Any = None
    """The operation that is called; None where a layer is only made."""
    inputs: list[KerasTensor] = field(default_factory=list)
    outputs: list[KerasTensor] = field(default_factory=list)


class Graph:
    """Writes networks; each knows the variables of those written before."""

    def __init__(self, made: dict[int, int], objects: Objects, transplant: Transplant) -> None:
        self._made, self._objects, self._transplant = made, objects, transplant
        self._names: dict[int, str] = {}
        self._keep: list[Any] = []  # keeps named tensors alive, so that no other object gets their id
        self._taken: set[str] = {"x", *dir(builtins), *keyword.kwlist}
        self._layers: dict[int, str] = {}
        self._alias: dict[int, KerasTensor] = {}

    def name(self, tensor: KerasTensor, wanted: str) -> None:
        """Set the variable name of a tensor."""
        self._keep.append(tensor)
        self._names[id(tensor)] = self._free(wanted)

    def variable(self, tensors: Any) -> str:
        """Return the variable that holds a tensor, or the dict of those that hold several."""
        if isinstance(tensors, dict):
            return "{" + ", ".join(f"{literal(name)}: {self.variable(t)}" for name, t in tensors.items()) + "}"
        if isinstance(tensors, list | tuple):
            return f"[{', '.join(map(self.variable, tensors))}]"
        return self._names[id(self._source(tensors))]

    def reserve(self, *names: str) -> None:
        """Reserve names that the rest of the script uses."""
        self._taken |= set(names)

    def call_model(self, model: Any, name: str) -> None:
        """Record that the variable `name` holds a model, which later lines may call."""
        self._keep.append(model)
        self._layers[id(model)] = name

    def lines(self, ends: list[KerasTensor], wanted: dict[int, str]) -> list[str]:
        """Return the lines that compute `ends`; `wanted` has names for some tensors, by `id`."""
        calls = sorted(self._calls(ends), key=lambda step: step.at)
        for step in calls:
            if (same := _does_nothing(step)) is not None:
                source = self._source(same)
                self._alias[id(step.outputs[0])] = source
                if name := wanted.get(id(step.outputs[0])):
                    wanted.setdefault(id(source), name)
        calls = [step for step in calls if _does_nothing(step) is None]
        steps = sorted([*calls, *self._made_apart(calls)], key=lambda step: step.at)
        called = [step for step in steps if step.node is not None]
        following = {id(step): after for step, after in itertools.pairwise(called)}
        written: list[str] = []
        for step in steps:
            if step.node is None:
                written += self._making(step.operation)
                continue
            code = self._call(step)
            targets = [
                self._target(tensor, wanted, self._users(tensor, called), following.get(id(step)))
                for tensor in step.outputs
            ]
            comma = "," if type(step.operation).__name__ in _TUPLES and len(targets) == 1 else ""
            written.append(f"{', '.join(targets)}{comma} = {code}")
        return written

    def _users(self, tensor: KerasTensor, called: list[_Step]) -> list[_Step]:
        """Return the steps that take a tensor."""
        return [other for other in called if any(self._source(taken) is tensor for taken in other.inputs)]

    def _source(self, tensor: KerasTensor) -> KerasTensor:
        """Return the tensor whose variable holds `tensor`: for a layer that does nothing, its input."""
        return self._alias.get(id(tensor), tensor)

    # -- the order of things ------------------------------------------------------------------------------------------

    def _calls(self, ends: list[KerasTensor]) -> list[_Step]:
        """Return what must be called for `ends` and is not known yet."""
        found: dict[int, _Step] = {}
        waiting = list(ends)
        while waiting:
            tensor = waiting.pop()
            history = tensor._keras_history
            node = history.operation._inbound_nodes[history.node_index]
            if id(self._source(tensor)) in self._names or id(node) in found:
                continue
            inputs = [t for t in keras.tree.flatten(self._arguments(node)) if isinstance(t, KerasTensor)]
            found[id(node)] = _Step(
                _number(node.output_tensors[0]), history.operation, node, inputs, list(node.output_tensors)
            )
            self._keep += [node, *node.output_tensors]
            waiting += inputs
        return list(found.values())

    def _made_apart(self, calls: list[_Step]) -> Iterator[_Step]:
        """Yield layers that must be made before something that is made or called earlier than they are."""
        first = {id(step.operation): step for step in reversed(calls)}
        layers = [
            step
            for step in first.values()
            if isinstance(step.operation, keras.layers.Layer) and id(step.operation) not in self._layers
        ]
        drawing = [step for step in layers if step.operation.variables]
        often = {id(s.operation) for s in calls if sum(o.operation is s.operation for o in calls) > 1}
        for step in layers:
            made = self._made.get(id(step.operation), step.at)
            between = any(
                made < moment < step.at
                for other in drawing
                if other is not step
                for moment in (self._made.get(id(other.operation), other.at), other.at)
            )
            changed = self._own_cells(step.operation)
            if (between and step.operation.variables) or changed or id(step.operation) in often:
                yield _Step(made, step.operation)

    # -- lines --------------------------------------------------------------------------------------------------------

    def _making(self, layer: Any) -> list[str]:
        name = self._free(_identifier(layer.name))
        self._layers[id(layer)] = name
        lines = [f"{name} = {self._objects.construction(layer)}"]
        for place, cell in self._own_cells(layer):
            lines.append(f"{name}.{place} = {self._objects.construction(cell)}")
        return lines

    def _own_cells(self, layer: Any) -> list[tuple[str, Any]]:
        """Return cells of recurrent layers that are not Keras' own: they were inserted after the layer was made."""
        recurrent = {"cell": layer} if isinstance(layer, keras.layers.RNN) else {}
        if isinstance(layer, keras.layers.Bidirectional):
            recurrent = {"forward_layer.cell": layer.forward_layer, "backward_layer.cell": layer.backward_layer}
        return [
            (place, inner.cell)
            for place, inner in recurrent.items()
            if type(inner) is not keras.layers.RNN
            and getattr(keras.layers, type(inner.cell).__name__, None) is not type(inner.cell)
        ]

    def _call(self, step: _Step) -> str:
        operation = step.operation
        if isinstance(operation, keras.layers.InputLayer):
            return self._input(operation)
        args, options = self._arguments(step.node)
        if not isinstance(operation, keras.layers.Layer):
            return self._operation(operation, args, options)
        words = [self._value(arg) for arg in args] + [f"{k}={self._value(v)}" for k, v in options.items()]
        made = self._layers.get(id(operation)) or self._objects.construction(operation)
        return f"{made}({', '.join(words)})"

    def _input(self, layer: Any) -> str:
        self._transplant.imports.add("import keras")
        words = [literal(tuple(layer.batch_shape[1:]))]
        if layer.dtype != keras.config.floatx():
            words.append(f"dtype={literal(layer.dtype)}")
        if not re.fullmatch(r"input_layer(_\d+)?", layer.name):
            words.append(f"name={literal(layer.name)}")
        return f"keras.Input({', '.join(words)})"

    def _operation(self, operation: Any, args: tuple[Any, ...], options: dict[str, Any]) -> str:
        kind = type(operation).__name__
        values = [self._value(arg) for arg in args]
        if kind in _SIGNS and len(values) == 2:
            left, right = (f"({value})" if " " in value and value[0] not in "([n" else value for value in values)
            return f"{left} {_SIGNS[kind]} {right}"
        if kind == "GetItem":
            key = args[1] if isinstance(args[1], tuple) else (args[1],)
            return f"{values[0]}[{', '.join(map(self._value, key))}]"
        called = next((name for name in (snake(kind), kind.lower()) if hasattr(keras.ops, name)), "")
        if not called:
            raise unwritable(f"the operation {operation.name!r}", f"keras.ops has no {snake(kind)!r}")
        function = getattr(keras.ops, called)
        self._transplant.imports.add("from keras import ops")
        made_with = {k: v for k, v in operation.get_config().items() if k != "name"}
        named = [f"{k}={self._value(v)}" for k, v in (made_with | options).items() if not _usual(function, k, v)]
        return f"ops.{called}({', '.join([*values, *named])})"

    def _value(self, value: Any) -> str:
        if isinstance(value, KerasTensor):
            return self._names[id(self._source(value))]
        if isinstance(value, list | tuple) and not plain(value):
            inside = ", ".join(map(self._value, value))
            return f"[{inside}]" if isinstance(value, list) else f"({inside},)"
        if value is Ellipsis:
            return "..."
        code = self._objects.expression(value, "constant")
        if code.startswith("np."):
            self._transplant.imports.add("import numpy as np")
        return code

    @staticmethod
    def _arguments(node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the call's arguments, without those that Keras adds by itself: masks that inputs carry, the phase."""
        args, options = node.arguments.args, node.arguments.kwargs
        carried = {
            id(getattr(t, "_keras_mask", None))
            for t in keras.tree.flatten([args, options])
            if isinstance(t, KerasTensor)
        }
        return args, {
            name: value
            for name, value in options.items()
            if name != "training"
            and value is not None
            and not (isinstance(value, KerasTensor) and id(value) in carried)
        }

    # -- names --------------------------------------------------------------------------------------------------------

    def _target(self, tensor: KerasTensor, wanted: dict[int, str], users: list[_Step], following: _Step | None) -> str:
        """Return `x` for what only the next line needs, `_` for what no line does; a name for what is needed later."""
        alone = len(keras.tree.flatten(tensor._keras_history.operation.output)) == 1
        soon = alone and len(users) == 1 and users[0] is following
        if id(tensor) in wanted:
            name = self._free(wanted[id(tensor)])
        elif not users:
            name = "_"
        else:
            operation = tensor._keras_history.operation
            named = _NAMES.get(type(operation).__name__) if not isinstance(operation, keras.layers.Layer) else None
            name = "x" if soon else self._free(named or _identifier(operation.name))
        self._names[id(tensor)] = name
        return name

    def _free(self, wanted: str) -> str:
        """Return `wanted`, or with a number appended if it is taken."""
        candidates = itertools.chain([wanted], (f"{wanted}_{n}" for n in itertools.count(2)))
        name = next(name for name in candidates if name not in self._taken)
        self._taken.add(name)
        return name


def _does_nothing(step: _Step) -> KerasTensor | None:
    """Return the input of a layer that passes it on unchanged: the layer gets no line."""
    match step.operation:
        case keras.layers.Dropout(rate=0.0) | keras.layers.Identity():
            return step.inputs[0]
    return None


def _identifier(name: str) -> str:
    """Return a layer's name as a variable name."""
    plain_name = re.sub(r"_\d+$", "", re.sub(r"\W", "_", name, flags=re.ASCII)) or "value"
    return plain_name if plain_name.isidentifier() else f"layer_{plain_name}"


def _usual(function: Any, name: str, value: Any) -> bool:
    """Whether `value` is the default of a parameter."""
    parameter = inspect.signature(function).parameters.get(name)
    return parameter is not None and parameter.default is not parameter.empty and repr(parameter.default) == repr(value)
