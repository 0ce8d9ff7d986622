"""From texts to ids and back, for networks that write: tokens are characters, words, or byte pairs learned from the training split.

A tokenizer is plain JSON and is kept with the run, so that the same text has the same ids wherever it is read.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, Self

from engine.language.vocabulary import split_for

Tokenization = Literal["auto", "characters", "words", "byte-pairs"]
"""The kinds of tokens; auto takes characters for scripts without spaces, and byte pairs for all others."""

PADDING, BEGIN, END, UNKNOWN = 0, 1, 2, 3
"""Ids that stand for no token."""
FIRST = 4
UNKNOWN_SIGN = "\ufffd"
_LEAST = 2  # times that a character or a word must occur
_WORD = re.compile(r"\s?\w+|\s?[^\w\s]+|\s")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def clean(text: str) -> str:
    """Return a text in Unicode's composed form (NFC), without control characters and marks that change its direction."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text))


@dataclass(frozen=True)
class Tokenizer:
    """The tokens of one kind that are known: id `FIRST + n` stands for the n-th."""

    kind: Tokenization
    known: tuple[str, ...] = ()
    """Characters or words, the most frequent first; of byte pairs what the `tokenizers` library needs, as one text."""

    @classmethod
    def learn(cls, texts: Iterable[str], kind: Tokenization, size: int) -> Self:
        """Return a tokenizer of at most `size` ids for the most frequent tokens of `texts`.

        A character or word that is there only once counts as unknown: so a network learns what unknown ones are like.
        """
        texts = [clean(text) for text in texts]
        if kind == "auto":
            kind = "characters" if split_for(texts) == "characters" else "byte-pairs"
        if kind == "byte-pairs":
            return cls(kind, (_learn_byte_pairs(texts, size - FIRST),))
        counts = Counter(token for text in texts for token in _split(text, kind))
        frequent = sorted(
            (token for token in counts if counts[token] >= _LEAST), key=lambda token: (-counts[token], token)
        )
        return cls(kind, tuple(frequent[: size - FIRST]))

    @property
    def size(self) -> int:
        """The number of ids, with those that stand for no token."""
        return FIRST + (_byte_pairs(self.known[0]).get_vocab_size() if self.kind == "byte-pairs" else len(self.known))

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, without those of its begin and end."""
        text = clean(text)
        if self.kind == "byte-pairs":
            return [FIRST + number for number in _byte_pairs(self.known[0]).encode(text).ids]
        return [self._numbers.get(token, UNKNOWN) for token in _split(text, self.kind)]

    def text(self, ids: Sequence[int]) -> str:
        """Return the text that ids stand for; of the end and of padding nothing."""
        if self.kind == "byte-pairs":
            found: str = _byte_pairs(self.known[0]).decode([number - FIRST for number in ids if number >= FIRST])
            return found
        return "".join(self.token(number) for number in ids)

    def token(self, number: int) -> str:
        """Return what one id stands for."""
        if number < FIRST:
            return UNKNOWN_SIGN if number == UNKNOWN else ""
        return self.text([number]) if self.kind == "byte-pairs" else self.known[number - FIRST]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"kind": self.kind, "known": list(self.known)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(data["kind"], tuple(data["known"]))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.known, FIRST)}


def _split(text: str, kind: Tokenization) -> list[str]:
    return list(text) if kind == "characters" else _WORD.findall(text)


def _learn_byte_pairs(texts: list[str], most: int) -> str:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=max(most, len(alphabet)), initial_alphabet=alphabet, show_progress=False)
    )
    learned: str = tokenizer.to_str()
    return learned


@lru_cache(maxsize=8)
def _byte_pairs(learned: str) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(learned)
