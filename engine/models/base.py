"""Models: Specs that turn preprocessed inputs into one vector per example."""

from typing import TYPE_CHECKING, Any, ClassVar

from engine.data_info import DataInfo
from engine.modalities.base import modalities
from engine.models.presets import Preset
from engine.registry import Registry
from engine.spec import Field, Spec

if TYPE_CHECKING:
    import keras
    import numpy as np

    from engine.modalities.seen import Seen

DESCENT, BOOSTING = "gradient-descent", "boosting"
"""How a model is fitted: a network by steps along the gradient, or trees one after the other."""


class Model(Spec):
    """Hyperparameters of one architecture, and the layers that they describe.

    A network is `preprocess`, `features`, `body` and the head of the task, in this order. Only Keras' own layers are used,
    so that a saved network loads without this project.
    """

    modalities: ClassVar[tuple[str, ...]] = ()
    """Kinds of input that it takes."""
    source: ClassVar[str] = ""
    """Paper or page that the architecture comes from."""
    suggested: ClassVar[dict[str, Any]] = {}
    """Values of other fields that suit this model (`epochs`, `learning_rate` ...), and its `optimizer` and `schedule`: form defaults."""
    pretrained: ClassVar[bool] = False
    """Whether it begins with weights that were learned from other data."""
    searched: ClassVar[tuple[str, ...]] = ()
    """Hyperparameters that a search varies first, besides learning rate, width and dropout."""

    fits: ClassVar[str] = DESCENT
    """How it is fitted: `DESCENT`, or `BOOSTING` for what is not a network and has no layers."""
    same_as: ClassVar[str] = ""
    """The classical method that it is itself: its runs are compared with another one."""
    unused: ClassVar[frozenset[str]] = frozenset()
    """Sections and fields of other parts that mean nothing for it, such as the optimizer: forms, searches and reports leave them out."""
    compared: ClassVar[tuple[str, ...]] = ()
    """Modalities for which a search compares it with other models first: good at such data for the time it takes."""

    heeded: ClassVar[tuple[str, ...]] = ()
    """Names of the settings of an answer that make a difference to its networks; empty: all that the task has."""
    logs: ClassVar[tuple[str, ...]] = ()
    """Names of metrics that its training logs beside those that the task logs with every model: parts of its loss."""

    @classmethod
    def used(cls, part: Spec | type[Spec]) -> list[Field]:
        """Return the fields of another part, or of its own, that mean something for it."""
        return [field for field in part.fields() if field.name not in cls.unused]

    @property
    def depends_on_seed(self) -> bool:
        """Whether anything in its training depends on the seed."""
        return True

    @property
    def preset(self) -> Preset | None:
        """The pretrained network whose files it needs; None where nothing has to be fetched."""
        return None

    def learn(self, inputs: "np.ndarray", info: DataInfo) -> dict[str, Any]:
        """Return what the network needs from the training split's `inputs` before it is built: a vocabulary, means.

        Plain JSON; `preprocess` reads it from `info.learned`, which is empty where only the shapes of the network matter.
        """
        return modalities[info.modality].learn(inputs)

    def learns(self, info: DataInfo) -> bool:
        """Whether `learn` looks at the inputs."""
        return type(self).learn is not Model.learn or modalities[info.modality].learns()

    def lengths(self, features: "np.ndarray") -> "np.ndarray | None":
        """Return the length of each example of `features` (examples, longest, ...) with padding at the end; None: all the same.

        Training then puts examples of similar length into a batch, and cuts the padding that they share.
        """
        return None

    def raw_lengths(self, inputs: "np.ndarray") -> "np.ndarray | None":
        """Return roughly what `lengths` will be for raw `inputs` (examples, ...): costs are estimated before there are features."""
        return None

    def preprocess(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Map raw inputs (batch, ...) to the input of `features`. Part of the saved model; not trained, not augmented.

        The default is what the modality does: images are scaled to 0..1, rows of tables become vectors of numbers.
        """
        return modalities[info.modality].preprocess(x, info)

    def seen(self, features: "np.ndarray", info: DataInfo) -> "list[Seen]":
        """Return what `preprocess` made of examples (examples, ...), for people: by default as the modality shows it."""
        return modalities[info.modality].seen(features, info)

    def freezes(self, info: DataInfo) -> bool:
        """Whether it pays to compute features only once for each example, where inputs are not augmented."""
        return modalities[info.modality].freezes()

    def features(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Map preprocessed inputs to the input of `body`. Never trained, and always the same for equal inputs."""
        return x

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Map features (batch, ...) to one vector per example (batch, units)."""
        raise NotImplementedError(f"{type(self).__name__} must define body.")

    def declared(self) -> dict[str, Any]:
        """Return what its task has to know of it in order to answer: plain JSON, which `info.learned[DECLARED]` has."""
        return {}

    def warm_start(self, network: "keras.Model", info: DataInfo) -> None:
        """Set weights of a built `network` that do not start at random. Not called where only shapes matter."""


class TaskModel(Model):
    """Base of networks whose task learns whatever there is to learn of the data: tokens, voices, classes."""

    def learns(self, info: DataInfo) -> bool:
        """Return False: the task learns it."""
        return False

    def learn(self, inputs: "np.ndarray", info: DataInfo) -> dict[str, Any]:
        """Return nothing, as `learns` says."""
        return {}

    def freezes(self, info: DataInfo) -> bool:
        """Return False: everything is trained."""
        return False


models: Registry[Model] = Registry(
    "model",
    package="engine.models",
    order=(
        *("cnn", "mlp", "resnet", "vit", "efficientnet-lite0", "linear", "residual-mlp"),
        "boosted-trees",
        *("lstm", "gru", "textcnn", "bag-of-embeddings", "tf-idf", "transformer", "bert"),
        *("crnn", "audio-cnn", "audio-transformer"),
        *("gpt", "lstm-lm"),
        *("transformer-seq2seq", "gru-attention", "pointer-generator"),
        *("series-gru", "tcn", "patch-transformer"),
        *("two-tower", "matrix-factorisation", "gru4rec"),
        *("centernet-lite0", "centernet"),
        "embedding-cnn",
        *("ctc-crnn", "ctc-conformer"),
        "mel-decoder",
        "flow-matching",
        "vae",
    ),
)
