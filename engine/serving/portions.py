"""The inputs of many uploads, for the dashboard: it unpacks and reads none of them, the predictor hands them over in portions."""

from collections.abc import Callable, Sequence
from functools import partial

from engine.readers.unpack import Member
from engine.serving.opened import Unfolded
from engine.serving.uploads import check_count, holds_many

File = tuple[str, bytes]
"""Name and content."""
Unfold = Callable[[File, int, int], Unfolded]
"""Returns the single inputs of a file from a position on, with the bytes that were unpacked so far."""


class Portions:
    """The inputs of some files, of which no more is in memory than the files and a portion of what each holds."""

    def __init__(self, modality: str, uploads: Sequence[File], unfold: Unfold) -> None:
        """Raises `TrainyardError` for a zip that deserves no trust, a table that is none, and more inputs than one batch may have."""
        self._parts: list[_Part] = []
        for name, data in uploads:
            if holds_many(modality, name, data):
                self._parts.append(_Folded(unfold, (name, data)))
            else:
                self._parts.append(_Part(1, [Member((name,), partial(bytes, data))]))
            check_count(len(self))

    def __len__(self) -> int:
        """Return how many inputs there are."""
        return sum(part.total for part in self._parts)

    def take(self, position: int, count: int) -> list[Member]:
        """Return the inputs from `position` on: at least one where there is one, at most `count`."""
        found: list[Member] = []
        for part in self._parts:
            if position >= part.total:
                position -= part.total
                part.members = []
                continue
            members = part.after(position)
            found += members[: count - len(found)]
            if len(found) == count or position + len(members) < part.total:
                break
            position = 0
        return found


class _Part:
    """One file, of whose inputs some are at hand."""

    def __init__(self, total: int, members: list[Member]) -> None:
        self.total, self.members = total, members

    def after(self, position: int) -> list[Member]:
        """Return what is at hand from `position` on."""
        return self.members[position:]


class _Folded(_Part):
    """One file that holds many."""

    def __init__(self, unfold: Unfold, file: File) -> None:
        self._unfold, self._file = unfold, file
        self._first = self._spent = 0
        self._ask(0)

    def after(self, position: int) -> list[Member]:
        """Return what is at hand from `position` on; where nothing is, the next portion is asked for."""
        if not self._first <= position < self._first + len(self.members):
            self._ask(position)
        return self.members[position - self._first :]

    def _ask(self, position: int) -> None:
        found = self._unfold(self._file, position, self._spent)
        super().__init__(found.total, found.members)
        self._first = position
        self._spent += found.spent_bytes
