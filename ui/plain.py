"""Texts that people wrote, shown as they wrote them: names of classes, columns, files, datasets and studies, and values.

What would be read into a text depends on where it is drawn. Streamlit reads Markdown almost everywhere (not in cells,
lists to choose from, codes and alt texts), Plotly reads some HTML. Either could fetch a picture from a host that the
text names, hide a part of it, or show nothing.
"""

import re

LONGEST = 80
LONGEST_CAPTION = 200  # of an example: two names, and how sure
LONGEST_SENTENCE = 4_000
_JOINER = "\N{WORD JOINER}"
_BEHIND, _INSIDE = f"\\g<0>{_JOINER}", f"\\g<1>{_JOINER}\\g<2>"

_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff]+")
"""Signs without width. The two joiners (U+200C, U+200D) stay: Persian, Indic scripts and emoji need them."""
_HARMFUL = re.compile("[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\uffff]")
"""Control characters, those that turn the direction of what follows, halves of characters."""

_MARKDOWN = re.compile(
    r"(?P<word>(?<=[^\W_])_+(?=[^\W_]))"  # between letters an underscore is only itself
    r"|[\\`*_\[\]$~|]"
    r"|<(?!\s)|(?<!\s)>|&(?=[#\w])|:(?![\s\d/])"
    r"|^(?:[#=]|[-+](?!\d))"
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?!\S)")
"""Characters with a meaning in Markdown or Streamlit's additions to it, where they have it."""
_LATE = (
    (re.compile(r":(?=material/|[\w+-]+(?::|$))"), _BEHIND),  # icons, emoji
    (re.compile(r"(https?:)(//)", re.IGNORECASE), _INSIDE),
    (re.compile(r"(www)(\.)", re.IGNORECASE), _INSIDE),
    (re.compile(r"([\w.+-])(@)"), _INSIDE),
    (re.compile(r"(?<!\S)(?:<?->|<-|--|[><~]=)(?!\S)"), _BEHIND),  # Streamlit draws arrows and long dashes
)
"""Patterns replaced after Markdown was read, where a backslash does not help but an invisible character in between does."""
_CHART_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "&<>$%"}


def plain_text(text: object, most: int = LONGEST) -> str:
    """Return `text` in one line of at most `most` characters, without characters that are invisible or change the
    direction of writing.

    For places that interpret nothing in a text: cells, lists to choose from, alt texts.
    """
    given = str(text)
    begin = _UNSEEN.sub("", " ".join(given[: 10 * most + 100].split()))
    short = begin if len(begin) <= most else f"{begin[: most - 1]}…"
    return _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", short) or ("\N{REPLACEMENT CHARACTER}" if given.strip() else "")


def plain_label(text: object, most: int = LONGEST) -> str:
    """Return Markdown that shows `text` as it is: no formatting, colour, icon, picture, link or formula."""
    kept = plain_text(text, most)
    for pattern, replacement in _LATE:
        kept = pattern.sub(replacement, kept)
    escaped = _MARKDOWN.sub(lambda found: found[0] if found["word"] else f"\\{found[0]}", kept)
    return _NUMBERED.sub(r"\1\\\2", escaped)


def chart_text(text: object, most: int = 60) -> str:
    """Return what Plotly draws as `text`: it reads tags and formulas in titles, ticks and names, and gaps in templates."""
    return plain_text(text, most).translate(_CHART_SIGNS)
