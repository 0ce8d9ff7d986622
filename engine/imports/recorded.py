"""Examples recorded in a browser, class by class, as an upload that the import takes like any other."""

import zipfile
from collections.abc import Sequence
from io import BytesIO

from engine.errors import TrainyardError
from engine.imports.collected import LEAST_EXAMPLES, LONGEST_LABEL
from engine.imports.folders import Arrangement, Folders, Placed
from engine.reading import plain_text

Recorded = Sequence[tuple[str, Sequence[bytes]]]
"""The classes with their examples, each a file, in the order of recording."""
HELD_OUT = 0.15
"""Share of the examples of each class in the validation split, and again in the test split."""


def pack(classes: Recorded, ending: str) -> tuple[BytesIO, Arrangement]:
    """Return a zip of the examples, files whose names end in `ending`, and the class and split of each.

    The last examples of each class are held out. Neighbouring examples are almost equal: split at random, the network would
    be tested on what it was trained on. Raises `TrainyardError` where classes or examples are too few.
    """
    named = [(plain_text(label, LONGEST_LABEL), examples) for label, examples in classes]
    _check(named)
    file, labels = BytesIO(), dict[str, Placed]()
    with zipfile.ZipFile(file, "w") as archive:
        for position, (label, examples) in enumerate(named, 1):
            for number, (data, split) in enumerate(zip(examples, splits_of(len(examples)), strict=True), 1):
                name = f"{position}/{number:04}{ending}"
                archive.writestr(name, data)
                labels[name] = Placed(label, split)
    file.seek(0)
    return file, Arrangement(Folders(), labels)


def splits_of(count: int) -> list[str]:
    """Return the split of each of `count` examples in the order of recording: the first are for training."""
    held_out = max(1, round(HELD_OUT * count))
    return ["train"] * (count - 2 * held_out) + ["validation"] * held_out + ["test"] * held_out


def _check(named: Recorded) -> None:
    """Raise `TrainyardError` for classes of which no dataset can be made."""
    labels = [label for label, _ in named]
    if len(labels) < 2:
        raise TrainyardError("A dataset needs at least two classes. Add a class.")
    if "" in labels:
        raise TrainyardError("Class {number} has no name. Name every class.", number=labels.index("") + 1)
    for position, (label, examples) in enumerate(named):
        if label in labels[:position]:
            raise TrainyardError("Two classes are called {label!r}. Give each class a name of its own.", label=label)
        if len(examples) < LEAST_EXAMPLES:
            raise TrainyardError(
                "Class {label!r} has {count} examples; at least {least} are needed. Record more, or remove the class.",
                label=label,
                count=len(examples),
                least=LEAST_EXAMPLES,
            )
