"""How long or large the examples of a prepared dataset are."""

import re

import numpy as np

from engine.modalities.rows import Rows
from engine.preparation.prepare import PreparedDataset
from engine.readers.sounds import SAMPLE_RATE_HZ

_WINDOW = SAMPLE_RATE_HZ // 50
_QUIET = 100  # of 32,768: a window that is nowhere louder counts as silent


def text_sizes(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(examples,) strings -> characters and words of each, (examples,) int64; of Chinese each character is a word."""
    characters = np.array([len(text) for text in texts], np.int64)
    words = np.array([_count_words(text) for text in texts], np.int64)
    return characters, words


_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def _count_words(text: str) -> int:
    return len(_WORD.findall(text))


def loud_seconds(clips: np.ndarray) -> np.ndarray:
    """(examples, samples) int16 -> (examples,) seconds from the first to the last sound: the rest is padding."""
    windows = clips[:, : clips.shape[1] // _WINDOW * _WINDOW].reshape(len(clips), -1, _WINDOW)
    loud = np.abs(windows.astype(np.int32)).max(axis=2) > _QUIET
    first = loud.argmax(axis=1)
    last = loud.shape[1] - loud[:, ::-1].argmax(axis=1)
    found: np.ndarray = np.where(loud.any(axis=1), (last - first) * _WINDOW / SAMPLE_RATE_HZ, 0.0)
    return found


def column_values(prepared: PreparedDataset) -> dict[str, np.ndarray]:
    """The numbers of each numeric column of a table that are there."""
    names = [column.name for column in prepared.info.named("number")]
    if not names or not isinstance(prepared.inputs, Rows):
        return {}
    numbers = np.load(prepared.path / "numbers.npy", mmap_mode="r")
    return {name: column[np.isfinite(column)] for name, column in zip(names, np.asarray(numbers).T, strict=True)}
