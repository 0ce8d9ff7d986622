"""What two fish say in a game, in ten languages."""

import gzip
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.files import file_fingerprint
from engine.spec import FIXED

_FILE = EMBEDDED / "text" / "fillets_dialogues_10langs.tsv.gz"


@datasets.register("fillets-dialogues", "Dialogues of a game, English to ten languages (2,000 each)")
class FilletsDialogues(UnsplitDataset):
    """Remarks of two fish in the game Fish Fillets, translated by volunteers."""

    tasks: ClassVar[tuple[str, ...]] = ("translation",)
    source: ClassVar[str] = (
        "Fish Fillets NG by ALTAR interactive and its translators, http://fillets.sourceforge.net, from Debian's fillets-ng-data 1.0.1"
    )
    licence: ClassVar[str] = "GPL-2.0"
    limits: ClassVar[str] = (
        "One to two thousand short remarks a language, many of them jokes: far too few to learn a language from. Expect remarks that "
        "the network has seen, not translations of yours."
    )
    suggested: ClassVar[dict[str, Any]] = {"context_length": 48, "vocabulary_size": 1_500, "epochs": 20}

    into: Annotated[Literal["de", "fr", "es", "it", "nl", "sv", "pl", "cs", "ru", "bg"], FIXED] = "de"
    """The language to translate into, by its code."""

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """English remarks with those in the chosen language; equal English ones stay in one split."""
        lines = gzip.decompress(_FILE.read_bytes()).decode().splitlines()
        pairs = [line.split("\t")[1:3] for line in lines if line.startswith(f"{self.into}\t")]
        texts = np.array([english for english, _ in pairs], object)
        return Examples(texts, [other for _, other in pairs], groups=np.unique(texts, return_inverse=True)[1])
