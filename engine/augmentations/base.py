"""What an augmentation is: a Spec of random changes that keep the label true, applied in training only."""

from typing import TYPE_CHECKING

from engine.registry import Registry
from engine.spec import Spec

if TYPE_CHECKING:
    import keras


class Augmentation(Spec):
    """Random changes for one modality; registered under the modality's name."""

    def active(self) -> bool:
        """Whether anything is changed at all."""
        raise NotImplementedError(f"{type(self).__name__} must define active.")

    def apply(self, x: "keras.KerasTensor", seed: int) -> "keras.KerasTensor":
        """Map raw inputs (batch, ...) to changed ones of the same shape, with Keras layers that idle in inference."""
        raise NotImplementedError(f"{type(self).__name__} must define apply.")


augmentations: Registry[Augmentation] = Registry("augmentation", package="engine.augmentations")
