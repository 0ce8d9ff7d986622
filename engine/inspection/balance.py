"""Balance of the classes of a dataset, from counts that are already known, so it costs nothing."""

from dataclasses import dataclass

import numpy as np

from engine.preparation.prepare import SPLITS, PreparedDataset

UNEVEN = 5.0
"""The ratio of the largest class to the smallest above which classes count as imbalanced."""
FEW = 10
"""Training examples below which a class is hardly learned."""


@dataclass(frozen=True)
class Balance:
    """The largest and the smallest class, and those with too few training examples."""

    largest: str
    smallest: str
    most: int
    least: int
    share: float
    """Share of the largest class among all examples: the accuracy of always predicting it."""
    rare: tuple[str, ...]
    few: int = FEW

    @property
    def uneven(self) -> bool:
        """Whether accuracy alone would mislead."""
        return self.most >= UNEVEN * max(self.least, 1)


def check_balance(prepared: PreparedDataset) -> Balance:
    """Return the balance of a dataset with classes."""
    labels = prepared.info.labels
    counts = np.array([prepared.meta["counts"][split] for split in SPLITS])
    together, train = counts.sum(axis=0), counts[0]
    largest, smallest = int(together.argmax()), len(together) - 1 - int(together[::-1].argmin())
    return Balance(
        labels[largest],
        labels[smallest],
        int(together[largest]),
        int(together[smallest]),
        float(together[largest] / together.sum()),
        tuple(label for label, count in zip(labels, train, strict=True) if count < FEW),
    )
