"""How to begin with pictures with boxes of one's own.

Measured on a dozen and on thirty pictures: thirty epochs of a few updates each find nothing; with 400 to 600 updates, boxes are found.
With a handful of validation pictures the best epoch is a matter of chance, so that only late ones count.
"""

import math

from engine.advice.defaults import Advice, Facts
from engine.sentences import Sentence

_UPDATES = 600
_LEAST_EPOCHS, _MOST_EPOCHS = 30, 200
_FEW, _MANY = 200, 2_000  # pictures
_FEW_VALIDATE = 100
_LATE = 2 / 3


def advise(facts: Facts) -> Advice:
    """Return what to start with."""
    batch_size = 4 if facts.num_train < _FEW else 16 if facts.num_train < _MANY else 32
    epochs = math.ceil(_UPDATES / max(1, math.ceil(facts.num_train / batch_size)))
    epochs = min(max(epochs, _LEAST_EPOCHS), _MOST_EPOCHS)
    chance = facts.num_validation < _FEW_VALIDATE
    why = Sentence(
        "A detector on features learned from a million photos. {count:,} pictures give few updates per epoch, so it trains for "
        "{epochs} epochs.",
        count=facts.num_train,
        epochs=epochs,
    )
    training = {
        "batch_size": batch_size,
        "epochs": epochs,
        "patience": 0 if chance else max(3, epochs // 4),
        "first_best": max(1, round(epochs * _LATE)) if chance else 1,
    }
    return Advice("centernet-lite0", why, {"flip": "horizontal"}, training)
