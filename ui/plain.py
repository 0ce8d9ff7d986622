"""Texts that people wrote, shown as they wrote them: names of classes, columns, files, datasets and studies, and values.

What would be read into a text depends on where it is drawn. Streamlit reads Markdown almost everywhere (not in cells,
lists to choose from, codes and alt texts), Plotly reads some HTML. Either could fetch a picture from a host that the
text names, hide a part of it, or show nothing.
"""

import re

from engine.plain import LONGEST, LONGEST_CAPTION, LONGEST_SENTENCE, plain_text

__all__ = ["LONGEST", "LONGEST_CAPTION", "LONGEST_SENTENCE", "chart_text", "plain_label", "plain_text"]

_JOINER = "\N{WORD JOINER}"
_BEHIND, _INSIDE = f"\\g<0>{_JOINER}", f"\\g<1>{_JOINER}\\g<2>"

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
