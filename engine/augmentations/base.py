"""Augmentations: Specs of random changes that keep the label true, applied in training only."""

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from engine.registry import Registry
from engine.spec import Spec

if TYPE_CHECKING:
    import keras


class Augmentation(Spec):
    """Random changes for one modality; registered under the modality's name.

    Cheap changes happen in `apply`, again at each step. Expensive ones can be made once, before features
    are computed: `vary` then makes `copies` versions of the training split, and each epoch draws one for each example.
    """

    on_features: ClassVar[bool] = False
    """Whether `apply` changes the features that a network is trained on; otherwise it changes raw inputs."""
    made_once: ClassVar[tuple[str, ...]] = ()
    """The fields that `vary` depends on: versions are made again only when one of these changes."""

    def active(self) -> bool:
        """Whether anything is changed at all."""
        raise NotImplementedError(f"{type(self).__name__} must define active.")

    def apply(self, x: "keras.KerasTensor", seed: int) -> "keras.KerasTensor":
        """Map inputs (batch, ...) to changed ones of the same shape, with Keras layers that do nothing in inference."""
        raise NotImplementedError(f"{type(self).__name__} must define apply.")

    def change(self, x: Any, seed: Any) -> tuple[Any, Any]:
        """Change a batch (batch, ...) in the input pipeline and say how it was moved, for targets that move along.

        `seed` (2,) int64 decides everything: the same step of the same run is changed alike after a resume. Returns the
        changed batch and `transforms` (batch, 3, 3): see `Task.move`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define change.")

    @property
    def copies(self) -> int:
        """Number of versions of the training split that `vary` makes, including the unchanged one."""
        return 1

    def vary(self, inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return a changed version of raw `inputs` (examples, ...), of the same shape and type."""
        return inputs


augmentations: Registry[Augmentation] = Registry("augmentation", package="engine.augmentations")
