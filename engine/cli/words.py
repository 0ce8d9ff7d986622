"""Words of commands that say themselves what is done, such as `demo`, and the facts that these print."""

import argparse
import json
from typing import Any

from engine.errors import TrainyardError


def word_of(command: str, words: list[str], meant: str) -> str:
    """Take the next word, which is `meant` as something."""
    if not words:
        raise TrainyardError(
            "The {meant} is missing. See: python -m engine {command} --help", meant=meant, command=command
        )
    return words.pop(0)


def numbered(text: str) -> int:
    """Return a number of something."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise TrainyardError("{text!r} is not a number.", text=text[:80])
    return int(text)


def print_facts(arguments: argparse.Namespace, found: Any) -> int:
    """Print what is known of one thing or of several: as JSON, or a line each."""
    if arguments.json:
        print(json.dumps(found))
        return 0
    for row in found if isinstance(found, list) else [found]:
        print("  ".join(f"{name}: {value}" for name, value in row.items() if value not in ("", None, [], {})))
    if not found:
        print("There is nothing.")
    return 0
