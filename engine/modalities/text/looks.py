"""Similar texts, and text lengths."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

_NOT_LETTERS = re.compile(r"[\W_]+")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def near_texts(texts: Iterable[str]) -> list[list[int]]:
    """Groups of positions whose texts are the same once they are normalised; the largest group first."""
    found: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        found[normalised(text)].append(position)
    return sorted((group for group in found.values() if len(group) > 1), key=len, reverse=True)


def normalised(text: str) -> str:
    """Return a text without differences in case, punctuation, white space and width of letters."""
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text).casefold()) or text


def text_sizes(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(examples,) strings -> characters and words of each, (examples,) int64; in Chinese each character is a word."""
    characters = np.array([len(text) for text in texts], np.int64)
    words = np.array([_count_words(text) for text in texts], np.int64)
    return characters, words


def _count_words(text: str) -> int:
    return len(_WORD.findall(text))
