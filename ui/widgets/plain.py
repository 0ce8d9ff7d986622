"""Names of unknown origin where Streamlit would read Markdown: labels of widgets, captions."""

import re

LONGEST = 80


def plain_label(text: str, most: int = LONGEST) -> str:
    """`text` as it is, whatever signs it holds: no formatting, colour, icon, link or formula; cut where it is long."""
    one_line = " ".join(text.split())
    short = one_line if len(one_line) <= most else one_line[: most - 1] + "…"
    return re.sub(r"([\\`*_{}\[\]()#+\-.!:$~<>|^=\"'&@/])", r"\\\1", short)
