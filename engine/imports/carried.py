"""Results of an import as JSON and back: what another process says is built by the declared types, and anything else is refused."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from engine.sentences import Sentence, from_json, to_json

T = TypeVar("T")
_SENTENCE = "sentence"


def plain(value: Any) -> Any:
    """Return a value as JSON has it; a sentence keeps its template."""
    if isinstance(value, Sentence):
        return {_SENTENCE: to_json(value)}
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.value if isinstance(value, Enum) else value


def built(kind: type[T], value: Any) -> T:
    """Return what `plain` was given, of the type `kind`. Raises `TypeError` or `ValueError` for anything else."""
    return cast(T, _built(kind, value))


def _built(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any or (origin is Literal and value in inner):
        return value
    if origin in (types.UnionType, Union):
        return None if value is None and type(None) in inner else _built(_other(inner), value)
    if origin is tuple and isinstance(value, list):
        return tuple(_built(inner[0], one) for one in value)
    if origin in (dict, Mapping) and isinstance(value, dict):
        return {_built(inner[0], name): _built(inner[1], one) for name, one in value.items()}
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        hints = _hints(kind)
        return kind(**{name: _built(hints[name], one) for name, one in value.items()})
    return _simple(kind, value)


def _simple(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, str):
        if isinstance(value, dict) and value.keys() == {_SENTENCE} and isinstance(value[_SENTENCE], str):
            return from_json(value[_SENTENCE])
        if isinstance(value, str):
            return value if kind is str else kind(value)
    elif kind in (int, float, bool) and isinstance(value, kind):
        return value
    raise TypeError(f"Expected {kind}, got {type(value).__name__}.")


def _other(inner: tuple[Any, ...]) -> Any:
    """The type of an optional value."""
    (found,) = [one for one in inner if one is not type(None)]
    return found


@lru_cache(maxsize=64)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
