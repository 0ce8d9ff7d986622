"""Multilayer perceptron: the first network of any textbook."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from engine.models.base import Model, models
from engine.models.regularisation import batch_norm, penalty
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras


@models.register("mlp", "Multilayer perceptron (MLP)")
class Mlp(Model):
    """Dense layers with dropout on pixels or on the columns of a table: fast, and the reference for other models to beat."""

    modalities: ClassVar[tuple[str, ...]] = ("image", "table", "time-series")
    source: ClassVar[str] = "Rumelhart, Hinton, Williams 1986, https://doi.org/10.1038/323533a0"
    searched: ClassVar[tuple[str, ...]] = ("depth",)
    compared: ClassVar[tuple[str, ...]] = ("table", "time-series")

    units: Annotated[int, Range(8, 1024, log=True)] = 128
    """Width of the hidden layers."""
    depth: Annotated[int, Range(1, 6)] = 1
    """Number of hidden layers."""
    narrowing: Annotated[bool, ADVANCED] = False
    """Make each hidden layer half as wide as the one before it, as textbooks do for tables."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of units zeroed after each hidden layer, in training only. More dropout: less overfitting, slower learning."""
    activation: Literal["relu", "gelu", "silu", "tanh", "sigmoid"] = "relu"
    r"""Nonlinearity after each hidden layer. ReLU: $\max(0, x)$."""
    batch_normalisation: Annotated[bool, ADVANCED] = False
    r"""Normalise each layer's outputs over the batch: $\hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}$."""
    l1: Annotated[float, Range(0.0, 0.1), ADVANCED, FORKABLE] = 0.0
    r"""L1 penalty: adds $\lambda \sum |w|$ to the loss; drives small weights to zero."""
    l2: Annotated[float, Range(0.0, 0.1), ADVANCED, FORKABLE] = 0.0
    r"""L2 penalty: adds $\lambda \sum w^2$ to the loss; keeps weights small."""

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, ...) -> (batch, units)."""
        from keras import layers

        x = layers.Flatten(name="flatten")(x)
        for number in range(self.depth):
            name = f"hidden{number + 1}"
            units = max(1, self.units >> number) if self.narrowing else self.units
            x = layers.Dense(units, kernel_regularizer=penalty(self.l1, self.l2), name=name)(x)
            if self.batch_normalisation:
                x = batch_norm(f"{name}_bn")(x)
            x = layers.Activation(self.activation, name=f"{name}_activation")(x)
            x = layers.Dropout(self.dropout, name=f"{name}_dropout")(x)
        return x
