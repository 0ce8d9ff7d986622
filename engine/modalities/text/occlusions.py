"""Words of a text, left out one after the other."""

import re

import numpy as np

from engine.modalities.occlusions import Occlusions, cuts

_FEW = 3
_WHOLE = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"  # Thai, Lao, Burmese, Khmer, Chinese, Japanese
)
_UNIT = re.compile(f"[{_WHOLE}]|[^\\s{_WHOLE}]+")
"""A word, or a character of a script that does not separate words."""


def leave_out_words(text: str, most: int) -> Occlusions:
    """Return the text without each of its words; of a long text without several in a row."""
    units = [match.span() for match in _UNIT.finditer(text)]
    if len(units) < _FEW:
        units = [match.span() for match in re.finditer(r"\S", text)]
    ends = [(units[first][0], units[last - 1][1]) for first, last in cuts(len(units), most)]
    parts = [{"text": text[start:end], "start": start, "end": end} for start, end in ends]
    return Occlusions(parts, np.array([text[:start] + text[end:] for start, end in ends], object))
