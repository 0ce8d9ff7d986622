"""Short texts that people have scored from very negative to very positive: what the sentiment datasets share."""

import gzip
import html
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset
from engine.files import file_fingerprint

LABELS = ("negative", "positive")
_CLEAR = 0.5


class ScoredTexts(UnsplitDataset):
    """Texts whose mean score is clearly above or below zero; those in between are left out."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)
    source: ClassVar[str] = (
        "C. J. Hutto, E. Gilbert, VADER, ICWSM 2014, from the PyPI package vaderSentiment 0.5, "
        "https://github.com/cjhutto/vaderSentiment"
    )
    licence: ClassVar[str] = "MIT"
    num_classes: ClassVar[int] = 2
    class_words: ClassVar[dict[str, dict[str, str]]] = {"zh": {"negative": "负面", "positive": "正面"}}
    file: ClassVar[str] = ""
    """Name of the embedded file: lines of a score from -4 to 4, a tab and a text, in UTF-8 and gzipped."""

    @classmethod
    def path(cls) -> Path:
        """Return the path of the embedded file."""
        return EMBEDDED / "text" / cls.file

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(self.path())

    def load(self) -> Examples:
        """All clear texts; one that is there twice stays in one split."""
        lines = gzip.decompress(self.path().read_bytes()).decode().splitlines()
        rows = [(float(score), _plain(text)) for score, text in (line.split("\t") for line in lines)]
        clear = [(score, text) for score, text in rows if abs(score) > _CLEAR and text]
        texts = np.array([text for _, text in clear], object)
        targets = np.array([score > 0 for score, _ in clear], np.int64)
        return Examples(texts, targets, LABELS, groups=np.unique(texts, return_inverse=True)[1])


def _plain(text: str) -> str:
    """`text` without the entities of HTML: some of the source are escaped twice."""
    return html.unescape(html.unescape(text)).strip()
