"""Changes to pictures whose boxes move along."""

from engine.augmentations.base import augmentations
from engine.augmentations.image import ImageAugmentation


@augmentations.register("scene", "Scene augmentation")
class SceneAugmentation(ImageAugmentation):
    """Show the network slightly different pictures each epoch. Boxes move with what is in them."""
