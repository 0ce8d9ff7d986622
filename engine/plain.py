"""Texts that people wrote, in one line and without characters that nobody sees or that turn the direction of writing."""

import re

LONGEST = 80
LONGEST_CAPTION = 200  # of an example: two names, and how sure
LONGEST_SENTENCE = 4_000

_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff]+")
"""Signs without width. The two joiners (U+200C, U+200D) stay: Persian, Indic scripts and emoji need them."""
_HARMFUL = re.compile("[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\uffff]")
"""Control characters, those that turn the direction of what follows, halves of characters."""


def plain_text(text: object, most: int = LONGEST) -> str:
    """Return `text` in one line of at most `most` characters, without characters that are invisible or change the
    direction of writing.

    For places that interpret nothing in a text: cells, lists to choose from, alt texts.
    """
    given = str(text)
    begin = _UNSEEN.sub("", " ".join(given[: 10 * most + 100].split()))
    short = begin if len(begin) <= most else f"{begin[: most - 1]}…"
    return _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", short) or ("\N{REPLACEMENT CHARACTER}" if given.strip() else "")
