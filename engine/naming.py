"""Names, notes and tags that people give to runs and studies."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.errors import TrainyardError
from engine.settings import settings

_CONTROL = ("Cc", "Cs")
"""Unicode categories of characters that no database or screen can keep: control characters and halves of characters."""


@dataclass(frozen=True)
class Naming:
    """Name, note and tags of a run or a study. What is None is left as it is."""

    name: str | None = None
    note: str | None = None
    """Plain text of several lines."""
    tags: tuple[str, ...] | None = None

    def values(self) -> dict[str, Any]:
        """Return what is to be stored, by column. Raise `TrainyardError` for what is longer than the settings allow."""
        found = {
            "name": None if self.name is None else clean_name(self.name),
            "note": None if self.note is None else clean_note(self.note),
            "tags": None if self.tags is None else clean_tags(self.tags),
        }
        return {column: value for column, value in found.items() if value is not None}


def clean_name(text: str) -> str:
    """Return a name in one line. Raise `TrainyardError` for one that is too long."""
    name, most = _line(text), settings().max_name_characters
    if len(name) > most:
        raise TrainyardError(
            "The name {name!r} has {count} characters, and TRAINYARD_MAX_NAME_CHARACTERS allows {most}. Shorten it.",
            name=f"{name[:40]}…",
            count=len(name),
            most=most,
        )
    return name


def clean_note(text: str) -> str:
    """Return a note as it is kept: its lines, without what cannot be read. Raise `TrainyardError` for one that is too long."""
    note, most = "\n".join(map(_readable, text.splitlines())).strip(), settings().max_note_characters
    if len(note) > most:
        raise TrainyardError(
            "The note has {count:,} characters, and TRAINYARD_MAX_NOTE_CHARACTERS allows {most:,}. Shorten it.",
            count=len(note),
            most=most,
        )
    return note


def clean_tags(texts: Iterable[str]) -> list[str]:
    """Return tags in their order, each once. Raise `TrainyardError` for too many, and for one that is too long."""
    tags = list(dict.fromkeys(tag for text in texts if (tag := _line(text))))
    most, longest = settings().max_tags, settings().max_tag_characters
    if len(tags) > most:
        raise TrainyardError(
            "These are {count} tags, and TRAINYARD_MAX_TAGS allows {most}. Leave some out.", count=len(tags), most=most
        )
    if long := next((tag for tag in tags if len(tag) > longest), ""):
        raise TrainyardError(
            "The tag {tag!r} has {count} characters, and TRAINYARD_MAX_TAG_CHARACTERS allows {most}. Shorten it.",
            tag=f"{long[:20]}…",
            count=len(long),
            most=longest,
        )
    return tags


def _line(text: str) -> str:
    return " ".join(_readable(" ".join(text.split())).split())


def _readable(text: str) -> str:
    return "".join(sign for sign in text.replace("\t", " ") if unicodedata.category(sign) not in _CONTROL)
