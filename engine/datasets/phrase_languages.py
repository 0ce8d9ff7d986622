"""Short phrases in eighteen languages: tell which one a phrase is in."""

import gzip
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, UnsplitDataset, datasets
from engine.files import file_fingerprint

_FILE = EMBEDDED / "text" / "phrases_tuxpaint_18langs.tsv.gz"
LANGUAGES = {
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "hu": "Hungarian",
    "it": "Italian",
    "ja": "Japanese",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "vi": "Vietnamese",
    "zh_CN": "Chinese",
}
"""English name of each language by its code in the file."""


@datasets.register("phrase-languages", "Phrases in 18 languages (14,252)")
class PhraseLanguages(UnsplitDataset):
    """Short descriptions of pictures, translated into eighteen languages: recognise the language."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)
    source: ClassVar[str] = (
        "Descriptions of the Tux Paint stamps by Bill Kendrick and the translators of Tux Paint, "
        "from Debian's tuxpaint-stamps-default 2022.06.04, https://tuxpaint.org/stamps/"
    )
    licence: ClassVar[str] = "GPL-2.0-or-later"
    limits: ClassVar[str] = (
        "Descriptions of things and animals, half of them shorter than 15 characters; 137, such as "
        "Koala, are spelled alike in several languages and cannot be told apart. All translations of "
        "a phrase are in one split."
    )
    num_examples: ClassVar[int] = 14_252
    num_classes: ClassVar[int] = 18
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {
            "Czech": "捷克语",
            "Danish": "丹麦语",
            "German": "德语",
            "Greek": "希腊语",
            "Spanish": "西班牙语",
            "Finnish": "芬兰语",
            "French": "法语",
            "Hungarian": "匈牙利语",
            "Italian": "意大利语",
            "Japanese": "日语",
            "Dutch": "荷兰语",
            "Polish": "波兰语",
            "Portuguese": "葡萄牙语",
            "Russian": "俄语",
            "Swedish": "瑞典语",
            "Turkish": "土耳其语",
            "Vietnamese": "越南语",
            "Chinese": "汉语",
        }
    }
    suggested: ClassVar[dict[str, Any]] = {
        "model": "bag-of-embeddings",
        "splitting": "pieces",
        "learning_rate": 0.003,
        "epochs": 12,
    }

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """14,252 phrases; the group is the English phrase that they translate."""
        lines = gzip.decompress(_FILE.read_bytes()).decode().splitlines()
        codes, originals, phrases = zip(*(line.split("\t") for line in lines), strict=True)
        position = {code: index for index, code in enumerate(LANGUAGES)}
        return Examples(
            np.array(phrases, object),
            np.array([position[code] for code in codes], np.int64),
            tuple(LANGUAGES.values()),
            groups=np.unique(originals, return_inverse=True)[1],
        )
