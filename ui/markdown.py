"""Words that people gave, in places where Streamlit reads Markdown: they are shown letter by letter."""

_SIGNS = frozenset(r"\`*_{}[]()#+-.!|$~:<>")


def escaped(text: str) -> str:
    """A title, a label or the name of a column as it is: no link, no picture, no formula, no colour."""
    return "".join(f"\\{letter}" if letter in _SIGNS else letter for letter in text)
