"""Examples recorded in the browser, class by class: kept in the session, within limits, until a dataset is made of them.

What can be recorded is declared beside its modality; pages ask `recorders` and name none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from engine.settings import settings
from ui.language import _
from ui.registry import Shown

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Example:
    """One recorded example."""

    data: bytes
    """The file as the browser sent it: nobody has decoded it as a whole yet."""
    look: str = ""
    """A small picture of it as a data URL."""


@dataclass
class RecordedClass:
    """A class and its examples by number, in the order of recording."""

    number: int
    name: str
    examples: dict[int, Example] = field(default_factory=dict)
    received: int = 0
    """Number of the last example that arrived, kept or not: the browser sends later ones only."""
    notice: str = ""
    """Why the last examples were not kept."""

    @property
    def size_bytes(self) -> int:
        """Return the memory that its examples take."""
        return sum(len(example.data) + len(example.look) for example in self.examples.values())

    def delete(self, number: int | None = None) -> None:
        """Delete one example, or the last one."""
        if self.examples:
            self.examples.pop(max(self.examples) if number is None else number, None)
        self.notice = ""


class Recording:
    """The classes recorded so far."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)
        self.classes: list[RecordedClass] = []
        for _unused in range(2):
            self.add_class()

    @property
    def size_bytes(self) -> int:
        """Return the memory that all examples take."""
        return sum(recorded.size_bytes for recorded in self.classes)

    @property
    def full(self) -> bool:
        """Whether there can be no further class."""
        return len(self.classes) >= settings().max_recorded_classes

    def add_class(self) -> None:
        """Add a class with a name to be changed, unless there are too many."""
        if not self.full:
            number = next(self._numbers)
            self.classes.append(RecordedClass(number, _("Class {number}").format(number=number)))

    def remove_class(self, number: int) -> None:
        """Delete a class with its examples."""
        self.classes = [recorded for recorded in self.classes if recorded.number != number]

    def room(self, recorded: RecordedClass) -> int:
        """Return how many examples a class may still get; the memory they take is another limit."""
        return max(settings().max_recorded_examples - len(recorded.examples), 0)

    def keep(self, recorded: RecordedClass, number: int, example: Example) -> bool:
        """Keep one example if there is room for it, and say whether it was kept."""
        recorded.received = max(recorded.received, number)
        if not self.room(recorded):
            words = _("A class may have up to {most} examples (TRAINYARD_MAX_RECORDED_EXAMPLES).")
            recorded.notice = words.format(most=settings().max_recorded_examples)
            return False
        taken = self.size_bytes + len(example.data) + len(example.look)
        if taken > settings().max_recorded_mb * MEGABYTE:
            words = _(
                "Examples may take up to {most} MB until a dataset is made of them (TRAINYARD_MAX_RECORDED_MB). "
                "Delete some, or create the dataset."
            )
            recorded.notice = words.format(most=settings().max_recorded_mb)
            return False
        recorded.examples[number] = example
        recorded.notice = ""
        return True

    def examples(self) -> list[tuple[str, list[bytes]]]:
        """Return the name and the examples of each class, in the order of recording."""
        return [(one.name, [one.examples[number].data for number in sorted(one.examples)]) for one in self.classes]


@dataclass(frozen=True)
class Recorder:
    """How examples of one modality are recorded in the browser."""

    kind: str
    """Kind of the datasets made of them, as `own_kinds` calls it."""
    title: str
    icon: str
    words: str
    """How to record, for the person in front of the camera or microphone."""
    ending: str
    """Ending of the files' names, with its point."""
    draw: Callable[[Recording, RecordedClass, str], None]
    """Draw the widget that records examples of a class; the last argument is its key."""


recorders: Shown[Recorder] = Shown("ui.modalities")
"""By the name of the modality; one that is missing cannot be recorded."""
