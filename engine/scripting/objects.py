"""Keras objects as the expressions that make them: only what differs from the defaults."""

import inspect
import re
from typing import Any

import keras

from engine.scripting.errors import unwritable
from engine.scripting.transplant import Transplant
from engine.scripting.values import literal, plain

_KINDS = (
    (keras.layers.Layer, "layers"),
    (keras.initializers.Initializer, "keras.initializers"),
    (keras.regularizers.Regularizer, "keras.regularizers"),
    (keras.constraints.Constraint, "keras.constraints"),
    (keras.losses.Loss, "keras.losses"),
    (keras.metrics.Metric, "keras.metrics"),
    (keras.optimizers.schedules.LearningRateSchedule, "keras.optimizers.schedules"),
    (keras.optimizers.Optimizer, "keras.optimizers"),
)
_SQUARE = {"kernel_size", "strides", "pool_size", "dilation_rate", "size"}
"""Sizes that Keras keeps for each axis: people write one number where all are equal."""
_NOT_ASKED = {"dtype", "build_config", "vocabulary_size", "registered_name"}
_ALIASES = {"he_normal", "he_uniform", "glorot_normal", "lecun_normal", "orthogonal", "zeros", "ones"}


class Objects:
    """Writes Keras objects; long values are set aside by `constant`, custom classes are copied along."""

    def __init__(self, transplant: Transplant, constant: Any) -> None:
        """`constant(value, hint)` returns the expression for a plain value."""
        self._transplant, self._constant = transplant, constant

    def expression(self, value: Any, hint: str = "value") -> str:
        """Return the expression of a plain value, a Keras object or a function."""
        if plain(value):
            return str(self._constant(value, hint))
        if isinstance(value, list | tuple):
            inside = [self.expression(part, hint) for part in value]
            return f"[{', '.join(inside)}]" if isinstance(value, list) else f"({', '.join(inside)},)"
        if isinstance(value, dict) and "class_name" in value:
            return self.expression(keras.saving.deserialize_keras_object(value), hint)
        if isinstance(value, dict):
            return "{" + ", ".join(f"{literal(k)}: {self.expression(v, k)}" for k, v in value.items()) + "}"
        if any(isinstance(value, kind) for kind, _ in _KINDS):
            return self.construction(value)
        if callable(value):
            return self._transplant.function(value)
        raise unwritable(repr(hint), f"a value of the type {type(value).__name__} cannot be written")

    def construction(self, made: Any, given: dict[str, str] | None = None) -> str:
        """Return the call that makes an object like `made`; `given` are arguments whose code is known."""
        cls, given = type(made), given or {}
        if isinstance(made, keras.layers.Lambda):
            raise unwritable(f"the layer {made.name!r}", "it is a Lambda layer, whose code cannot be read")
        called = self._class(made)
        config, written = _config(made), _as_written(made)
        if written is not None:  # building a layer may change its config: an axis of -1 becomes a list
            frozen = {"trainable": False} if config.get("trainable") is False else {}
            config = {name: written[name] for name in config if name in written} | frozen
        required = [name for name in _required(cls) if name in config]
        reference = _reference(cls, {name: config[name] for name in required})
        if isinstance(made, keras.layers.Bidirectional):
            config.pop("backward_layer", None)
        positional = [given.pop(n) if n in given else self._argument(made, n, config[n]) for n in required]
        named = {
            name: self._argument(made, name, value)
            for name, value in config.items()
            if name not in required and name not in given and _differs(name, value, reference, cls)
        }
        if isinstance(made, keras.optimizers.Optimizer):
            named.pop("name", None)
        if isinstance(made, keras.layers.Layer):
            named = {name: code for name, code in named.items() if name != "name"} | self._layer_options(made)
        words = [*positional, *given.values(), *(f"{name}={code}" for name, code in named.items())]
        alias = snake(cls.__name__)
        if isinstance(made, keras.initializers.Initializer) and not words and alias in _ALIASES:
            return f'"{alias}"'
        return f"{called}({', '.join(words)})"

    def _class(self, made: Any) -> str:
        cls = type(made)
        for kind, module in _KINDS:
            namespace: Any = keras
            for part in module.removeprefix("keras.").split("."):
                namespace = getattr(namespace, part)
            if isinstance(made, kind) and getattr(namespace, cls.__name__, None) is cls:
                self._transplant.imports.add("from keras import layers" if module == "layers" else "import keras")
                return f"{module}.{cls.__name__}"
        return self._transplant.function(cls)

    def _argument(self, made: Any, name: str, value: Any) -> str:
        if name in _SQUARE and isinstance(value, list | tuple) and len(set(value)) == 1:
            value = value[0]
        if isinstance(made, keras.layers.Bidirectional) and name == "layer":
            value["config"]["name"] = value["config"]["name"].removeprefix("forward_")
        if isinstance(value, dict) and "class_name" in value:
            value = keras.saving.deserialize_keras_object(value)
        return self.expression(value, f"{getattr(made, 'name', 'value')}_{name}")

    def _layer_options(self, layer: Any) -> dict[str, str]:
        """Return the name, where one was given, and the precision, where it differs from the others'."""
        found: dict[str, str] = {}
        if layer.dtype_policy.name != keras.config.dtype_policy().name:
            found["dtype"] = literal(layer.dtype_policy.name)
        if not re.fullmatch(rf"{snake(type(layer).__name__)}(_\d+)?", layer.name):
            found["name"] = literal(layer.name)
        return found


def _config(made: Any) -> dict[str, Any]:
    """Return arguments by name, as Keras remembers them."""
    try:
        found = dict(made.get_config())
    except NotImplementedError as error:
        raise unwritable(f"{type(made).__name__}", "it does not say what it was made with (get_config)") from error
    return {name: value for name, value in found.items() if name not in _NOT_ASKED}


def _as_written(made: Any) -> dict[str, Any] | None:
    """Return the arguments as given, where Keras has kept them: it does for layers that were made of plain values."""
    kept = getattr(made, "_auto_config", None)
    return dict(kept.config) if kept is not None else None


def _required(cls: type) -> list[str]:
    empty = inspect.Parameter.empty
    parameters = inspect.signature(cls).parameters.values()
    return [p.name for p in parameters if p.default is empty and p.kind is p.POSITIONAL_OR_KEYWORD]


def _reference(cls: type, required: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration that would result if only the `required` arguments were given."""
    values = {
        name: keras.saving.deserialize_keras_object(value)
        if isinstance(value, dict) and "class_name" in value
        else value
        for name, value in required.items()
    }
    return dict(cls(**values).get_config())


def _differs(name: str, value: Any, reference: dict[str, Any], cls: type) -> bool:
    """Whether an argument must be written: it is neither the default nor what Keras makes of it."""
    parameter = inspect.signature(cls).parameters.get(name)
    if parameter is not None and repr(parameter.default) == repr(value):
        return False
    return name not in reference or repr(reference[name]) != repr(value)


def snake(name: str) -> str:
    """Return a name as Keras names layers and operations: `MaxPooling2D` -> `max_pooling2d`, `ExpandDims` -> `expand_dims`."""
    text = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()
