"""Pieces of JSON Schema by which a modality says what an entry of `instances` is."""

from collections.abc import Sequence
from typing import Any

Schema = dict[str, Any]


def numbers(shape: Sequence[int | None], item: Schema, words: str) -> Schema:
    """Return the schema of nested lists of `item`, of `shape`; None stands for any length."""
    found = dict(item)
    for length in reversed(shape):
        found = {"type": "array", "items": found}
        if length is not None:
            found |= {"minItems": length, "maxItems": length}
    return found | {"description": words}


def file(words: str) -> Schema:
    """A file in base64."""
    content = {"type": "string", "contentEncoding": "base64", "description": words}
    return {
        "type": "object",
        "properties": {"b64": content},
        "required": ["b64"],
        "additionalProperties": False,
        "description": words,
    }


def either(*ways: Schema) -> Schema:
    """One of several forms."""
    return {"anyOf": list(ways)}
