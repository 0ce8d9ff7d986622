"""English words and how they are spoken."""

import gzip
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.files import file_fingerprint

_FILE = EMBEDDED / "text" / "pronunciations_40k.tsv.gz"


@datasets.register("pronunciations", "Pronunciations (40,000 words)")
class Pronunciations(UnsplitDataset):
    """English words, many of them names, and the 39 sounds of American English (ARPAbet) in which they are spoken."""

    tasks: ClassVar[tuple[str, ...]] = ("text2text-generation",)
    source: ClassVar[str] = (
        "CMU Pronouncing Dictionary, http://www.speech.cs.cmu.edu/cgi-bin/cmudict, from the PyPI package pocketsphinx 5.1.1"
    )
    licence: ClassVar[str] = "BSD-2-Clause"
    limits: ClassVar[str] = (
        "One pronunciation for each word, without stress, although many words have several. Names from other languages "
        "cannot be told from their spelling: the dictionary itself is not consistent there."
    )
    num_examples: ClassVar[int] = 40_000
    suggested: ClassVar[dict[str, Any]] = {
        "source_tokenization": "characters", "target_tokenization": "words", "context_length": 32, "epochs": 7,
    }  # fmt: skip

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """Words with their sounds; a word and its possessive form stay in one split."""
        lines = gzip.decompress(_FILE.read_bytes()).decode().splitlines()
        pairs = [line.split("\t") for line in lines]
        words = np.array([word for word, _ in pairs], object)
        groups = np.unique([word.removesuffix("'s").removesuffix("'") for word in words], return_inverse=True)[1]
        return Examples(words, [sounds for _, sounds in pairs], groups=groups)
