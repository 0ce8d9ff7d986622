"""Changes to both pictures of a pair, each in its own way."""

from typing import Annotated, Any

from engine.augmentations.base import augmentations
from engine.augmentations.image import ImageAugmentation, moved_pictures
from engine.spec import Range


@augmentations.register("image-pair", "Augmentation of pairs")
class PairAugmentation(ImageAugmentation):
    """Show the network both pictures of a pair slightly differently each epoch, so that it learns which changes do not matter."""

    tint: Annotated[float, Range(0.0, 0.9, step=0.05)] = 0.0
    """Change how bright red, green and blue are, each by up to this share: colours matter less."""

    def change(self, x: Any, seed: Any) -> tuple[Any, Any]:
        """(batch, 2, height, width, channels) 0..255 -> the same, and how each picture was moved (2 batch, 3, 3)."""
        import tensorflow as tf

        pictures = tf.reshape(x, (-1, *x.shape[2:]))
        pictures, transforms = moved_pictures(
            pictures, seed, self.flip, self.rotation, self.shift, self.zoom, self.contrast, "NEAREST"
        )
        if self.tint:
            shape = (tf.shape(pictures)[0], 1, 1, x.shape[-1])
            factors = 1 + tf.random.stateless_uniform(shape, seed + 1, -self.tint, self.tint)
            pictures = tf.clip_by_value(pictures * factors, 0.0, 255.0)
        return tf.reshape(pictures, tf.shape(x)), transforms
