"""Pretrained networks whose files are fetched: where from, under which licence, and how a true copy is known."""

import json
from dataclasses import dataclass
from pathlib import Path

from engine.errors import TrainyardError
from engine.readers.downloads import Download
from engine.sentences import Sentence
from engine.settings import settings

CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.safetensors", "vocab.txt"
_LARGEST = {"depth": 48, "width": 4_096, "heads": 64, "hidden": 16_384, "vocabulary": 300_000, "positions": 8_192}
_NAMES = {
    "depth": "num_hidden_layers",
    "width": "hidden_size",
    "heads": "num_attention_heads",
    "hidden": "intermediate_size",
    "vocabulary": "vocab_size",
    "positions": "max_position_embeddings",
}


@dataclass(frozen=True)
class EncoderShape:
    """Sizes of a BERT encoder."""

    depth: int
    """Number of blocks."""
    width: int
    """Length of the vector of a word piece."""
    heads: int
    hidden: int
    """Units of the dense network in each block."""
    vocabulary: int
    positions: int
    """Longest text, in word pieces."""


@dataclass(frozen=True)
class Preset:
    """A pretrained encoder in the files that Hugging Face has of it: config.json, vocab.txt, model.safetensors."""

    name: str
    title: str
    source: str
    """Who made it, and the page that it comes from."""
    licence: str
    learned_from: Sentence
    """The data that it was trained on."""
    takes: Sentence
    """What it was made to be given."""
    shape: EncoderShape
    downloads: tuple[Download, ...]

    def folder(self) -> Path:
        """Return the folder of its files."""
        return settings().pretrained_path / self.name

    @property
    def label(self) -> Sentence:
        """What it is called in sentences."""
        return Sentence("Pretrained network {name!r}", name=self.name)

    @property
    def size_bytes(self) -> int:
        """Size of all its files."""
        return sum(download.size_bytes for download in self.downloads)

    def available(self) -> bool:
        """Whether every file has been fetched; a file gets its name only after its hash was checked."""
        return all((self.folder() / download.filename).is_file() for download in self.downloads)

    def missing(self) -> Sentence:
        """Return the sentence that says how to fetch it."""
        return Sentence(
            "Pretrained network {name!r} is not on disk. Run: python -m engine fetch {name}", name=self.name
        )

    def path(self, filename: str) -> Path:
        """Return the path of one of its files. Raise `TrainyardError` where it has not been fetched."""
        if not self.available():
            raise TrainyardError(self.missing())
        return self.folder() / filename

    def sizes(self) -> EncoderShape:
        """Return the sizes that its files say, or where they are missing those that are known of it."""
        if not self.available():
            return self.shape
        path = self.path(CONFIG)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found = {name: int(told[theirs]) for name, theirs in _NAMES.items()}
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise TrainyardError("{path!r} does not describe a BERT encoder.", path=str(path)) from error
        if any(not 0 < found[name] <= most for name, most in _LARGEST.items()) or found["width"] % found["heads"]:
            raise TrainyardError("{path!r} does not describe a BERT encoder.", path=str(path))
        return EncoderShape(**found)


_MINILM = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"

PRESETS = {
    "minilm": Preset(
        name="minilm",
        title="MiniLM (all-MiniLM-L6-v2)",
        source=f"Wang et al. 2020, https://arxiv.org/abs/2002.10957; weights by sentence-transformers, {_MINILM}",
        licence="Apache-2.0",
        learned_from=Sentence("A billion pairs of English sentences from the web, each of at most 128 word pieces"),
        takes=Sentence("English texts; capital letters and accents make no difference"),
        shape=EncoderShape(depth=6, width=384, heads=12, hidden=1_536, vocabulary=30_522, positions=512),
        downloads=(
            Download(
                f"{_MINILM}/resolve/main/{CONFIG}",
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            Download(
                f"{_MINILM}/resolve/main/{VOCABULARY}",
                231_508,
                "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            ),
            Download(
                f"{_MINILM}/resolve/main/{WEIGHTS}",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
        ),
    ),
}
"""By name."""
