"""Short phrases in nine languages, recorded by people."""

from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.datasets.sources.packs import pack_fingerprint, read_pack

LANGUAGES = {
    "be": "Belarusian", "bg": "Bulgarian", "ca": "Catalan", "da": "Danish", "el": "Greek", "es": "Spanish",
    "fr": "French", "ro": "Romanian", "ru": "Russian",
}  # fmt: skip
_PACK, _SAMPLES = "spoken_languages_9", 32_000


@datasets.register("spoken-languages", "Spoken languages (1,296 human clips)")
class SpokenLanguages(UnsplitDataset):
    """Two seconds of a phrase in one of nine languages, recorded by people describing small pictures."""

    tasks: ClassVar[tuple[str, ...]] = ("audio-classification",)
    source: ClassVar[str] = "Tux Paint stamps, Debian package tuxpaint-stamps-default, https://tuxpaint.org/stamps/"
    licence: ClassVar[str] = "GPL-2.0-or-later"
    limits: ClassVar[str] = (
        "One or two speakers per language, each with their own microphone and room: voice and "
        "language cannot be separated. A good score does not mean that the network recognises the "
        "language of other speakers."
    )
    num_examples: ClassVar[int] = 1_296
    num_classes: ClassVar[int] = 9
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {
            "Belarusian": "白俄罗斯语",
            "Bulgarian": "保加利亚语",
            "Catalan": "加泰罗尼亚语",
            "Danish": "丹麦语",
            "Greek": "希腊语",
            "Spanish": "西班牙语",
            "French": "法语",
            "Romanian": "罗马尼亚语",
            "Russian": "俄语",
        }
    }
    suggested: ClassVar[dict[str, Any]] = {
        "model": "audio-cnn", "normalisation": "band", "epochs": 20, "batch_size": 32, "patience": 8,
    }  # fmt: skip

    def fingerprint(self) -> str:
        """Hash of the embedded files."""
        return pack_fingerprint(_PACK)

    def load(self) -> Examples:
        """1,296 clips, (32000,) int16; a phrase is in one split only, in whatever language it is spoken."""
        clips, codes, phrases = read_pack(_PACK, _SAMPLES)
        targets = np.array([list(LANGUAGES).index(code) for code in codes], np.int64)
        return Examples(clips, targets, tuple(LANGUAGES.values()), groups=np.array(phrases))
