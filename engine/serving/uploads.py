"""From what people upload to single inputs: a zip holds many, a table has one in each row."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.readers.kinds import ZIP_STARTS
from engine.readers.unpack import Member, naming, open_members
from engine.settings import settings

Unfold = Callable[[Member, Sequence[str]], list[Member]]
"""Returns the single inputs of a file, as `Modality.unfold` does."""


@contextmanager
def open_inputs(
    modality: str, uploads: Sequence[tuple[str, bytes]], columns: Sequence[str] = (), unfold: Unfold | None = None
) -> Iterator[list[Member]]:
    """All inputs of some files (name, content), each with a name and a function that reads it.

    `columns`: those of a table that the network takes, for texts the one that holds them; all must be there, and others,
    such as the target, are left out. `unfold` reads tables elsewhere than in this process. Zips are open until the end of
    the block, and read one input at a time. Raises `TrainyardError` for a zip that deserves no trust, a table that is none,
    and more inputs than `max_instances`.
    """
    unfold = unfold or modalities[modality].unfold
    with ExitStack() as stack:
        inputs: list[Member] = []
        for name, data in uploads:
            if data.startswith(ZIP_STARTS) or name.lower().endswith(".zip"):
                with naming(name):
                    members = stack.enter_context(open_members(io.BytesIO(data), _largest_mb(modality)))
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


def _largest_mb(modality: str) -> int:
    """Return the largest unpacked size of one file of a zip: as much as it may have alone."""
    return modalities[modality].largest_mb
