"""Plain values as JSON that PostgreSQL takes: the standard knows neither infinity nor NaN."""

import json
import re
from typing import Any

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')
_STANDARD = {"Infinity": "1e999", "-Infinity": "-1e999", "NaN": "null"}


def json_text(value: Any) -> str:
    """Return JSON of `value`: infinity as a number too large for a float, which is read as infinity again; NaN as null."""
    text = json.dumps(value)
    if "Infinity" not in text and "NaN" not in text:
        return text
    return _TOKENS.sub(lambda token: _STANDARD.get(token[0], token[0]), text)
