"""What a model is: a Spec that turns preprocessed inputs into one vector an example."""

from typing import TYPE_CHECKING, Any, ClassVar

from engine.registry import Registry
from engine.spec import Spec
from engine.tasks.base import DataInfo

if TYPE_CHECKING:
    import keras


class Model(Spec):
    """Hyperparameters of one architecture, and the layers they describe.

    A network is `preprocess`, `features`, `body` and the head of the task, in this order. Layers come with Keras
    only, so that a saved network loads without this project.
    """

    modalities: ClassVar[tuple[str, ...]] = ()
    """Kinds of input it takes."""
    source: ClassVar[str] = ""
    """Paper or page that the architecture comes from."""
    suggested: ClassVar[dict[str, Any]] = {}
    """Values of other fields that suit this model (`epochs`, `learning_rate` ...): its form defaults."""

    def preprocess(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """Map raw inputs (batch, ...) to what `features` takes. Part of the saved model; not trained, not augmented.

        Images arrive as (batch, height, width, channels) with values 0 to 255; the default scales them to 0..1.
        """
        from keras import layers

        return layers.Rescaling(1 / 255, name="scale")(x)

    @property
    def frozen_features(self) -> bool:
        """Whether `features` is worth computing only once for each example, where inputs are not augmented."""
        return False

    def features(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Map preprocessed inputs to what `body` takes. Never trained, and the same for equal inputs at all times."""
        return x

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Map features (batch, ...) to one vector an example (batch, units)."""
        raise NotImplementedError(f"{type(self).__name__} must define body.")


models: Registry[Model] = Registry(
    "model", package="engine.models", order=("cnn", "mlp", "resnet", "vit", "efficientnet-lite0")
)
