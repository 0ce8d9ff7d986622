"""What the engine says, in the language of the page.

The engine says in English what happened, with the values in it, and many sentences are kept so: of runs, of files that
were left out. The catalog holds them with numbered gaps; here they are found again, and said in another language.
"""

import re
from functools import lru_cache
from string import Formatter

from ui.language import catalog_texts, language
from ui.plain import LONGEST_SENTENCE, plain_label

_DEEPEST = 3  # a sentence may quote one that quotes one
_LONGEST = 4_000
"""Characters of a text that is looked at: longer ones are no sentences of ours."""


def said(text: str) -> str:
    """Return `text` of the engine's in the language of the session, for places that read Markdown: nothing in it is read."""
    return plain_label(said_plain(text), LONGEST_SENTENCE)


def said_plain(text: str) -> str:
    """Return the same for cells, lists and files, which read no Markdown; as it is where nobody has translated it."""
    return translate(text, language())


@lru_cache(maxsize=2_000)
def translate(text: str, code: str, depth: int = 0) -> str:
    """The same for a language: whole texts first, then line by line, then sentence by sentence."""
    if code == "en" or depth > _DEEPEST or not text.strip() or len(text) > _LONGEST:
        return text
    if (found := _whole(text, code, depth)) is not None:
        return found
    if "\n" in text:
        return "\n".join(translate(line, code, depth + 1) for line in text.split("\n"))
    head, separator, tail = text.partition("; ")
    if separator and (found := _whole(head, code, depth)) is not None:
        return found + translate(separator + tail, code, depth + 1)
    parts = re.split(r"(?<=[.?!]) (?=[^a-z])", text)
    for count in range(len(parts) - 1, 0, -1):  # the longest beginning that is known
        first = _whole(" ".join(parts[:count]), code, depth)
        if first is not None:
            return first + translate(" ".join(parts[count:]), code, depth + 1)
    return text


def _whole(text: str, code: str, depth: int) -> str | None:
    exact = catalog_texts(code).get(text)
    if exact:
        return exact
    for pattern, translated in _patterns(code):
        if found := pattern.fullmatch(text):
            return translated.format(*(translate(value, code, depth + 1) for value in found.groups()))
    return None


@lru_cache(maxsize=4)
def _patterns(code: str) -> list[tuple[re.Pattern[str], str]]:
    """Texts with numbered gaps as patterns, those that say most first: they leave the least to chance."""
    found = []
    for original, translated in catalog_texts(code).items():
        parts = [(words, name) for words, name, _, _ in _parse(original)]
        names = [name for _, name in parts if name is not None]
        if names and all(name.isdigit() for name in names) and names == [str(n) for n in range(len(names))]:
            pattern = "".join(re.escape(words) + ("(.*?)" if name is not None else "") for words, name in parts)
            found.append((sum(len(words) for words, _ in parts), re.compile(pattern, re.DOTALL), translated))
    return [(pattern, translated) for _, pattern, translated in sorted(found, key=lambda item: -item[0])]


def _parse(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    """The parts of a text with gaps; none of one whose braces are formulas."""
    try:
        return list(Formatter().parse(text))
    except ValueError:
        return []
