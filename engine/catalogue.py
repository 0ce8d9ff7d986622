"""Facts about items that can be recommended: what they are called, what is known of each, how often each was chosen."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np

EMPTY, UNKNOWN = 0, -1
"""Numbers that stand for no item, and for one that is not of the catalogue. Items count from 1."""
_WORDS, _STEPS = 50, 8


@dataclass(frozen=True)
class ItemColumn:
    """What is known of each item in one respect."""

    name: str
    kind: Literal["number", "category"]
    values: tuple[Any, ...]
    """One an item: numbers, or words. None where it is not known."""

    def features(self) -> np.ndarray:
        """(items, features) float32: numbers on a scale around zero and as steps of equal counts, the most frequent words one by one."""
        if self.kind == "category":
            counts = Counter(str(value) for value in self.values if value is not None)
            frequent = sorted(counts, key=lambda word: (-counts[word], word))[:_WORDS]
            return np.array([[value == word for word in frequent] for value in self.values], np.float32)
        numbers = np.array([np.nan if value is None else float(value) for value in self.values])
        known = np.isfinite(numbers)
        if not known.any():
            return np.zeros((len(numbers), 0), np.float32)
        scaled = np.where(known, (numbers - numbers[known].mean()) / (numbers[known].std() or 1.0), 0.0)
        edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, _STEPS + 1)[1:-1]))
        step = np.searchsorted(edges, numbers, side="right")
        steps = (step[:, None] == np.arange(len(edges) + 1)) & known[:, None]
        return np.concatenate([scaled[:, None], steps], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Catalogue:
    """The items of a dataset, in the order of their numbers."""

    items: tuple[str, ...]
    chosen: tuple[int, ...]
    """How often each was chosen in the training split; 0: it is new."""
    columns: tuple[ItemColumn, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Return the number of each item, by name: looked up for each of many people."""
        return {name: number for number, name in enumerate(self.items, 1)}

    def name(self, number: int) -> str:
        """Return what an item is called; "?" for what is none of the catalogue."""
        return self.items[number - 1] if 1 <= number <= len(self.items) else "?"

    def about(self, number: int) -> str:
        """Return what is known of an item, in one line."""
        known = (column.values[number - 1] for column in self.columns)
        return " · ".join(
            f"{value:g}" if isinstance(value, float) else str(value) for value in known if value is not None
        )

    def features(self) -> np.ndarray:
        """(items, features) float32: what is known of the items, in numbers. No columns, no features."""
        parts = [column.features() for column in self.columns]
        return np.concatenate([np.zeros((len(self), 0), np.float32), *parts], axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        columns = [[column.name, column.kind, list(column.values)] for column in self.columns]
        return {"items": list(self.items), "chosen": list(self.chosen), "columns": columns}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        columns = tuple(ItemColumn(name, kind, tuple(values)) for name, kind, values in data["columns"])
        return cls(tuple(data["items"]), tuple(data["chosen"]), columns)
