"""Objects as points, from scratch: a small convolutional network."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import models
from engine.models.detector import Detector, merged
from engine.models.regularisation import batch_norm
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("centernet", "CenterNet (small, from scratch)")
class Centernet(Detector):
    """Says for each cell of 8 pixels whether an object has its centre there, and how large it is. It has seen no other data."""

    suggested: ClassVar[dict[str, Any]] = {
        "learning_rate": 0.002, "schedule": "cosine", "batch_size": 16, "epochs": 20, "patience": 0,
    }  # fmt: skip
    searched: ClassVar[tuple[str, ...]] = ("filters",)

    filters: Annotated[int, Range(8, 64, log=True)] = 24
    """Filters of the first convolution; those after it have two, four, and four times as many."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the features zeroed before they are brought together, in training only."""

    def cells(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, height, width, channels) -> (batch, height / 8, width / 8, 4 filters)."""
        from keras import layers

        levels = []
        for number, times in enumerate((1, 2, 4, 4), 1):
            options = {"padding": "same", "use_bias": False}
            x = layers.Conv2D(times * self.filters, 3, strides=2, name=f"down{number}_conv", **options)(x)
            x = layers.Activation("relu", name=f"down{number}_activation")(batch_norm(f"down{number}_bn")(x))
            x = layers.Conv2D(times * self.filters, 3, name=f"same{number}_conv", **options)(x)
            x = layers.Activation("relu", name=f"same{number}_activation")(batch_norm(f"same{number}_bn")(x))
            levels.append(layers.Dropout(self.dropout, name=f"level{number}_dropout")(x) if number > 2 else x)
        return merged(levels[2], levels[3], 4 * self.filters, "neck")
