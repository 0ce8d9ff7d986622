"""Folders of files as class, split or group: guessed for a whole archive, and chosen by level.

Levels are counted from the outermost folder, which is 1.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.errors import TrainyardError
from engine.imports.sets import Problem
from engine.imports.splits import SPLIT_WORDS
from engine.readers.unpack import Member
from engine.reading import plain_text
from engine.sentences import word

MOST_LEVELS = 6
"""Deeper folders are part of the name."""
_SHOWN_NAMES = 3
_LONGEST_LABEL = 80


@dataclass(frozen=True)
class Folders:
    """The level of each role; 0 where no folder has it."""

    class_level: int = 1
    split_level: int = 0
    group_level: int = 0


@dataclass(frozen=True)
class Level:
    """Facts about the folders at one depth."""

    number: int
    names: int
    """Number of different names."""
    files: int
    """Number of files in or below them."""
    examples: str
    """Some of the names."""


@dataclass(frozen=True)
class Placed:
    """Facts about a file besides its content."""

    label: str
    split: str = ""
    group: str = ""


def list_levels(members: Sequence[Member]) -> tuple[Level, ...]:
    """Return the depths at which there are folders."""
    found = []
    for number in range(1, MOST_LEVELS + 1):
        names = Counter(member.path[number - 1] for member in members if len(member.path) > number)
        if not names:
            break
        examples = ", ".join(plain_text(name, 40) for name, _ in names.most_common(_SHOWN_NAMES))
        found.append(Level(number, len(names), names.total(), examples))
    return tuple(found)


def guess_folders(members: Sequence[Member]) -> Folders:
    """Return the likeliest reading: folders called train and test are splits, the outermost others are classes.

    The outermost, since every file in a folder has one; another level can be chosen for finer classes.
    """
    levels = list_levels(members)
    split = next((level.number for level in levels if _says_splits(members, level)), 0) if len(levels) > 1 else 0
    others = [level for level in levels if level.number != split]
    several = [level for level in others if level.names > 1]
    return Folders(class_level=(several or others)[0].number if others else 1, split_level=split)


def only_splits(members: Sequence[Member]) -> bool:
    """Return whether the only folders that there are say train, validation or test."""
    levels = list_levels(members)
    return len(levels) == 1 and _says_splits(members, levels[0])


def place(member: Member, folders: Folders) -> Placed:
    """Return what the folders of a file say. Raises `TrainyardError` for one that does not lie deep enough."""
    levels = member.path[:-1]
    for role, level in (("class", folders.class_level), ("split", folders.split_level)):
        if level > len(levels):
            raise TrainyardError(
                "{name!r} is not in a {role} folder. Each file must be in the folder of its class: class/file.",
                name=member.path[-1][-80:],
                role=word(role),
            )
    split = _split_word(levels[folders.split_level - 1]) if folders.split_level else ""
    if folders.split_level and split not in SPLIT_WORDS:
        raise TrainyardError(
            "{name!r} is in {folder!r}, which is not a split. Splits are called train, validation and test.",
            name=member.path[-1][-80:],
            folder=levels[folders.split_level - 1][-80:],
        )
    group = "/".join(levels[: folders.group_level]) if 0 < folders.group_level <= len(levels) else ""
    return Placed(levels[folders.class_level - 1], split, group)


def _place_freely(member: Member, folders: Folders) -> Placed:
    """Return the split and the group that the folders of a file without a class say, where they do."""
    levels = member.path[:-1]
    split = _split_word(levels[folders.split_level - 1]) if 0 < folders.split_level <= len(levels) else ""
    group = "/".join(levels[: folders.group_level]) if 0 < folders.group_level <= len(levels) else ""
    return Placed("", split if split in SPLIT_WORDS else "", group)


@dataclass(frozen=True)
class Arrangement:
    """Facts about each file, from its folders or from a table in the archive that names it."""

    folders: Folders
    labels: Mapping[str, Placed] = field(default_factory=dict)
    """By the path of a file, what the table says: an empty label leaves it to the folders."""
    table: str = ""
    """The name of that table, which is no example itself."""
    beside: tuple[str, ...] = ()
    """Endings of further files that say something of others and are no examples."""
    labelled: bool = True
    """Whether each file has a class; where they need none, folders only say splits and groups."""
    measure: str = ""
    """Name of the column of numbers, where files have these instead of classes."""

    def place(self, member: Member) -> Placed | None:
        """Return what is known of a file, None of the table. Raises `TrainyardError` for what cannot be placed."""
        if not self.labelled:
            return _place_freely(member, self.folders)
        if not self.labels:
            return place(member, self.folders)
        if member.name == self.table or (self.beside and member.path[-1].lower().endswith(self.beside)):
            return None
        if (said := self.labels.get(member.name)) is None and self.beside:
            raise TrainyardError("Nothing is said of {name!r}: it is left out.", name=member.name[-80:])
        if said is None:
            raise TrainyardError(
                "{name!r} is not in the table {table!r}.", name=member.name[-80:], table=self.table[-80:]
            )
        return (
            said
            if said.label or not self.folders.class_level
            else replace(said, label=place(member, self.folders).label)
        )


def arrange(members: Sequence[Member]) -> Arrangement:
    """Return the likeliest arrangement by folders."""
    return Arrangement(guess_folders(members))


def count_classes(members: Sequence[Member], arrangement: Arrangement) -> tuple[dict[str, int], list[Problem]]:
    """Return the files of each class, and those that are left out."""
    counts: Counter[str] = Counter()
    problems = []
    for member in members:
        try:
            if (placed := arrangement.place(member)) is not None:
                counts[plain_text(placed.label, _LONGEST_LABEL) or "unnamed"] += 1
        except TrainyardError as error:
            problems.append(Problem(plain_text(member.name[-200:], 200), error.sentence))
    return dict(sorted(counts.items())), problems


def columns_of(placed: Sequence[Placed]) -> dict[str, np.ndarray]:
    """Return what is stored beside the examples: a number for each group, and splits as codes; nothing where none is known."""
    found: dict[str, np.ndarray] = {}
    if any(one.group for one in placed):
        names, codes = np.unique([one.group for one in placed], return_inverse=True)
        lonely = np.array([not one.group for one in placed])
        found["group"] = np.where(lonely, len(names) + np.arange(len(placed)), codes).astype(np.int64)
    if any(one.split for one in placed):
        found["split"] = np.array([SPLIT_WORDS[one.split or "train"] for one in placed], np.int8)
    return found


def chosen_folders(guess: Folders, class_level: int = 0, split_level: int = -1, group_level: int = -1) -> Folders:
    """Return the guess with what somebody chose instead; what was not chosen is 0 for the class, and -1."""
    made = replace(guess, class_level=class_level or guess.class_level)
    if split_level >= 0 or made.split_level == made.class_level:
        made = replace(made, split_level=max(split_level, 0))
    return replace(made, group_level=group_level) if group_level >= 0 else made


def _says_splits(members: Sequence[Member], level: Level) -> bool:
    """Whether all folders at a level are called like splits, two different ones of them."""
    words = {_split_word(member.path[level.number - 1]) for member in members if len(member.path) > level.number}
    return words <= SPLIT_WORDS.keys() and len({SPLIT_WORDS[word] for word in words}) > 1


def _split_word(name: str) -> str:
    """A folder's name as a split column would say it: "Training_Set" is "training"."""
    return name.strip().lower().removesuffix("set").rstrip("_- ")
