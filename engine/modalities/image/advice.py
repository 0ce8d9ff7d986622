"""Defaults for images of one's own, as measured on subsets: see `engine.advice.defaults`."""

import math

from engine.advice.defaults import Advice, Facts, batch_size_for, training_for
from engine.sentences import Sentence

_PIXELS = ((1_000, 160), (5_000, 128), (math.inf, 96))
"""Below this many images, pixels of height and width: larger ones show more, and computing their features once takes longer."""
_TINY_BYTES, _ENOUGH_TINY = 400.0, 300
"""Images below this size are digits and the like, of at most 28 x 28 pixels; from this many a small network learns more than a
pretrained one."""


def advise(facts: Facts) -> Advice:
    """Return what to start with."""
    training = training_for(facts, batch_size_for(facts))
    if 0 < facts.mean_size_bytes < _TINY_BYTES and facts.num_train >= _ENOUGH_TINY:
        why = Sentence(
            "A small convolutional network: images of about {size:.0f} bytes have few pixels, and "
            "{count:,} of them are enough to learn from scratch.",
            size=facts.mean_size_bytes,
            count=facts.num_train,
        )
        return Advice("cnn", why, {"image_size": 28}, training)
    why = Sentence(
        "A pretrained network: it has already learned from a million photos, and learns only what is "
        "new from {count:,} images.",
        count=facts.num_train,
    )
    pixels = next(pixels for most, pixels in _PIXELS if facts.num_train < most)
    return Advice("efficientnet-lite0", why, {"image_size": pixels, "resolution": pixels}, training)
