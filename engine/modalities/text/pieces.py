"""A long text cut into several: at blank lines, and where there are none at the ends of lines, at spaces, or anywhere."""

import re

LONGEST = 2_000
"""Characters of a piece. A file that is longer is cut."""
SHORTEST = 200
"""Characters below which pieces are not made smaller so that there are enough of them."""
ENOUGH = 20
"""Pieces that a file which is the only one is cut into, where it is long enough for that."""
_BLANK = re.compile(r"\n[^\S\n]*\n\s*")


def pieces(text: str, *, alone: bool) -> list[str]:
    """Return the texts that a file holds: the whole, unless it is long or the only one; without white space around them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not alone and len(text) <= LONGEST:
        return [text] if text else []
    found = _cut(text, LONGEST)
    if alone and len(found) < ENOUGH:
        finer = _cut(text, max(SHORTEST, len(text) // ENOUGH))
        found = max(found, finer, key=len)
    return found


def _cut(text: str, longest: int) -> list[str]:
    return [piece for part in _BLANK.split(text) for piece in _shortened(part, longest)]


def _shortened(text: str, longest: int) -> list[str]:
    """Pieces of at most `longest` characters; each ends as late as possible."""
    found, start = [], 0
    while start < len(text):
        end = start + longest
        if end < len(text):
            places = (text.rfind(sign, start + longest // 2, end) for sign in ("\n", " "))
            end = next((place + 1 for place in places if place >= 0), end)
        if piece := text[start:end].strip():
            found.append(piece)
        start = end
    return found
