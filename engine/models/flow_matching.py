"""Flow matching: a U-Net that tells noise which way the picture lies."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import models
from engine.models.pictures import PictureModel
from engine.pictures.flow import PICTURE, TIME, VELOCITY, flow_network
from engine.spec import ADVANCED, FORKABLE, Range
from engine.tasks.graph import STORED, Tensors

if TYPE_CHECKING:
    import keras

    from engine.data_info import DataInfo

_LEVELS, _GROUPS, _SMALLEST = 3, 8, 4


@models.register("flow-matching", "Flow matching (U-Net)")
class FlowMatching(PictureModel):
    """Learns in which direction a noisy picture becomes a clean one, for each class, and goes that way from pure noise."""

    source: ClassVar[str] = "Lipman et al. 2023, https://arxiv.org/abs/2210.02747"
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw", "learning_rate": 0.002, "schedule": "cosine", "batch_size": 64, "epochs": 12, "patience": 0,
        "image_size": 32, "dropout": 0.0,
    }  # fmt: skip
    searched: ClassVar[tuple[str, ...]] = ("filters",)
    heeded: ClassVar[tuple[str, ...]] = ("count", "guidance", "steps", "seed")

    filters: Annotated[int, Range(8, 128, log=True)] = 32
    """Filters at half the width and height of the pictures; twice as many a level below, and three times as many at the bottom."""
    blocks: Annotated[int, Range(1, 3), ADVANCED] = 1
    """Residual blocks at each level, on the way down and on the way up."""
    embedding: Annotated[int, Range(16, 256, log=True), ADVANCED] = 64
    """Length of the vector of time and class that every block sees."""

    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.0
    """Fraction of the numbers in a block that are zeroed, in training only: for few pictures, which would be learned by heart."""

    def network(self, inputs: Any, outputs: Any, name: str) -> Any:
        """A model that draws noise and time, and has its loss."""
        return flow_network()(inputs, outputs, name=name)

    def batch(self, inputs: Any, targets: Any, info: "DataInfo") -> tuple[Any, Any]:
        """Numbers, pictures from -1 to 1, and a time that the network draws itself."""
        import tensorflow as tf

        pictures = tf.cast(targets, tf.float32) / 127.5 - 1
        time = tf.zeros((tf.shape(inputs)[0], 1))
        return {"inputs": inputs, "picture": pictures, "time": time}, inputs

    def draws(self, classes: int, shape: tuple[int, ...]) -> Tensors:
        """Class, noisy picture and time -> velocity: once to be trained, once for the average of its weights."""
        import keras

        number = keras.Input((1,), dtype="int32", name=STORED)
        picture = keras.Input(shape, name=PICTURE)
        time = keras.Input((1,), name=TIME)
        trained = self._unet(number, picture, time, classes, "")
        average = self._unet(number, picture, time, classes, "average_")
        extra = {PICTURE: picture, TIME: time}
        return Tensors(number, number, number, trained, {VELOCITY: average}, extra=extra, averaged=True)

    def _unet(
        self,
        number: "keras.KerasTensor",
        picture: "keras.KerasTensor",
        time: "keras.KerasTensor",
        classes: int,
        before: str,
    ) -> "keras.KerasTensor":
        """(batch, height, width, channels) -> the same, in float32."""
        from keras import layers

        when = layers.Dense(self.embedding, activation="silu", name=f"{before}time_hidden")(time)
        when = layers.Dense(self.embedding, name=f"{before}time_vector")(when)
        which = layers.Flatten(name=f"{before}class_vector")(
            layers.Embedding(classes, self.embedding, name=f"{before}class_table")(number)
        )
        seen = layers.Activation("silu", name=f"{before}condition")(
            layers.Add(name=f"{before}when_and_which")([when, which])
        )
        x = layers.Conv2D(self.filters, 4, strides=2, padding="same", name=f"{before}stem")(picture)
        ways = []
        for level in range(1, _LEVELS + 1):
            if level > 1:
                if min(x.shape[1:3]) < _SMALLEST:
                    break  # a picture of 8 pixels cannot be halved three times
                x = layers.Conv2D(level * self.filters, 3, strides=2, padding="same", name=f"{before}down{level}")(x)
            for block in range(1, self.blocks + 1):
                x = _block(x, seen, level * self.filters, self.dropout, f"{before}down{level}_block{block}")
            ways.append(x)
        x = _attend(x, f"{before}middle")
        x = _block(x, seen, x.shape[-1], self.dropout, f"{before}middle_block")
        for level in range(len(ways), 0, -1):
            way = ways[level - 1]
            if level < len(ways):
                x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{before}up{level}_double")(x)
                x = _cropped(x, way, f"{before}up{level}_crop")
            x = layers.Concatenate(name=f"{before}up{level}_skip")([x, way])
            for block in range(1, self.blocks + 1):
                x = _block(x, seen, level * self.filters, self.dropout, f"{before}up{level}_block{block}")
        x = layers.Activation("silu", name=f"{before}last")(_normal(x, f"{before}last_norm"))
        half = max(8, self.filters // 2)
        x = layers.Conv2DTranspose(half, 4, strides=2, padding="same", name=f"{before}whole")(x)
        x = layers.Concatenate(name=f"{before}whole_skip")([_cropped(x, picture, f"{before}whole_crop"), picture])
        x = layers.Conv2D(half, 3, padding="same", activation="silu", name=f"{before}whole_conv")(x)
        channels = picture.shape[-1]
        return layers.Conv2D(
            channels, 3, padding="same", kernel_initializer="zeros", dtype="float32", name=f"{before}velocity"
        )(x)


def _normal(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    from keras import layers

    groups = next(count for count in range(min(_GROUPS, x.shape[-1]), 0, -1) if x.shape[-1] % count == 0)
    return layers.GroupNormalization(groups, name=name)(x)


def _block(
    x: "keras.KerasTensor", seen: "keras.KerasTensor", filters: int, dropout: float, name: str
) -> "keras.KerasTensor":
    """A residual block that is told time and class."""
    from keras import layers

    y = layers.Activation("silu", name=f"{name}_first")(_normal(x, f"{name}_first_norm"))
    y = layers.Conv2D(filters, 3, padding="same", name=f"{name}_first_conv")(y)
    told = layers.Reshape((1, 1, filters), name=f"{name}_told")(layers.Dense(filters, name=f"{name}_tell")(seen))
    y = layers.Add(name=f"{name}_hear")([y, told])
    y = layers.Activation("silu", name=f"{name}_second")(_normal(y, f"{name}_second_norm"))
    y = layers.Dropout(dropout, name=f"{name}_dropout")(y)
    y = layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros", name=f"{name}_second_conv")(y)
    if x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, name=f"{name}_skip")(x)
    return layers.Add(name=f"{name}_add")([x, y])


def _attend(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Every place looks at all others."""
    from keras import layers

    height, width, filters = x.shape[1:]
    y = layers.Reshape((height * width, filters), name=f"{name}_places")(_normal(x, f"{name}_norm"))
    y = layers.MultiHeadAttention(2, max(1, filters // 2), name=f"{name}_attention")(y, y)
    y = layers.Reshape((height, width, filters), name=f"{name}_grid")(y)
    return layers.Add(name=f"{name}_add")([x, y])


def _cropped(x: "keras.KerasTensor", like: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Cut to the height and width of another, at the end: where that was odd, doubling its half gives one too many."""
    from keras import layers

    over = [x.shape[axis] - like.shape[axis] for axis in (1, 2)]
    return layers.Cropping2D([(0, over[0]), (0, over[1])], name=name)(x) if any(over) else x
