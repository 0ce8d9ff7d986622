"""Numbers in English words and in Spanish ones, made by rule: each has exactly one right answer."""

from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, UnsplitDataset, datasets

_COUNT, _BELOW, _SEED = 12_000, 1_000_000, 0
_SMALL = 2_000  # so many of the smallest are all there: they are the parts of larger ones


def _words(text: str) -> list[str]:
    return text.split()


_ENGLISH = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen"
)
_ENGLISH_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_SPANISH = _words(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho "
    "diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
)
_SPANISH_TENS = _words("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_SPANISH_HUNDREDS = _words(
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
)


@datasets.register("number-words", "Numbers in words, English to Spanish (12,000)")
class NumberWords(UnsplitDataset):
    """Numbers below a million, as they are spoken: a small language of which every sentence can be checked."""

    tasks: ClassVar[tuple[str, ...]] = ("text2text-generation",)
    source: ClassVar[str] = "Made by the grammar of both languages when it is prepared"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = (
        "A few dozen words and a handful of rules. A network that translates these has learned this grammar, not Spanish."
    )
    num_examples: ClassVar[int] = _COUNT
    suggested: ClassVar[dict[str, Any]] = {
        "source_tokenization": "words", "target_tokenization": "words", "context_length": 24, "dropout": 0.0,
        "label_smoothing": 0.0, "epochs": 5,
    }  # fmt: skip

    def fingerprint(self) -> str:
        """Changes with the rules."""
        return f"numbers {_COUNT} {_BELOW} {_SMALL} {_SEED}"

    def load(self) -> Examples:
        """The smallest numbers, and others drawn at random."""
        rng = np.random.default_rng(_SEED)
        others = rng.choice(np.arange(_SMALL, _BELOW), _COUNT - _SMALL, replace=False)
        numbers = [*range(_SMALL), *others.tolist()]
        return Examples(np.array([english(n) for n in numbers], object), [spanish(n) for n in numbers])


def english(number: int) -> str:
    """Return a number below a million in English words, without "and" and hyphens."""
    if number >= 1_000:
        rest = f" {english(number % 1_000)}" if number % 1_000 else ""
        return f"{english(number // 1_000)} thousand{rest}"
    if number >= 100:
        rest = f" {english(number % 100)}" if number % 100 else ""
        return f"{_ENGLISH[number // 100]} hundred{rest}"
    if number < len(_ENGLISH):
        return _ENGLISH[number]
    return _ENGLISH_TENS[number // 10 - 2] + (f" {_ENGLISH[number % 10]}" if number % 10 else "")


def spanish(number: int) -> str:
    """Return a number below a million in Spanish words: "uno" loses its end before "mil", and a thousand has no "un"."""
    if number >= 1_000:
        thousands, rest = divmod(number, 1_000)
        before = "" if thousands == 1 else f"{_shortened(spanish(thousands))} "
        return f"{before}mil" + (f" {spanish(rest)}" if rest else "")
    if number == 100:
        return "cien"
    if number > 100:
        return _SPANISH_HUNDREDS[number // 100 - 1] + (f" {spanish(number % 100)}" if number % 100 else "")
    if number < len(_SPANISH):
        return _SPANISH[number]
    return _SPANISH_TENS[number // 10 - 3] + (f" y {_SPANISH[number % 10]}" if number % 10 else "")


def _shortened(words: str) -> str:
    """The same before a noun."""
    if words.endswith("veintiuno"):
        return words.removesuffix("veintiuno") + "veintiún"
    return words.removesuffix("o") if words.endswith("uno") else words
