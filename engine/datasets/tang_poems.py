"""Chinese poems of the Tang dynasty, four lines each."""

import gzip
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.files import file_fingerprint

_FILE = EMBEDDED / "text" / "poetry_tang_quatrains.tsv.gz"


@datasets.register("tang-poems", "Tang poems (8,000 quatrains)")
class TangPoems(UnsplitDataset):
    """Four lines of five or seven characters, written between 618 and 907: strict in form, so one sees early what is learned."""

    tasks: ClassVar[tuple[str, ...]] = ("text-generation",)
    source: ClassVar[str] = (
        "chinese-poetry, from the npm package chinese-poetry 2.0.1, https://github.com/chinese-poetry/chinese-poetry"
    )
    licence: ClassVar[str] = "MIT"
    limits: ClassVar[str] = (
        "Classical Chinese in traditional characters. In minutes a small network learns the form, and which words go together; "
        "it does not learn to say something."
    )
    num_examples: ClassVar[int] = 8_000
    suggested: ClassVar[dict[str, Any]] = {"context_length": 40, "tokenization": "characters"}

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """The poems without titles; one that is there twice stays in one split."""
        lines = gzip.decompress(_FILE.read_bytes()).decode().splitlines()
        poems = np.array([line.split("\t")[2].strip() for line in lines], object)
        return Examples(poems, None, groups=np.unique(poems, return_inverse=True)[1])
