"""What a model is: a Spec that turns preprocessed inputs into one vector an example."""

from typing import TYPE_CHECKING, Any, ClassVar

from engine.data_info import DataInfo
from engine.modalities.base import modalities
from engine.registry import Registry
from engine.spec import Spec

if TYPE_CHECKING:
    import keras
    import numpy as np


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
    searched: ClassVar[tuple[str, ...]] = ()
    """Hyperparameters that a search varies first, beside learning rate, width and dropout."""

    def learn(self, inputs: "np.ndarray", info: DataInfo) -> dict[str, Any]:
        """What must be known of the training split's `inputs` before the network is built: a vocabulary, means.

        Plain JSON; `preprocess` finds it as `info.learned`, which is empty where only the shapes of the network count.
        """
        return modalities[info.modality].learn(inputs)

    def learns(self, info: DataInfo) -> bool:
        """Whether `learn` looks at the inputs at all."""
        return type(self).learn is not Model.learn or modalities[info.modality].learns()

    def lengths(self, features: "np.ndarray") -> "np.ndarray | None":
        """Length of each example of `features` (examples, longest, ...) that ends in padding; None: all count alike.

        Training then puts examples of similar length into a batch, and cuts the padding that they share.
        """
        return None

    def raw_lengths(self, inputs: "np.ndarray") -> "np.ndarray | None":
        """What `lengths` will be of raw `inputs` (examples, ...), about: what a run costs is told before there are features."""
        return None

    def preprocess(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Map raw inputs (batch, ...) to what `features` takes. Part of the saved model; not trained, not augmented.

        The default is what the modality does: images are scaled to 0..1, rows of tables become vectors of numbers.
        """
        return modalities[info.modality].preprocess(x, info)

    def freezes(self, info: DataInfo) -> bool:
        """Whether features are worth computing only once for each example, where inputs are not augmented."""
        return modalities[info.modality].freezes()

    def features(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Map preprocessed inputs to what `body` takes. Never trained, and the same for equal inputs at all times."""
        return x

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Map features (batch, ...) to one vector an example (batch, units)."""
        raise NotImplementedError(f"{type(self).__name__} must define body.")

    def warm_start(self, network: "keras.Model", info: DataInfo) -> None:
        """Change weights of a built `network` that do not start at random. Not asked where only shapes count."""


models: Registry[Model] = Registry(
    "model",
    package="engine.models",
    order=(
        *("cnn", "mlp", "resnet", "vit", "efficientnet-lite0", "linear", "residual-mlp"),
        *("lstm", "gru", "textcnn", "bag-of-embeddings", "transformer"),
        *("crnn", "audio-cnn", "audio-transformer"),
    ),
)
