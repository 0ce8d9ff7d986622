"""What a network wrote, as one row of numbers: it is stored, sent and cut into portions as all other outputs are."""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np

from engine.language.tokenizer import BEGIN, END, PADDING, UNKNOWN, UNKNOWN_SIGN, Tokenizer

OTHERS = 4
"""Alternatives that are told beside each token."""
_HEAD = 6  # the numbers that say how long the parts are, and what is known of the whole text
_DIGITS = 4
_MOST_CELLS = 2_500  # of an attention that is kept: more cannot be looked at


def _empty(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


@dataclass(frozen=True, eq=False)
class Written:
    """One answer. A simple method that has no network knows the text alone."""

    text: str
    source: np.ndarray = field(default_factory=lambda: _empty(0))
    """(source,) ids of what was read."""
    told: np.ndarray = field(default_factory=lambda: _empty(0, 1 + OTHERS, 2))
    """(tokens, 1 + OTHERS, 2): ids with their probabilities, the chosen one first."""
    attention: np.ndarray = field(default_factory=lambda: _empty(0, 0))
    """(tokens, source): where each token looked; empty where it is not kept."""
    left_out: int = 0
    """Tokens of the source that the network cannot see, as there are too many."""
    surprise: float = 0.0
    """The negative logarithm of the true text's probability, where it was asked for."""
    true_tokens: int = 0
    """Tokens of the true text with its end; 0 where it was not asked for."""

    def packed(self) -> np.ndarray:
        """Return everything as one row of float32."""
        kept = self.attention if self.attention.size <= _MOST_CELLS else _empty(0, 0)
        head = [len(self.text), len(self.source), len(self.told), len(kept), self.left_out, self.true_tokens]
        letters = [ord(letter) for letter in self.text]
        parts = [head, [self.surprise], letters, self.source, self.told.ravel(), kept.ravel()]
        return np.concatenate([np.asarray(part, np.float32) for part in parts])

    @classmethod
    def unpacked(cls, row: np.ndarray) -> Self:
        """The inverse of `packed`."""
        letters, source, told, attended, left_out, true_tokens = (int(number) for number in row[:_HEAD])
        sizes = [letters, source, told * (1 + OTHERS) * 2, attended * source]
        ends = _HEAD + 1 + np.cumsum([0, *sizes])
        parts = [row[start:end] for start, end in pairwise(ends.tolist())]
        return cls(
            "".join(chr(int(number)) for number in parts[0]),
            parts[1],
            parts[2].reshape(told, 1 + OTHERS, 2),
            parts[3].reshape(attended, source if attended else 0),
            left_out,
            float(row[_HEAD]),
            true_tokens,
        )

    def brief(self) -> Self:
        """Return the same without what only somebody who looks at it needs."""
        return replace(self, source=_empty(0), told=_empty(0, 1 + OTHERS, 2), attention=_empty(0, 0))


def told(probabilities: np.ndarray, chosen: int) -> np.ndarray:
    """Return the chosen id and its likeliest alternatives, each with its probability: (1 + OTHERS, 2)."""
    likeliest = [number for number in np.argsort(-probabilities)[: OTHERS + 1].tolist() if number != chosen][:OTHERS]
    ids = np.array([chosen, *likeliest, *[PADDING] * (OTHERS - len(likeliest))])
    return np.stack([ids, probabilities[ids]], axis=1).astype(np.float32)


def token_values(told: list[list[float]], tokenizer: Tokenizer) -> dict[str, Any]:
    """Return one token of `told` as a prediction has it: its text, its probability, and the others with theirs."""
    (chosen, probability), *others = told
    return {
        "text": tokenizer.token(int(chosen)),
        "probability": round(probability, _DIGITS),
        "others": {
            named(int(number), tokenizer): round(share, _DIGITS) for number, share in others if number != PADDING
        },
    }


def named(number: int, tokenizer: Tokenizer) -> str:
    """Return how an id is shown, also one that stands for no token."""
    return {END: "\N{BLACK SQUARE FOR STOP}", UNKNOWN: UNKNOWN_SIGN, BEGIN: ""}.get(number) or tokenizer.token(number)
