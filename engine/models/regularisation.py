"""Weight penalties shared by the architectures."""

from typing import Any


def penalty(l1: float, l2: float) -> Any:
    """The Keras regularizer `l1 * sum|w| + l2 * sum(w^2)`, or None where both are zero."""
    import keras

    return keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
