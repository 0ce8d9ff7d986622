"""The facts that costs depend on, as plain numbers counted by code that knows Keras. Keras is not imported here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkFacts:
    """A network with its data. Operations and numbers are per example."""

    parameters: int
    trainable_parameters: int
    optimizer_slots: float
    """Numbers that the optimizer keeps for each trained weight."""
    flops: int
    """Floating point operations of the trained part, forward."""
    frozen_flops: int
    """Floating point operations of the part computed once for each example before training."""
    kept_numbers: int
    """Numbers that the backward pass needs for the longest example."""
    widest_numbers: int
    """The largest output of any layer for the longest example."""
    train_examples: int
    data_bytes: int
    """Inputs of training and validation, as they are held in memory."""
