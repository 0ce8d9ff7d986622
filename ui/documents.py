"""The guide and the formulas as the app shows them: read from `docs`, in the language of the session."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from ui.document_scripts import declare
from ui.language import N_, language

TO_ANCHOR = declare("""
for (const wait of [200, 900])
  setTimeout(() => document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView(), wait)
""")
"""Goes to the heading that a link names: Streamlit does it once, and formulas that are drawn later move the heading away."""
DOCS = Path(__file__).resolve().parents[1] / "docs"
GUIDE, FORMULAS = "guide", "formulas"
DOCUMENTS = {
    GUIDE: N_("Guide"),
    FORMULAS: N_("Formulas"),
    "models": N_("Models"),
    "training": N_("Training"),
    "datasets": N_("Datasets"),
    "api": N_("API"),
    "cli": N_("Command line"),
    "settings": N_("Settings"),
}
"""Title by name; nothing else is read, whatever an address asks for."""
READ = "read"
"""The parameter of the address that names a document."""
_HEADING = re.compile(r'^(#{1,4}) (.+?)(?:\s*<a id="([\w-]+)"></a>)?\s*$')
_PICTURE = re.compile(r"!\[([^\]]*)\]\((?:\.\./)?pictures/([\w-]+\.png)\)")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)((?:\.\./)?[\w./-]*)(#[\w-]+)?\)")
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A heading, with the anchor that links use: the same in every language."""

    level: int
    title: str
    anchor: str


@dataclass(frozen=True)
class Picture:
    """A picture that ships with the documents."""

    alt: str
    file: Path


@dataclass(frozen=True)
class Part:
    """What follows a heading: Markdown, and rows of pictures, in their order."""

    heading: Heading
    content: tuple[str | tuple[Picture, ...], ...]


def document(name: str) -> tuple[Part, ...]:
    """Return a document in the language of the session; in English where it has no translation."""
    translated = DOCS / language() / f"{name}.md"
    return _read(translated if translated.is_file() else DOCS / f"{name}.md")


def translated(name: str) -> bool:
    """Return whether a document is written in the language of the session."""
    return language() == "en" or (DOCS / language() / f"{name}.md").is_file()


@lru_cache(maxsize=32)
def _read(path: Path) -> tuple[Part, ...]:
    return tuple(parse(path.read_text(encoding="utf-8")))


def parse(text: str) -> Iterator[Part]:
    """Yield the parts of a Markdown text, each from its heading to the next. A fence of code holds no headings."""
    part: Part | None = None
    lines: list[str] = []
    fenced = False
    known: Counter[str] = Counter()
    for line in _COMMENT.sub("", text).splitlines():
        fenced ^= line.startswith("```")
        found = None if fenced else _HEADING.match(line)
        if found is None:
            lines.append(line)
            continue
        if part is not None:
            yield replace(part, content=tuple(_content("\n".join(lines))))
        title = found[2]
        anchor = found[3] or anchor_of(title)
        again = f"-{known[anchor]}" if known[anchor] else ""  # as GitHub tells equal headings apart
        known[anchor] += 1
        part, lines = Part(Heading(len(found[1]), title, anchor + again), ()), []
    if part is not None:
        yield replace(part, content=tuple(_content("\n".join(lines))))


def anchor_of(title: str) -> str:
    """Return the anchor of an English heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")


def _content(text: str) -> Iterator[str | tuple[Picture, ...]]:
    """Yield Markdown, and the pictures of a line by themselves, also those of a table's row: Streamlit serves them."""
    prose: list[str] = []
    for line in text.splitlines():
        pictures = _PICTURE.findall(line)
        if not pictures:
            prose.append(line)
            continue
        if any(prose):
            yield "\n".join(prose).strip()
        prose = []
        yield tuple(Picture(alt, DOCS / "pictures" / name) for alt, name in pictures)
    if any(prose):
        yield "\n".join(prose).strip()


def with_links(markdown: str, name: str) -> str:
    """Return Markdown whose links to other documents lead to the Learn page, and to files of the code nowhere."""

    def led(found: re.Match[str]) -> str:
        words, path, anchor = found[1], found[2], (found[3] or "").removeprefix("#")
        target = Path(path).stem if path else name
        if target == name and anchor:
            return f"[{words}](#{anchor})"
        return f"[{words}]({link(target, anchor)})" if target in DOCUMENTS else words

    return _LINK.sub(led, markdown)


def link(name: str, anchor: str = "") -> str:
    """Return the address of a heading on the Learn page, from any page.

    It is relative: every page lies right below the base path, wherever the dashboard is deployed. A language that was
    chosen goes along, since a link opens a session of its own.
    """
    query = {READ: name} | ({"lang": language()} if "lang" in st.query_params else {})
    return f"learn?{urlencode(query)}" + (f"#{anchor}" if anchor else "")


def explained(words: str, anchor: str) -> str:
    """Return `words` as a link to a heading of the formulas; nothing without a heading."""
    return f"[{words}]({link(FORMULAS, anchor)})" if anchor else ""
