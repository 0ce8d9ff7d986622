"""Spoken digits of synthetic voices, and thirty of human ones to see what was learned from them."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.datasets.sources import voices
from engine.datasets.sources.packs import pack_fingerprint, read_pack
from engine.spec import ADVANCED, FIXED, Range

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SYNTHETIC, _HUMAN = "digits_synthetic_760", "digits_real_30"
_SAMPLES = 16_000


@datasets.register("spoken-digits", "Spoken digits (760, synthetic voices)")
class SpokenDigits(UnsplitDataset):
    """The words zero to nine, one second each, spoken by 68 synthetic voices; tested on voices not heard in training."""

    tasks: ClassVar[tuple[str, ...]] = ("audio-classification",)
    source: ClassVar[str] = (
        f"{voices.SOURCE}. The 30 human digits: Tux Paint stamps, https://tuxpaint.org/stamps/, and Asterisk core "
        "sounds, https://downloads.asterisk.org/pub/telephony/sounds/"
    )
    licence: ClassVar[str] = (
        "Synthetic words: Apache-2.0; human digits: GPL-2.0 (Tux Paint) and CC BY-SA 3.0 (Asterisk)"
    )
    limits: ClassVar[str] = (
        "Synthetic voices, not people: they speak without noise, hesitation or dialect. The 30 human digits come from "
        "three speakers, so one more mistake costs over 3 points."
    )
    num_examples: ClassVar[int] = 760
    num_classes: ClassVar[int] = 10
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {
            "zero": "zero 零",
            "one": "one 一",
            "two": "two 二",
            "three": "three 三",
            "four": "four 四",
            "five": "five 五",
            "six": "six 六",
            "seven": "seven 七",
            "eight": "eight 八",
            "nine": "nine 九",
        }
    }
    suggested: ClassVar[dict[str, Any]] = {
        "model": "audio-cnn", "epochs": 60, "batch_size": 32, "patience": 15,
        "versions": 8, "shift_ms": 150, "speed": 0.1, "noise": 0.4,
    }  # fmt: skip
    extra_tests: ClassVar[dict[str, str]] = {"human_voices": "Human voices"}

    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.2
    """Share of the voices that is kept for the test split: used once, at the end, never for decisions."""
    validation_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.15
    """Share of the other voices that is kept for validation, to choose epochs and hyperparameters."""

    def fingerprint(self) -> str:
        """Hash of the embedded files."""
        return pack_fingerprint(_SYNTHETIC)

    def load(self) -> Examples:
        """760 synthetic clips, (16000,) int16; a voice is in one split only, and each split has all speech programs."""
        clips, digits, names = read_pack(_SYNTHETIC, _SAMPLES)
        return Examples(clips, _targets(digits), WORDS, groups=voices.speakers(names), strata=voices.programs(names))

    def extra_test(self, name: str) -> Examples:
        """30 clips of three human speakers."""
        clips, digits, names = read_pack(_HUMAN, _SAMPLES)
        return Examples(clips, _targets(digits), WORDS, groups=np.array(names))


def _targets(digits: list[str]) -> np.ndarray:
    return np.array(digits, np.int64)
