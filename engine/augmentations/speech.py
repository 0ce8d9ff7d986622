"""Changes to spectrograms of speech: hidden spans of time and bands of frequency, other ones in each epoch."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from engine.augmentations.audio import hide_layer
from engine.augmentations.base import Augmentation, augmentations
from engine.spec import Range

if TYPE_CHECKING:
    import keras


@augmentations.register("speech", "Speech augmentation")
class SpeechAugmentation(Augmentation):
    """Mask spans of time and bands of frequency (SpecAugment, Park et al. 2019, https://arxiv.org/abs/1904.08779)."""

    on_features: ClassVar[bool] = True

    hide_time: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.0
    """Hide two time spans, each up to this share of the recording; they differ in each epoch."""
    hide_pitch: Annotated[float, Range(0.0, 0.5, step=0.05)] = 0.0
    """Hide two frequency bands, each up to this share of all bands; they differ in each epoch."""

    def active(self) -> bool:
        """Whether any of the changes is on."""
        return bool(self.hide_time or self.hide_pitch)

    def apply(self, x: "keras.KerasTensor", seed: int) -> "keras.KerasTensor":
        """Spectrograms (batch, columns, bands) -> the same, with stretches of zeros: masked parts look average."""
        hide = hide_layer()
        if self.hide_time:
            x = hide(1, self.hide_time, seed, name="augment_hide_time")(x)
        if self.hide_pitch:
            x = hide(2, self.hide_pitch, seed + 1, name="augment_hide_pitch")(x)
        return x
