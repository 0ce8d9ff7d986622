"""Checkpoints written directly, without a run around them."""

from pathlib import Path

import keras
import numpy as np

from engine.training.checkpoint import Position, checkpoint_arrays, write_arrays


def save_checkpoint(
    path: Path, model: keras.Model, position: Position, means: list[np.ndarray], best: list[np.ndarray] | None
) -> None:
    """Write weights, seed states and optimizer with the rest."""
    write_arrays(path, checkpoint_arrays(model, position, means, best))
