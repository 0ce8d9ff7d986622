"""A tiny audio dataset: a quarter of a second of a low, a middle or a high tone in some noise."""

from typing import ClassVar

import numpy as np

from engine.datasets.base import Examples, UnsplitDataset

LABELS = ("low", "middle", "high")
SAMPLES = 4_000


def tones(count: int, seed: int = 0) -> Examples:
    """`count` clips, as many of each class; four in a row are of one voice."""
    rng, time = np.random.default_rng(seed), np.arange(SAMPLES) / 16_000
    targets = np.arange(count) % 3
    pitches = np.array([300, 900, 2_700])[targets] * rng.uniform(0.9, 1.1, count)
    clips = 6_000 * np.sin(2 * np.pi * pitches[:, None] * time) + rng.normal(0, 300, (count, SAMPLES))
    return Examples(clips.astype(np.int16), targets.astype(np.int64), LABELS, groups=np.arange(count) // 4)


class Tones(UnsplitDataset):
    """Tones that are low, middle or high."""

    tasks: ClassVar[tuple[str, ...]] = ("audio-classification",)
    extra_tests: ClassVar[dict[str, str]] = {"other_tones": "Other tones"}

    def fingerprint(self) -> str:
        """They never change."""
        return "1"

    def load(self) -> Examples:
        """120 clips, (4000,) int16."""
        return tones(120)

    def extra_test(self, name: str) -> Examples:
        """Twelve others."""
        return tones(12, seed=1)
