"""Flips, turns, shifts, zooms and contrast for images."""

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from engine.augmentations.base import Augmentation, augmentations
from engine.spec import Range

if TYPE_CHECKING:
    import keras


@augmentations.register("image", "Image augmentation")
class ImageAugmentation(Augmentation):
    """Show the network slightly different images each epoch, so that it learns which changes do not matter."""

    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    """Mirror images at random. Horizontal suits photos and clothes, never digits or letters."""
    rotation: Annotated[float, Range(0.0, 180.0, step=5.0)] = 0.0
    """Rotate by up to this many degrees in either direction."""
    shift: Annotated[float, Range(0.0, 0.5, step=0.01)] = 0.0
    """Shift by up to this share of width and height."""
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

    def change(self, x: Any, seed: Any) -> tuple[Any, Any]:
        """(batch, height, width, channels) 0..255 -> the same, and how each was moved (batch, 3, 3)."""
        return moved_pictures(x, seed, self.flip, self.rotation, self.shift, self.zoom, self.contrast, "CONSTANT")


def moved_pictures(
    x: Any, seed: Any, flip: str, rotation: float, shift: float, zoom: float, contrast: float, edges: str
) -> tuple[Any, Any]:
    """Change pictures as `ImageAugmentation.change` says, inside the input pipeline.

    `edges`: what is outside of them, black (CONSTANT) or as at the nearest edge (NEAREST).
    """
    import tensorflow as tf

    count, (height, width) = tf.shape(x)[0], x.shape[1:3]
    draws = tf.unstack(tf.random.stateless_uniform((7, count), seed, -1.0, 1.0))
    one, zero = tf.ones_like(draws[0]), tf.zeros_like(draws[0])
    mirrored = [
        tf.where(draw < 0, -one, one) if flip in (way, "both") else one
        for draw, way in zip(draws, ("horizontal", "vertical"), strict=False)
    ]
    angle, larger = draws[2] * (rotation * math.pi / 180), 1 + draws[3] * zoom
    cos, sin = tf.cos(angle) * larger, tf.sin(angle) * larger
    turned = _matrices([cos * mirrored[0], -sin * mirrored[1], zero], [sin * mirrored[0], cos * mirrored[1], zero])
    to_pixels = tf.constant([[width, 0, -width / 2], [0, height, -height / 2], [0, 0, 1]], tf.float32)
    moved = _matrices([one, zero, draws[4] * shift], [zero, one, draws[5] * shift])
    transforms = moved @ tf.linalg.inv(to_pixels) @ turned @ to_pixels
    x = _warped(x, transforms, edges)
    if contrast:
        factor = (1 + draws[6] * contrast)[:, None, None, None]
        mean = tf.reduce_mean(x, (1, 2), keepdims=True)
        x = tf.clip_by_value((x - mean) * factor + mean, 0.0, 255.0)
    return x, transforms


def _matrices(*rows: list[Any]) -> Any:
    """Two rows of three numbers (batch,) -> (batch, 3, 3), with 0, 0, 1 below."""
    import tensorflow as tf

    last = [tf.zeros_like(rows[0][0]), tf.zeros_like(rows[0][0]), tf.ones_like(rows[0][0])]
    return tf.stack([tf.stack(row, -1) for row in (*rows, last)], 1)


def _warped(x: Any, transforms: Any, edges: str) -> Any:
    """Pictures (batch, height, width, channels) moved by (batch, 3, 3), which map places from 0 to 1."""
    import tensorflow as tf

    height, width = x.shape[1:3]
    to_places = tf.constant([[1 / width, 0, 0.5 / width], [0, 1 / height, 0.5 / height], [0, 0, 1]], tf.float32)
    back = tf.linalg.inv(to_places) @ tf.linalg.inv(transforms) @ to_places  # from a pixel to where it comes from
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=tf.reshape(back, (-1, 9))[:, :8],
        output_shape=(height, width),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode=edges,
    )
