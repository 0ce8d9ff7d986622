"""One layer of weights: the best that is possible without a hidden layer."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import Model, models
from engine.spec import FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("linear", "Linear model")
class Linear(Model):
    """A weighted sum of the inputs for each output: logistic or linear regression, trained by gradient descent.

    Of a series the last value is taken off before, and added afterwards: this is NLinear, hard to beat where the past repeats itself
    (Zeng et al. 2023, https://arxiv.org/abs/2205.13504).
    """

    modalities: ClassVar[tuple[str, ...]] = ("table", "image", "time-series")
    source: ClassVar[str] = "Cox 1958, https://doi.org/10.1111/j.2517-6161.1958.tb00292.x"
    suggested: ClassVar[dict[str, Any]] = {"learning_rate": 0.01}
    compared: ClassVar[tuple[str, ...]] = ("table", "time-series")

    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.0
    """Fraction of the inputs zeroed, in training only."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, ...) -> (batch, inputs)."""
        from keras import layers

        return layers.Dropout(self.dropout, name="inputs_dropout")(layers.Flatten(name="flatten")(x))
