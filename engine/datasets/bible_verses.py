"""Short verses in English and Spanish."""

import gzip
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.files import file_fingerprint

_FILE = EMBEDDED / "text" / "bible_en_es_short.tsv.gz"


@datasets.register("bible-verses", "Bible verses, English to Spanish (7,054)")
class BibleVerses(UnsplitDataset):
    """Short verses in English of today, and in the Spanish of 1909."""

    tasks: ClassVar[tuple[str, ...]] = ("translation",)
    source: ClassVar[str] = (
        "World English Bible, https://ebible.org/web/, and Reina-Valera 1909, from Debian's sword-text-web and sword-text-sparv"
    )
    licence: ClassVar[str] = "Public domain"
    limits: ClassVar[str] = (
        "Far too few pairs to learn a language from: after minutes a network writes Spanish words in the tone of the book that have "
        "little to do with the verse. A translation takes millions of pairs, or a network that was trained elsewhere."
    )
    num_examples: ClassVar[int] = 7_054
    suggested: ClassVar[dict[str, Any]] = {"context_length": 64, "vocabulary_size": 2_000, "epochs": 10}

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """Pairs of verses; an English verse that is there twice stays in one split."""
        lines = gzip.decompress(_FILE.read_bytes()).decode().splitlines()
        pairs = [line.split("\t")[:2] for line in lines]
        verses = np.array([english.strip() for english, _ in pairs], object)
        return Examples(
            verses, [spanish.strip() for _, spanish in pairs], groups=np.unique(verses, return_inverse=True)[1]
        )
