"""Seeds of a network, which a validation must not move."""

from typing import Any

import keras
import numpy as np

from engine.training.checkpoint import assign


class SteadySeeds(keras.callbacks.Callback):
    """Keeps validation from changing seeds, so that it may be interrupted and repeated.

    Keras' recurrent layers draw their dropout in inference too, although they do not use it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: list[np.ndarray] = []
        self._states: list[Any] = []

    def set_model(self, model: keras.Model) -> None:
        """Find the model's seeds once: a walk through all layers takes longer than a small epoch."""
        super().set_model(model)
        self._states = [v for v in model.non_trainable_variables if v.name == "seed_generator_state"]

    def on_test_begin(self, logs: Any = None) -> None:
        """Remember the seed states."""
        self._before = [keras.ops.convert_to_numpy(state).copy() for state in self._states]

    def on_test_end(self, logs: Any = None) -> None:
        """Restore the seed states."""
        self.put_back()

    def put_back(self) -> None:
        """Restore the states from before the validation, if one has begun and not ended."""
        if self._before:
            assign(self._states, self._before)
        self._before = []
