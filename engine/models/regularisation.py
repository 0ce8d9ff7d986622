"""Weight penalties and normalisation shared by the architectures."""

from typing import Any


def penalty(l1: float, l2: float) -> Any:
    """Return the Keras regularizer `l1 * sum|w| + l2 * sum(w^2)`, or None where both are zero."""
    import keras

    return keras.regularizers.L1L2(l1, l2) if l1 or l2 else None


def batch_norm(name: str) -> Any:
    """Return batch normalisation whose inference statistics keep up with a short training.

    Keras' default momentum of 0.99 needs hundreds of steps before inference sees the statistics of training.
    """
    from keras import layers

    return layers.BatchNormalization(momentum=0.9, name=name)
