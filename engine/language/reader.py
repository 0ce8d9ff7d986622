"""What a network that writes is made of: it reads ids from left to right, and can read on where an earlier call stopped."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Protocol


class Read(NamedTuple):
    """Symbolic tensors of what was read."""

    hidden: Any
    """(batch, steps, width) float32: after each token."""
    past: Any = None
    """What the next call needs to go on, as `past_shape` says; None where the call was not given any."""


class Reader(Protocol):
    """The layers of a network. Each call uses the same ones."""

    def __call__(self, ids: Any, past: Any = None) -> Read:
        """Ids (batch, steps) int32, and the `past` that an earlier call has left (batch, *past_shape), -> what was read."""


class Writes(ABC):  # noqa: B024  # a mark that both kinds below share
    """A model that gives one token after the other, instead of one vector for each input."""


class Reads(Writes):
    """A model that reads a text from its beginning, and knows nothing of what comes later.

    Given the `past` of an earlier call it reads on instead of beginning again: the outcome is the same.
    """

    @abstractmethod
    def past_shape(self) -> tuple[int | None, ...]:
        """Return the axes of `past` without the batch; the one that grows with each step, from 0, is None."""

    @abstractmethod
    def reader(self, size: int, longest: int) -> Reader:
        """Make the layers for `size` different ids and at most `longest` steps."""
