"""Base of all tasks with classes: softmax, losses, accuracy, confusion matrix, per-class figures."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.evaluation.classes import class_scores, evaluate_classes
from engine.metrics import ACCURACY, Metric
from engine.spec import ADVANCED, FORKABLE, Range
from engine.targets import Classes, Targets
from engine.tasks.base import Prediction, Task
from engine.tasks.contents import Classes as ClassContents
from engine.tasks.contents import Contents

if TYPE_CHECKING:
    import keras


class Classification(Task):
    """One label out of a fixed set for each input."""

    targets: ClassVar[Targets] = Classes()
    baselines: ClassVar[bool] = True
    prediction: ClassVar[str] = "classes"
    contents: ClassVar[type[Contents]] = ClassContents
    metrics: ClassVar[tuple[Metric, ...]] = (ACCURACY,)
    occludes: ClassVar[bool] = True
    objective: ClassVar[str] = "val_accuracy"

    loss: Annotated[Literal["cross-entropy", "mean-squared-error", "hinge"], ADVANCED, FORKABLE] = "cross-entropy"
    r"""Quantity that training minimises. Cross-entropy: $-\sum_k y_k \log p_k$. Mean squared error of the probabilities:
    $\frac{1}{K}\sum_k (y_k - p_k)^2$. Hinge: $\max(0,\, 1 + \max_{j \ne k} s_j - s_k)$ on the raw scores $s$."""
    label_smoothing: Annotated[float, Range(0.0, 0.3, step=0.01), ADVANCED, FORKABLE] = 0.0
    r"""Train towards $(1-\alpha)\,y + \alpha / K$ instead of hard labels: less overconfident. Cross-entropy only."""
    class_weights: Annotated[bool, ADVANCED, FORKABLE] = False
    r"""Give rare classes more weight: $w_k = N / (K N_k)$. Use it when classes differ a lot in size."""

    def head(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """(batch, units) -> (batch, classes), raw scores in float32 also under mixed precision."""
        from keras import layers

        return layers.Dense(info.num_classes, dtype="float32", name="scores")(x)

    def final(self, scores: "keras.KerasTensor") -> "keras.KerasTensor":
        """(batch, classes) scores -> (batch, classes) probabilities that sum to 1."""
        from keras import layers

        return layers.Softmax(dtype="float32", name="probabilities")(scores)

    def final_of(self, scores: np.ndarray) -> np.ndarray:
        """Return probabilities (examples, classes)."""
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
        return found

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The chosen loss on scores, and accuracy."""
        import keras

        smoothing = self.label_smoothing
        loss: Any = {
            "cross-entropy": keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing),
            "mean-squared-error": _mean_squared_error_of_probabilities,
            "hinge": keras.losses.CategoricalHinge(),
        }[self.loss]
        return {"loss": loss, "metrics": [keras.metrics.CategoricalAccuracy("accuracy")]}

    def encode_targets(self, targets: Any, info: DataInfo) -> Any:
        """(batch,) class indices -> (batch, classes) one-hot."""
        import tensorflow as tf

        return tf.one_hot(targets, info.num_classes)

    def class_weight(self, targets: np.ndarray, info: DataInfo) -> dict[int, float] | None:
        """`N / (K N_k)` for each class k, so that every class counts alike in sum."""
        if not self.class_weights:
            return None
        counts = np.bincount(targets, minlength=info.num_classes)
        return {k: float(len(targets) / (info.num_classes * max(n, 1))) for k, n in enumerate(counts)}

    def evaluate(self, outputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Figures, confusion matrix, curves and calibration of the probabilities: see `evaluate_classes`."""
        return evaluate_classes(outputs, targets, info.labels)

    def guess(self, targets: np.ndarray, count: int, info: DataInfo) -> tuple[str, np.ndarray] | None:
        """The most frequent class, with each class as probable as it is frequent."""
        counts = np.bincount(targets, minlength=info.num_classes)
        return info.labels[int(counts.argmax())], np.tile(counts / counts.sum(), (count, 1))

    @classmethod
    def example_scores(cls, outputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
        """Right or wrong, and minus the logarithm of the true class's probability."""
        return class_scores(outputs, targets)

    def effects(self, outputs: np.ndarray) -> np.ndarray:
        """Return the loss in probability of the predicted class."""
        of_class: np.ndarray = outputs[:, int(outputs[0].argmax())]
        lost: np.ndarray = of_class[0] - of_class[1:]
        return lost

    def describe(self, target: Any, info: DataInfo) -> str:
        """Return its label."""
        return info.labels[int(target)]

    def heights(self, outputs: np.ndarray, info: DataInfo) -> np.ndarray:
        """Index of the likeliest class plus its probability."""
        return np.asarray(outputs.argmax(axis=1) + np.minimum(outputs.max(axis=1), 0.999))

    def predictions(self, outputs: np.ndarray, info: DataInfo) -> list[Prediction]:
        """Label, probability and all class probabilities for each row."""
        return [
            Prediction(
                "classes",
                {
                    "label": info.labels[int(row.argmax())],
                    "probability": float(row.max()),
                    "probabilities": dict(zip(info.labels, map(float, row), strict=True)),
                },
            )
            for row in outputs
        ]


def _mean_squared_error_of_probabilities(targets: Any, scores: Any) -> Any:
    """Brier score: (batch, classes) one-hot and scores -> (batch,)."""
    from keras import ops

    return ops.mean(ops.square(targets - ops.softmax(scores)), axis=-1)
