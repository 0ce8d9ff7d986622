"""Variational autoencoder: pictures and places in a space that is small enough to walk through."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import models
from engine.models.pictures import PictureModel
from engine.pictures.flow import PICTURE
from engine.pictures.latent import DECODED, LATENT, MEAN, SPREAD, vae_network
from engine.spec import FORKABLE, Range
from engine.tasks.graph import STORED, Tensors

if TYPE_CHECKING:
    import keras

    from engine.data_info import DataInfo

_SMALLEST, _MOST_LEVELS, _WIDEST = 7, 4, 4


@models.register("vae", "Variational autoencoder")
class Vae(PictureModel):
    """Squeezes each picture into a few numbers and learns to make it of them again; other numbers make pictures that nobody has drawn."""

    source: ClassVar[str] = "Kingma and Welling 2014, https://arxiv.org/abs/1312.6114"
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adam", "learning_rate": 0.002, "schedule": "cosine", "batch_size": 64, "epochs": 18, "patience": 0, "image_size": 32,
    }  # fmt: skip
    searched: ClassVar[tuple[str, ...]] = ("latent", "filters", "beta")
    heeded: ClassVar[tuple[str, ...]] = ("count", "seed", "view", "spread", "other_seed", "across", "down")
    logs: ClassVar[tuple[str, ...]] = ("reconstruction", "divergence")

    latent: Annotated[int, Range(2, 128, log=True)] = 16
    """Numbers that stand for a picture, beside its class. With 2 all of them fit on a map; more make sharper pictures."""
    filters: Annotated[int, Range(8, 128, log=True)] = 32
    """Filters at half the width and height of the pictures, and twice as many at the next level."""
    units: Annotated[int, Range(8, 1024, log=True)] = 256
    """Width of the hidden layers between filters and latent numbers."""
    beta: Annotated[float, Range(0.05, 10.0, log=True), FORKABLE] = 1.0
    """Weight of the divergence. Above 1: the latent space is smoother and pictures blur; below 1: reconstructions are sharper, and
    places drawn at random make stranger pictures. At 1 the loss is the negative ELBO."""
    warm_up: Annotated[int, Range(0, 20_000), FORKABLE] = 500
    """Updates during which the weight of the divergence rises from 0, so that the network first learns to use its latent numbers."""

    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.0
    """Fraction of the hidden units before the latent numbers that are zeroed, in training only: for few pictures."""

    def declared(self) -> dict[str, Any]:
        """How many numbers a place has."""
        return {LATENT: self.latent}

    def network(self, inputs: Any, outputs: Any, name: str) -> Any:
        """A model that draws places, and has its loss."""
        return vae_network()(inputs, outputs, latent=self.latent, beta=self.beta, warm_up=self.warm_up, name=name)

    def batch(self, inputs: Any, targets: Any, info: "DataInfo") -> tuple[Any, Any]:
        """Numbers, pictures from -1 to 1, and noise that the network draws itself."""
        import tensorflow as tf

        pictures = tf.cast(targets, tf.float32) / 127.5 - 1
        noise = tf.zeros((tf.shape(inputs)[0], self.latent))
        return {"inputs": inputs, "picture": pictures, "latent": noise}, inputs

    def draws(self, classes: int, shape: tuple[int, ...]) -> Tensors:
        """Class, picture and noise -> what it is made to, and where it lies; a place instead of the noise -> the picture there."""
        import keras
        from keras import layers, ops

        number = keras.Input((1,), dtype="int32", name=STORED)
        picture = keras.Input(shape, name=PICTURE)
        noise = keras.Input((self.latent,), name=LATENT)
        which = layers.Flatten(name="class_vector")(
            layers.Embedding(classes, self.units // 4, name="class_table")(number)
        )
        mean, spread = self._encode(picture, which)
        decode = self._decoder(shape)
        again = decode(mean + ops.exp(spread / 2) * noise, which)
        scores = layers.Concatenate(dtype="float32", name="scores")(
            [layers.Flatten(name="pixels")(again), mean, spread]
        )
        made = layers.Activation("tanh", dtype="float32", name=DECODED)(decode(noise, which) / 2)
        return Tensors(
            number,
            number,
            number,
            scores,
            {DECODED: made, MEAN: mean, SPREAD: spread},
            extra={PICTURE: picture, LATENT: noise},
        )

    def _encode(
        self, picture: "keras.KerasTensor", which: "keras.KerasTensor"
    ) -> tuple["keras.KerasTensor", "keras.KerasTensor"]:
        """(batch, height, width, channels) and a vector of the class -> mean and log variance (batch, latent), in float32."""
        from keras import layers

        x = picture
        for level in range(1, _levels(picture.shape[1:3]) + 1):
            filters = min(_WIDEST, 2 ** (level - 1)) * self.filters
            x = layers.Conv2D(filters, 4, strides=2, padding="same", activation="relu", name=f"down{level}")(x)
        x = layers.Concatenate(name="seen")([layers.Flatten(name="places")(x), which])
        x = layers.Dense(self.units, activation="relu", name="squeezed")(x)
        x = layers.Dropout(self.dropout, name="squeezed_dropout")(x)
        return (
            layers.Dense(self.latent, dtype="float32", name=MEAN)(x),
            layers.Dense(self.latent, dtype="float32", name=SPREAD)(x),
        )

    def _decoder(self, shape: tuple[int, ...]) -> "Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]":
        """Return a function from places (batch, latent) and vectors of classes to log odds of pixels (batch, *shape)."""
        from keras import layers

        sizes = [tuple(shape[:2])]
        for _level in range(_levels(sizes[0])):
            sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
        filters = [min(_WIDEST, 2**level) * self.filters for level in range(len(sizes) - 1)]
        height, width = sizes[-1]
        parts = [
            layers.Dense(self.units, activation="relu", name="unfolded"),
            layers.Dense(height * width * filters[-1], activation="relu", name="coarse"),
            layers.Reshape((height, width, filters[-1]), name="coarse_grid"),
        ]
        for level in range(len(sizes) - 1, 0, -1):
            fine, wanted = sizes[level], sizes[level - 1]
            deep = filters[level - 2] if level > 1 else max(8, self.filters // 2)
            parts.append(
                layers.Conv2DTranspose(deep, 4, strides=2, padding="same", activation="relu", name=f"up{level}")
            )
            over = [2 * fine[axis] - wanted[axis] for axis in (0, 1)]
            if any(over):
                parts.append(layers.Cropping2D([(0, over[0]), (0, over[1])], name=f"up{level}_crop"))
        parts.append(layers.Conv2D(shape[2], 3, padding="same", dtype="float32", name="log_odds"))
        given = layers.Concatenate(name="given")

        def decode(place: "keras.KerasTensor", which: "keras.KerasTensor") -> "keras.KerasTensor":
            x = given([place, which])
            for part in parts:
                x = part(x)
            return x

        return decode


def _levels(size: tuple[int, ...]) -> int:
    """Return how often a picture is halved: until its smaller side has at most 7 pixels."""
    side, levels = min(size), 0
    while levels == 0 or (side > _SMALLEST and levels < _MOST_LEVELS):
        side, levels = -(-side // 2), levels + 1
    return levels
