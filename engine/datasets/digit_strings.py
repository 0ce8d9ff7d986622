"""Strings of spoken digits, made of the single ones: whole voices are kept for the test, and human ones come last."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.datasets.sources import voices
from engine.datasets.sources.packs import pack_fingerprint, read_pack
from engine.datasets.sources.strings import said, trimmed
from engine.datasets.spoken_digits import WORDS, SpokenDigits
from engine.modalities.speech.clips import together
from engine.spec import ADVANCED, FIXED, Range
from engine.speech.written import written

_SYNTHETIC, _HUMAN, _SAMPLES = "digits_synthetic_760", "digits_real_30", 16_000
_HUMAN_STRINGS = 60
Clips = dict[str, dict[int, np.ndarray]]
"""By voice and digit."""


@datasets.register("digit-strings", "Digit strings (synthetic voices)")
class DigitStrings(UnsplitDataset):
    """One to five digits in a row, said by 68 synthetic voices; tested on voices not heard in training, and on human ones."""

    tasks: ClassVar[tuple[str, ...]] = ("automatic-speech-recognition",)
    source: ClassVar[str] = SpokenDigits.source
    licence: ClassVar[str] = SpokenDigits.licence
    limits: ClassVar[str] = (
        "Single words put one after the other: nobody runs them together, as people do. Synthetic voices; the 30 human digits "
        "are of three speakers, and the human strings are made of those 30. It knows ten words and takes all others for them."
    )
    suggested: ClassVar[dict[str, Any]] = {"model": "ctc-crnn"}
    extra_tests: ClassVar[dict[str, str]] = {"human_digits": "Human digits", "human_strings": "Human strings"}

    strings: Annotated[int, Range(300, 10_000, log=True), FIXED] = 5_000
    """Number of strings that are made, for all splits together."""
    longest: Annotated[int, Range(1, 9), FIXED] = 5
    """Most digits of a string; all numbers of digits up to it are equally frequent."""
    varied: Annotated[bool, FIXED] = True
    """Vary speed, room and noise of the training strings, so that other voices and microphones are understood."""
    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.15
    """Share of the voices, and of the strings, that is kept for the test split: used once, at the end, never for decisions."""
    validation_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.1
    """Share of the other voices and strings that is kept for validation, to choose epochs and hyperparameters."""

    def fingerprint(self) -> str:
        """Hash of the embedded files."""
        return pack_fingerprint(_SYNTHETIC, _HUMAN)

    def load(self) -> Examples:
        """Strings (samples,) int16, each of one voice; a voice is in one split only."""
        rng = np.random.default_rng(self.split_seed)
        clips = _by_voice(_SYNTHETIC)
        speakers = dict(zip(clips, voices.speakers(list(clips)), strict=True))
        test, validation = self._kept(clips, rng)
        found: list[tuple[np.ndarray, str, str]] = []
        shares = {"test": self.test_fraction, "validation": (1 - self.test_fraction) * self.validation_fraction}
        counts = {name: max(10, round(share * self.strings)) for name, share in shares.items()}
        counts["train"] = max(10, self.strings - sum(counts.values()))
        splits = np.repeat(list(counts), list(counts.values()))
        for split in splits.tolist():
            kept = {"test": test, "validation": validation}.get(split)
            may = [
                voice
                for voice in clips
                if (speakers[voice] in kept if kept else speakers[voice] not in test | validation)
            ]
            voice = may[rng.integers(len(may))]
            digits = rng.integers(0, 10, rng.integers(1, self.longest + 1)).tolist()
            words = [clips[voice][digit] for digit in digits]
            found.append((said(words, rng, varied=self.varied and split == "train"), _words(digits), speakers[voice]))
        inputs, texts, who = zip(*found, strict=True)
        held = {name: splits == name for name in ("test", "validation")}
        return Examples(_ragged(inputs), written(texts), groups=np.array(who), **held)

    def _kept(self, clips: Clips, rng: np.random.Generator) -> tuple[set[str], set[str]]:
        """Return the speakers of test and validation; each has all speech programs."""
        names = np.array(list(clips))
        who, kinds = voices.speakers(names.tolist()), voices.programs(names.tolist())
        test, validation = set[str](), set[str]()
        for kind in np.unique(kinds):
            members = rng.permutation(np.unique(who[kinds == kind])).tolist()
            count = max(1, round(len(members) * self.test_fraction))
            more = max(1, round((len(members) - count) * self.validation_fraction))
            test |= set(members[:count])
            validation |= set(members[count : count + more])
        return test, validation

    def extra_test(self, name: str) -> Examples:
        """The single digits of three human speakers, or strings of them."""
        rng = np.random.default_rng(0)
        clips = _by_voice(_HUMAN)
        if name == "human_digits":
            asked = [(voice, [digit]) for voice, digits in clips.items() for digit in digits]
        else:
            asked = [
                (list(clips)[rng.integers(len(clips))], rng.integers(0, 10, rng.integers(2, self.longest + 1)).tolist())
                for _ in range(_HUMAN_STRINGS if self.longest > 1 else 0)
            ]
        inputs = [said([clips[voice][digit] for digit in digits], rng, varied=False) for voice, digits in asked]
        return Examples(together(inputs), written(_words(digits) for _, digits in asked))


def _by_voice(pack: str) -> Clips:
    found: Clips = {}
    for clip, digit, voice in zip(*read_pack(pack, _SAMPLES), strict=True):
        found.setdefault(voice, {})[int(digit)] = trimmed(clip)
    return found


def _words(digits: list[int]) -> str:
    return " ".join(WORDS[digit] for digit in digits)


def _ragged(clips: tuple[np.ndarray, ...]) -> np.ndarray:
    found = np.empty(len(clips), object)
    found[:] = list(clips)
    return found
