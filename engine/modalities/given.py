"""Inputs as people give them: the bytes of a file, or an entry of a JSON list."""

import base64
import binascii
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from engine.errors import TrainyardError


@dataclass(frozen=True)
class Decoded:
    """Inputs of one file, under the names that their results have, and what is wrong with those that are unusable."""

    names: tuple[str, ...]
    """Of everything that gets a result, in order."""
    inputs: np.ndarray
    """(usable, ...): the inputs of all names that have no error, in the same order."""
    errors: Mapping[int, str] = field(default_factory=dict)
    """Position in `names` -> a sentence."""

    def single(self, name: str) -> np.ndarray:
        """The only input (1, ...). Raises `TrainyardError` where there is none, or more than one."""
        if self.errors:
            raise TrainyardError("{name!r}: {problem}", name=name[-80:], problem=next(iter(self.errors.values())))
        if len(self.inputs) != 1:
            raise TrainyardError(
                "{name!r} has {inputs} inputs; expected one.", name=name[-80:], inputs=len(self.inputs)
            )
        return self.inputs


def bytes_of(instance: dict[str, Any], where: str) -> bytes:
    """The content of `{"b64": "..."}`."""
    encoded = instance.get("b64")
    if not isinstance(encoded, str) or len(instance) > 1:
        raise TrainyardError(
            '{where} is an object; the only object allowed is {{"b64": "..."}} with the bytes of a file.', where=where
        )
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TrainyardError("{where} is not base64 ({error}).", where=where, error=error) from error


def whole_characters(text: str, where: str) -> str:
    """A text that can be written as UTF-8: JSON can name halves of characters, which are none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TrainyardError(
            "{where} contains half a character (a lone surrogate). Send whole characters.", where=where
        ) from error
    return text


def only(nested: Iterable[Any], depth: int, kinds: Collection[type]) -> bool:
    """Whether the leaves of lists, `depth` deep, are all of these types: NumPy would take "1" and true for numbers."""
    for _ in range(depth - 1):
        nested = chain.from_iterable(nested)
    return set(map(type, nested)) <= set(kinds)


def stacked_numbers(instances: list[Any], shape: tuple[int, ...], *, finite: bool = True) -> np.ndarray | None:
    """Nested lists of numbers -> (instances, *shape) float32; None for anything else, and unless `finite` is off infinity."""
    try:
        with np.errstate(over="ignore"):
            found = np.array(instances, np.float32)
        right = found.shape[1:] == shape and only(instances, found.ndim, (int, float))
    except (TypeError, ValueError, OverflowError):  # ragged, or no numbers
        return None
    return found if right and (not finite or np.isfinite(found).all()) else None


def written_numbers(data: bytes, shape: tuple[int, ...]) -> np.ndarray | None:
    """Numbers as JSON, or between commas and white space -> (*shape,) float32; None for anything else."""
    try:
        text = data.decode("utf-8-sig")
        values = json.loads(text) if text.lstrip().startswith("[") else np.array(text.replace(",", " ").split(), float)
        found = np.asarray(values, np.float32).reshape(shape)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    return found if np.isfinite(found).all() else None


def refuse(reason: str) -> bytes:
    """Stand in for the content of an input that cannot be read: raise its sentence."""
    raise TrainyardError(reason)
