"""English sentences of one kind and one voice."""

import gzip
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.files import file_fingerprint

_FILE = EMBEDDED / "text" / "bible_en_es_short.tsv.gz"


@datasets.register("english-prose", "English prose (7,054 short verses)")
class EnglishProse(UnsplitDataset):
    """Short verses of the World English Bible, a translation into today's English."""

    tasks: ClassVar[tuple[str, ...]] = ("text-generation",)
    source: ClassVar[str] = "World English Bible, https://ebible.org/web/, from Debian's sword-text-web"
    licence: ClassVar[str] = "Public domain"
    limits: ClassVar[str] = (
        "In minutes a small network learns spelling and the sound of it, not sense: expect sentences that nobody would say. "
        "Sense takes far more text and hours, or a network that was trained elsewhere."
    )
    num_examples: ClassVar[int] = 7_054
    suggested: ClassVar[dict[str, Any]] = {"context_length": 64, "vocabulary_size": 2_000}

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """The English side of the pairs; a verse that is there twice stays in one split."""
        lines = gzip.decompress(_FILE.read_bytes()).decode().splitlines()
        verses = np.array([line.split("\t")[0].strip() for line in lines], object)
        return Examples(verses, None, groups=np.unique(verses, return_inverse=True)[1])
