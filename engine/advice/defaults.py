"""Defaults that follow the data: a model, its values and how long to train, from what is known without reading anything.

Which model suits which number of examples was measured on subsets of the embedded sets (`python -m bench subsets`): the choices
reach or beat the baseline, except for texts with fewer than about 200 examples per class, which stay some three points below.
Small sets need many epochs, since an epoch is few updates; with few validation examples, an early epoch looks best by
chance, so that only the last third may count as the best.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.sentences import Sentence

_LEAST_EPOCHS, _MOST_EPOCHS = 10, 100
_UPDATES = 1_500
"""Updates that the networks below need until they stop improving, counted on sets of all sizes."""
_FEW_VALIDATE = 100
"""With fewer validation examples, the accuracy of an epoch is a matter of chance."""
_FEW_ROWS = 20
"""The same for tables, whose epochs are compared by cross-entropy or squared error: these carry more information per example."""
_SHORT_BYTES = 50.0
"""Texts below this are phrases and names; sentences of reviews and messages take about a hundred."""
_PIXELS = ((1_000, 160), (5_000, 128), (math.inf, 96))
"""Below this many images, pixels of height and width: larger ones show more, and computing their features once takes longer."""
_TINY_BYTES, _ENOUGH_TINY = 400.0, 300
"""Images below this size are digits and the like, of at most 28 x 28 pixels; from this many a small network learns more than a
pretrained one."""
_MANY_CLIPS = 5_000
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
    """How long to train: these values hold for any model."""

    def values_for(self, model: str) -> dict[str, Any]:
        """Return the values to fill in when this model is chosen."""
        return self.training | (self.values if model == self.model else {})


def advise(facts: Facts) -> Advice | None:
    """Return the defaults for data of this kind and size; None for a modality without measurements."""
    choose = _BY_MODALITY.get(facts.modality)
    return choose(facts) if choose else None


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


def _batch_size(facts: Facts) -> int:
    """Return the number of examples per update that suits the size."""
    return next(size for most, size in _BATCH_SIZES if facts.num_train < most)


def _text(facts: Facts) -> Advice:
    training = training_for(facts, _batch_size(facts))
    if 0 < facts.mean_size_bytes < _SHORT_BYTES:
        why = Sentence(
            "A bag of embeddings of one to three letters in a row: texts of about {size:.0f} letters hold too few words to "
            "learn from.",
            size=facts.mean_size_bytes,
        )
        return Advice(
            "bag-of-embeddings",
            why,
            {"splitting": "pieces", "learning_rate": 0.01, "embedding_size": 128, "word_dropout": 0.3},
            training,
        )
    why = Sentence(
        "A bag of embeddings of words and signs: with {count:,} texts to learn from it matches or beats networks that read "
        "in order, and trains in seconds.",
        count=facts.num_train,
    )
    return Advice("bag-of-embeddings", why, {"signs": True, "learning_rate": 0.003}, training)


def _image(facts: Facts) -> Advice:
    training = training_for(facts, _batch_size(facts))
    if 0 < facts.mean_size_bytes < _TINY_BYTES and facts.num_train >= _ENOUGH_TINY:
        why = Sentence(
            "A small convolutional network: pictures of about {size:.0f} bytes have few pixels, and {count:,} of them are enough "
            "to learn from scratch.",
            size=facts.mean_size_bytes,
            count=facts.num_train,
        )
        return Advice("cnn", why, {"image_size": 28}, training)
    why = Sentence(
        "A pretrained network: it knows a million photos already, and has to learn from {count:,} pictures only what is new.",
        count=facts.num_train,
    )
    pixels = next(pixels for most, pixels in _PIXELS if facts.num_train < most)
    return Advice("efficientnet-lite0", why, {"image_size": pixels, "resolution": pixels}, training)


def _audio(facts: Facts) -> Advice:
    training = training_for(facts, _batch_size(facts))
    if facts.num_train >= _MANY_CLIPS:
        why = Sentence("A convolutional network: {count:,} clips are enough as they are.", count=facts.num_train)
        return Advice("audio-cnn", why, {}, training)
    why = Sentence(
        "A convolutional network that hears {count:,} clips moved, sped up and in noise: without such changes so few are "
        "learned by heart.",
        count=facts.num_train,
    )
    return Advice("audio-cnn", why, {"versions": 8, "shift_ms": 150, "speed": 0.1, "noise": 0.4}, training)


def _table(facts: Facts) -> Advice:
    why = Sentence("A small network with two hidden layers: enough for {count:,} rows.", count=facts.num_train)
    return Advice("mlp", why, {}, training_for(facts, _batch_size(facts), few=_FEW_ROWS))


_BY_MODALITY: dict[str, Callable[[Facts], Advice]] = {
    "text": _text,
    "image": _image,
    "audio": _audio,
    "table": _table,
}
