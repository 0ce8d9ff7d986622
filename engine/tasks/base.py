"""What a task is: the head of the network, its losses and metrics, and how predictions are judged and shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from engine.registry import Registry
from engine.spec import Spec

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class DataInfo:
    """What a network must know of its data: the axes of one input, and the class names (empty for regression)."""

    shape: tuple[int, ...]
    labels: tuple[str, ...] = ()
    learned: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """What the model has learned from the training split before it is built (`Model.learn`), as plain JSON."""

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.labels)


@dataclass(frozen=True)
class Prediction:
    """A typed result for one input. `kind` picks the renderer; `values` is plain JSON."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> str:
        """One line for a terminal."""
        words = [
            f"{v:.1%}" if k == "probability" else str(v) for k, v in self.values.items() if not isinstance(v, dict)
        ]
        return " ".join(words)


class Task(Spec):
    """What is predicted from what. Its fields are the choices that belong to the task, such as the loss."""

    modality: ClassVar[str] = ""
    """Kind of input: image, text, audio or table."""
    prediction: ClassVar[str] = ""
    """Kind of result: picks the renderer in the pages."""
    metrics: ClassVar[tuple[str, ...]] = ()
    """Names of the metrics beside the loss, in the order of display."""
    objective: ClassVar[str] = ""
    """The metric that decides which epoch is best, as Keras logs it (`val_accuracy`)."""
    maximize: ClassVar[bool] = True
    """Whether more of the objective is better."""

    def inputs(self, info: DataInfo) -> "tuple[keras.KerasTensor, keras.KerasTensor]":
        """What the saved model takes and, computed from it, what networks are trained on: often the same."""
        import keras

        inputs = keras.Input(info.shape, name="inputs")
        return inputs, inputs

    def head(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """Map a representation (batch, units) to raw scores (batch, outputs), in float32."""
        raise NotImplementedError(f"{type(self).__name__} must define head.")

    def final(self, scores: "keras.KerasTensor") -> "keras.KerasTensor":
        """Map raw scores to what the saved model returns; probabilities for a classifier."""
        raise NotImplementedError(f"{type(self).__name__} must define final.")

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """`loss` and `metrics` for `keras.Model.compile`, on raw scores."""
        raise NotImplementedError(f"{type(self).__name__} must define compile_options.")

    def encode_targets(self, targets: Any, info: DataInfo) -> Any:
        """Turn a batch of stored targets into what the loss takes, inside the input pipeline (TensorFlow ops)."""
        return targets

    def class_weight(self, targets: np.ndarray, info: DataInfo) -> dict[int, float] | None:
        """Weight of each class, or None to weigh all examples alike. `targets` are those of the training split."""
        return None

    def evaluate(self, outputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Judge `outputs` (examples, outputs) of the saved model: plain JSON with `metrics` and what pages draw."""
        raise NotImplementedError(f"{type(self).__name__} must define evaluate.")

    def predictions(self, outputs: np.ndarray, info: DataInfo) -> list[Prediction]:
        """One typed result for each row of `outputs` (examples, outputs)."""
        raise NotImplementedError(f"{type(self).__name__} must define predictions.")


tasks: Registry[Task] = Registry("task", package="engine.tasks", order=("image-classification",))
