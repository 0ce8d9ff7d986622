"""Plain values as Python code. Whatever a text contains, it stays a text."""

from typing import Any

import numpy as np

LONGEST = 240
"""Longest value, in characters, that is written into the script; a longer one is stored with the data."""
_PLAIN = (bool, int, float, str, type(None))


def literal(value: Any) -> str:
    """Return the expression that makes `value`: numbers, texts, and containers of them."""
    match value:
        case np.generic():
            return literal(value.item())
        case bool() | None | int():
            return repr(value)
        case str():
            return _text(value)
        case float():
            return _number(value)
        case slice(start=start, stop=stop, step=step):
            ends = ["" if end is None else literal(end) for end in (start, stop)]
            return ":".join(ends if step is None else [*ends, literal(step)])
        case tuple():
            inside = ", ".join(map(literal, value))
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
        case np.ndarray():
            return f'np.array({literal(value.tolist())}, "{value.dtype}")'
    raise TypeError(f"{type(value).__name__} is no plain value")


def _text(value: str) -> str:
    """Return a text in double quotes, as the formatter does, unless that needs more escapes than `repr` does."""
    code = repr(value)
    return f'"{code[1:-1]}"' if code[0] == "'" and '"' not in code and "\\" not in code else code


def _number(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    text = repr(value)
    if len(text) > 8 and value and abs(1 / value) < 1e6:
        whole = round(1 / value)
        if whole and 1 / whole == value:
            return f"1 / {whole}"
    return text


def plain(value: Any) -> bool:
    """Return whether `literal` can write it."""
    if isinstance(value, list | tuple):
        return all(map(plain, value))
    if isinstance(value, dict):
        return all(plain(k) and plain(v) for k, v in value.items())
    if isinstance(value, slice):
        return all(map(plain, (value.start, value.stop, value.step)))
    return isinstance(value, _PLAIN) or (isinstance(value, np.ndarray | np.generic) and value.dtype != object)


def written_short(value: Any) -> bool:
    """Return whether it is plain and short enough for the script."""
    if not plain(value):
        return False
    size = value.size if isinstance(value, np.ndarray) else len(value) if hasattr(value, "__len__") else 0
    return size <= LONGEST and len(literal(value)) <= LONGEST
