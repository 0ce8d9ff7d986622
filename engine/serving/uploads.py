"""From what people upload to single inputs: a zip holds many, a table has one in each row."""

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.readers.kinds import ZIP_STARTS
from engine.readers.unpack import Member, Members, naming, open_members
from engine.settings import settings


class Inputs(list[Member]):
    """Single inputs, and the zips that they are read from."""

    def __init__(self) -> None:
        super().__init__()
        self._zips: list[Members] = []

    def read_from(self, zipped: Members) -> None:
        """Remember a zip that some of them are read from."""
        self._zips.append(zipped)

    @property
    def read_bytes(self) -> int:
        """Return how much of the zips was unpacked."""
        return sum(zipped.read_bytes for zipped in self._zips)


def holds_many(modality: str, name: str, data: bytes) -> bool:
    """Whether a file may hold more inputs than one."""
    return _zipped(name, data) or modalities[modality].unfolds(name)


@contextmanager
def open_inputs(
    modality: str, uploads: Sequence[tuple[str, bytes]], columns: Sequence[str] = (), spent_bytes: int = 0
) -> Iterator[Inputs]:
    """All inputs of some files (name, content), each with a name and a function that reads it.

    `columns`: those of a table that the network takes, for texts the one that holds them; all must be there, and others,
    such as the target, are left out. Zips are open until the end of the block, and read one input at a time; `spent_bytes`
    of each were unpacked before. Raises `TrainyardError` for a zip that deserves no trust, a table that is none, and more
    inputs than `max_instances`.
    """
    unfold = modalities[modality].unfold
    with ExitStack() as stack:
        inputs = Inputs()
        for name, data in uploads:
            if _zipped(name, data):
                with naming(name):
                    source, most = io.BytesIO(data), _largest_mb(modality)
                    members = stack.enter_context(open_members(source, most, spent_bytes=spent_bytes))
                inputs.read_from(members)
                for member in members:
                    inputs += unfold(member, columns)
            else:
                inputs += unfold(Member((name,), partial(bytes, data)), columns)
            check_count(len(inputs))
        yield inputs


def check_count(inputs: int) -> None:
    """Raise where there are more inputs than one batch may have."""
    limit = settings().max_instances
    if inputs > limit:
        raise TrainyardError(
            "There are {inputs:,} inputs; one batch may have {limit:,} (TRAINYARD_MAX_INSTANCES). Give fewer "
            "at a time.",
            inputs=inputs,
            limit=limit,
        )


def _zipped(name: str, data: bytes) -> bool:
    return data.startswith(ZIP_STARTS) or name.lower().endswith(".zip")


def _largest_mb(modality: str) -> int:
    """Return the largest unpacked size of one file of a zip: as much as it may have alone."""
    return modalities[modality].largest_mb
