"""A few files of an upload are read before its import is offered: endings promise images, and the files may be broken."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Sequence

from engine.errors import TrainyardError
from engine.imports.collected import LEAST_EXAMPLES, few_classes
from engine.imports.folders import Arrangement
from engine.imports.sets import Problem
from engine.modalities.own import OwnKind
from engine.readers.unpack import ArchiveError, Member

_SECONDS = 3.0
"""The longest that files are tried; after it, the import will tell."""
_CLASSES = 2


def try_files(kind: OwnKind, members: Sequence[Member], arrangement: Arrangement) -> str:
    """Return a sentence if no two classes have enough readable files for an import; empty where they have, or it takes too long.

    Only as many files are read as it takes to know.
    """
    if kind.rewrite is None:
        return ""
    good: dict[str, set[bytes]] = defaultdict(set)
    problems: list[Problem] = []
    until = time.monotonic() + _SECONDS
    for member in members:
        try:
            placed = arrangement.place(member)
            if placed is None or len(good[placed.label]) >= LEAST_EXAMPLES:
                continue
            if time.monotonic() > until:
                return ""
            good[placed.label].add(hashlib.sha256(kind.rewrite(member.read(), member.path[-1])[0]).digest())
        except ArchiveError:  # a limit for the whole: the import says so
            return ""
        except TrainyardError as error:
            problems.append(Problem(member.name[-80:], error.sentence))
        if sum(len(found) >= LEAST_EXAMPLES for found in good.values()) >= _CLASSES:
            return ""
    kept = [label for label, found in good.items() if len(found) >= LEAST_EXAMPLES]
    return few_classes(kept, kind.words, problems)
