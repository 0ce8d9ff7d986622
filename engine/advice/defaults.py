"""Defaults that follow the data: a model, its values and how long to train, from what is known without reading anything.

Each modality advises for its own data; what they share is here.

Which model suits which number of examples was measured on subsets of the embedded sets (`python -m bench subsets`): the choices
reach or beat the baseline.
Small sets need many epochs, since an epoch is few updates; with few validation examples, an early epoch looks best by
chance, so that only the last third may count as the best.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from engine.sentences import Sentence

_LEAST_EPOCHS, _MOST_EPOCHS = 10, 100
_UPDATES = 1_500
"""Updates that the advised networks need until they stop improving, counted on sets of all sizes."""
_FEW_VALIDATE = 100
"""With fewer validation examples, the accuracy of an epoch is a matter of chance."""
_BATCH_SIZES = ((200, 8), (2_000, 16), (20_000, 32), (math.inf, 128))
"""Below this many examples, how many are in a batch: small batches give more updates in an epoch."""
_LATE = 2 / 3
_PATIENT = 1 / 4  # of all epochs


@dataclass(frozen=True)
class Facts:
    """Facts about a dataset that are known without reading it."""

    modality: str
    num_train: int
    """Roughly how many training examples there are."""
    num_validation: int
    mean_size_bytes: float = 0.0
    """Mean size of an example on disk; for texts about their length. 0: not known."""


@dataclass(frozen=True)
class Advice:
    """A suggested start, and one sentence that says why."""

    model: str
    why: Sentence
    values: dict[str, Any] = field(default_factory=dict)
    """Values of the dataset, the model and whatever else applies."""
    training: dict[str, Any] = field(default_factory=dict)
    """Length of training: these values hold for any model."""

    def values_for(self, model: str) -> dict[str, Any]:
        """Return the values to fill in when this model is chosen."""
        return self.training | (self.values if model == self.model else {})


def training_for(facts: Facts, batch_size: int, few: int = _FEW_VALIDATE) -> dict[str, Any]:
    """Return epochs, patience, and the first epoch that may count as the best, so that a small set gets enough updates too."""
    steps = math.ceil(facts.num_train / batch_size)
    epochs = min(max(math.ceil(_UPDATES / max(steps, 1)), _LEAST_EPOCHS), _MOST_EPOCHS)
    chance = facts.num_validation < few
    return {
        "batch_size": batch_size,
        "epochs": epochs,
        "patience": 0 if chance else max(3, round(epochs * _PATIENT)),
        "first_best": max(1, round(epochs * _LATE)) if chance else 1,
    }


def batch_size_for(facts: Facts) -> int:
    """Return the number of examples per update that suits the size."""
    return next(size for most, size in _BATCH_SIZES if facts.num_train < most)
