"""Digits and who says them: to learn to say a digit in a voice that was never heard saying it."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.data_info import Column
from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.datasets.sources import voices
from engine.datasets.sources.packs import pack_fingerprint, read_pack
from engine.datasets.spoken_digits import WORDS
from engine.modalities.table.rows import make_rows
from engine.spec import ADVANCED, FIXED, Range

_PACK, _SAMPLES = "digits_synthetic_760", 16_000


@datasets.register("digit-voices", "Digits in 76 voices")
class DigitVoices(UnsplitDataset):
    """The words zero to nine in 76 synthetic voices, to be said in each of them; tested on pairs that were left out of training."""

    tasks: ClassVar[tuple[str, ...]] = ("text-to-speech",)
    source: ClassVar[str] = voices.SOURCE
    licence: ClassVar[str] = "Apache-2.0"
    limits: ClassVar[str] = (
        "Ten words. Whatever else is typed is babble: nobody learns to read from ten words. The voices are those of speech "
        "programs, some of them whispers and croaks."
    )
    num_examples: ClassVar[int] = 760
    suggested: ClassVar[dict[str, Any]] = {"model": "mel-decoder"}

    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.15
    """Share of the pairs of voice and digit that is kept for the test split: used once, at the end, never for decisions."""

    def fingerprint(self) -> str:
        """Hash of the embedded files."""
        return pack_fingerprint(_PACK)

    def load(self) -> Examples:
        """Rows of text and voice, and the sound of each, (16000,) int16; of each digit every split has its share."""
        clips, digits, names = read_pack(_PACK, _SAMPLES)
        texts = [WORDS[int(digit)] for digit in digits]
        rows = make_rows(None, np.array(list(zip(texts, names, strict=True)), object))
        columns = (Column("text", "category", WORDS), Column("voice", "category", tuple(dict.fromkeys(names))))
        return Examples(rows, clips, strata=np.array(digits, np.int64), columns=columns)
