"""Flips, turns, shifts, zooms and contrast for images."""

from typing import TYPE_CHECKING, Annotated, Literal

from engine.augmentations.base import Augmentation, augmentations
from engine.spec import Range

if TYPE_CHECKING:
    import keras


@augmentations.register("image", "Image augmentation")
class ImageAugmentation(Augmentation):
    """Show the network slightly different pictures each epoch, so that it learns what does not matter."""

    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    """Mirror images at random. Horizontal suits photos and clothes; never digits or letters."""
    rotation: Annotated[float, Range(0.0, 180.0, step=5.0)] = 0.0
    """Turn by up to this many degrees either way."""
    shift: Annotated[float, Range(0.0, 0.5, step=0.01)] = 0.0
    """Move by up to this share of width and height."""
    zoom: Annotated[float, Range(0.0, 0.5, step=0.01)] = 0.0
    """Enlarge or shrink by up to this share."""
    contrast: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.0
    """Change contrast by up to this share."""

    def active(self) -> bool:
        """Whether any of the changes is on."""
        return self != type(self)()

    def apply(self, x: "keras.KerasTensor", seed: int) -> "keras.KerasTensor":
        """(batch, height, width, channels) 0..255 -> the same."""
        from keras import layers

        fill = {"fill_mode": "constant", "fill_value": 0.0}
        if self.flip != "none":
            mode = "horizontal_and_vertical" if self.flip == "both" else self.flip
            x = layers.RandomFlip(mode, seed=seed, name="augment_flip")(x)
        if self.rotation:
            x = layers.RandomRotation(self.rotation / 360, seed=seed + 1, name="augment_rotate", **fill)(x)
        if self.shift:
            x = layers.RandomTranslation(self.shift, self.shift, seed=seed + 2, name="augment_shift", **fill)(x)
        if self.zoom:
            x = layers.RandomZoom(self.zoom, seed=seed + 3, name="augment_zoom", **fill)(x)
        if self.contrast:
            x = layers.RandomContrast(self.contrast, value_range=(0, 255), seed=seed + 4, name="augment_contrast")(x)
        return x
