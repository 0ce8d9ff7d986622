"""The combinations that a study may try, where countable: known without Optuna, so that a page can show their number."""

import math
from collections.abc import Iterator, Mapping
from itertools import chain, product
from typing import Any

from engine.sentences import Sentence
from engine.spec import Choices, Range
from engine.studies import Domain, StudySpec

Key = tuple[Any, ...]


def space_size(spec: StudySpec) -> float:
    """Return how many combinations of values the space has; infinite where a number is continuous."""
    fields = spec.fields()
    each = (math.prod(count_values(d, fields[name].type) for name, d in space.items()) for space in spec.spaces())
    return sum(each)


def combinations_of(spec: StudySpec) -> Iterator[dict[str, Any]]:
    """Yield each combination of a finite space."""
    fields = spec.fields()
    each = ({name: _values(d, fields[name].type) for name, d in space.items()} for space in spec.spaces())
    return chain.from_iterable(map(products, each))


def products(values: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield each combination of these values."""
    return (dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))


def count_values(domain: Domain, kind: type) -> float:
    """Return how many values a hyperparameter takes; infinite for a continuous number."""
    match domain:
        case Choices(options):
            return len(options)
        case Range(low, high) if low == high:
            return 1
        case Range(low, high):
            step = step_of(domain, kind)
            return math.floor((high - low) / step + 1e-9) + 1 if step else math.inf
    raise TypeError(Sentence("{domain!r} is not a domain.", domain=domain))


def step_of(domain: Range, kind: type) -> float | None:
    """Return the distance between neighbouring values; None for a continuous number."""
    if kind is int:
        return 1 if domain.log else int(domain.step or 1)
    return None if domain.log else domain.step


def _values(domain: Domain, kind: type) -> list[Any]:
    if isinstance(domain, Choices):
        return list(domain.options)
    step = step_of(domain, kind) or 0.0
    return [kind(round(domain.low + i * step, 10)) for i in range(int(count_values(domain, kind)))]


def holds(domain: Domain, kind: type, value: Any) -> bool:
    """Whether a hyperparameter may take a value."""
    if isinstance(domain, Choices):
        return value in domain.options
    step = step_of(domain, kind)
    places = (value - domain.low) / step if step else 0.0
    return bool(domain.low <= value <= domain.high) and abs(places - round(places)) < 1e-6


def key_of(params: Mapping[str, Any], names: Mapping[str, Any]) -> Key:
    """Return a key that equal combinations share: numbers are compared to ten digits, since steps are not exact.

    What a combination does not use is None.
    """
    return tuple(float(f"{v:.10g}") if isinstance(v := params.get(name), float) else v for name in names)
