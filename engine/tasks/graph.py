"""Graph of a run, cut into the part that is trained, the part that is saved, and the part that is computed only once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STORED = "inputs"
"""The name under which a network is fed the stored input, where training feeds it more than that."""


@dataclass(frozen=True)
class Tensors:
    """Symbolic tensors, or dicts of them."""

    raw: Any
    """Input as people give it."""
    inputs: Any
    """Input as the dataset stores it."""
    frozen: Any
    """The output of the part that is never trained."""
    scores: Any
    """Output that the loss takes."""
    final: Any
    """Output of the saved model."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further inputs by name that training and answering feed beside the stored one, such as the words so far."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """Inputs of the saved model alone, by name: what an earlier call has returned under that name, so that it can read on."""
    averaged: bool = False
    """Whether the saved network has layers of its own, whose weights are a moving average of the trained one's: the task's network has
    a method `follow` that is given the saved one."""
    representation: Any = None
    """Vector of each example that the head maps to scores: inputs are compared by it. None: they are not compared."""

    def fed(self, stored: Any) -> Any:
        """Return the inputs of a network that begins at `stored`: that alone, or a dict of it and of all `extra`."""
        return feed(stored, self.extra)


def feed(stored: Any, extra: Mapping[str, Any]) -> Any:
    """Return what a network is fed: `stored` alone, or with `extra` a dict; fields of `stored` keep their names."""
    if not extra:
        return stored
    return {**(stored if isinstance(stored, dict) else {STORED: stored}), **extra}
