"""What a network that makes a text from a text is made of: it reads one whole, and writes the other token by token."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from engine.language.reader import Writes


class Step(NamedTuple):
    """Symbolic tensors of what was written."""

    hidden: Any
    """(batch, steps, width) float32: after each token."""
    attention: Any
    """(batch, steps, source) float32: where in the source it looked, adds up to 1."""
    past: Any = None
    """What the next call needs to go on, as `past_shape` says; None where the call was not given any."""


class Read(Protocol):
    """The layers that read."""

    def __call__(self, ids: Any, /) -> Any:
        """Ids (batch, source) int32 -> what is kept of them (batch, *memory_shape)."""


class Write(Protocol):
    """The layers that write. Each call uses the same ones."""

    def __call__(self, ids: Any, memory: Any, present: Any, past: Any = None) -> Step:
        """Ids so far (batch, steps) int32, what was kept of the source, whether there is a token of it at each place
        (batch, source) bool, and the `past` that an earlier call has left -> what was written."""


class Mix(Protocol):
    """The layers that let a network copy."""

    def __call__(self, scores: Any, step: Step, ids: Any) -> Any:
        """Scores of its own tokens (batch, steps, tokens), what was written, and the ids of the source -> scores of both."""


@dataclass(frozen=True)
class Rewriter:
    """Both parts of one network."""

    read: Read
    write: Write


class Rewrites(Writes):
    """A model that makes a text from a text."""

    copies: ClassVar[bool] = False
    """Whether it may copy what it read: then both sides must have the same tokens."""

    @abstractmethod
    def memory_shape(self) -> tuple[int | None, ...]:
        """Return the axes, without the batch, of what is kept of a source; the one that is as long as the source is None."""

    @abstractmethod
    def past_shape(self) -> tuple[int | None, ...]:
        """Return the axes of `past` without the batch; the one that grows with each step, from 0, is None."""

    @abstractmethod
    def rewriter(self, source_size: int, target_size: int, longest: int) -> Rewriter:
        """Make the layers for so many different ids on both sides, and at most `longest` steps."""

    def mix(self, size: int) -> Mix | None:
        """Make the layers that mix copied tokens, of `size` different ones, with its own; None where it does not copy."""
        return None
