"""A script as sections: one Python file, or a notebook whose cells they are."""

import html
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.scripting.layout import WIDTH, comment

_BLOCKS = ("def ", "class ", "@")


@dataclass(frozen=True)
class Section:
    """A piece of code with its title, and a sentence or two about it."""

    title: str
    words: str
    code: str


def python_file(sections: Sequence[Section]) -> str:
    """Return one script, the sections below each other."""
    made = ""
    for section in sections:
        head = f"# -- {section.title} ".ljust(WIDTH, "-") if section.title else ""
        words = "\n".join("#" if not line else comment(line) for line in section.words.split("\n"))
        code = f"\n{_gap_before(section.code)}{section.code}" if section.code else ""
        gap = "\n\n\n" if made and _ends_in_block(made) else "\n\n" if made else ""
        made += gap + "\n".join(part for part in (head, words) if part) + code
    return made + "\n"


def _gap_before(code: str) -> str:
    """Return two blank lines before a function or class, one before anything else."""
    return "\n\n" if code.startswith(_BLOCKS) else "\n"


def _ends_in_block(code: str) -> bool:
    return code.rsplit("\n", 1)[-1].startswith(" ")


def notebook_file(sections: Sequence[Section]) -> str:
    """Return the same as a Jupyter notebook, format 4.5: for each section a cell of Markdown and one of code."""
    cells: list[dict[str, Any]] = []
    for number, section in enumerate(sections):
        words = html.escape(section.words, quote=False)
        text = f"## {section.title}\n\n{words}" if section.title else words
        cells.append(_cell(f"words-{number}", "markdown", text.strip()))
        if section.code:
            cells.append(_cell(f"code-{number}", "code", section.code) | {"execution_count": None, "outputs": []})
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": python}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1) + "\n"


def _cell(name: str, kind: str, text: str) -> dict[str, Any]:
    identity = f"{name}-{zlib.crc32(text.encode('utf-8', 'replace')):08x}"
    return {"cell_type": kind, "id": identity, "metadata": {}, "source": text.splitlines(keepends=True)}
