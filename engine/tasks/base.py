"""What a task is: the head of the network, its losses and metrics, and how predictions are judged and shown."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.metrics import Metric, declare, metric_named
from engine.modalities.base import modalities
from engine.registry import Registry
from engine.spec import Spec

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Prediction:
    """A typed result for one input. `kind` picks the renderer; `values` is plain JSON.

    Beside what a kind has, `values` may say what was `unknown` in the input: categories by column that training never saw.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> str:
        """One line for a terminal."""
        words = [
            f"{v:.1%}" if k == "probability" else str(v) for k, v in self.values.items() if not isinstance(v, dict)
        ]
        if unknown := self.values.get("unknown"):
            words.append(f"(unknown: {', '.join(f'{column} {name!r}' for column, name in unknown.items())})")
        return " ".join(words)


class Task(Spec):
    """What is predicted from what. Its fields are the choices that belong to the task, such as the loss."""

    modality: ClassVar[str] = ""
    """Name of its kind of input."""
    prediction: ClassVar[str] = ""
    """Kind of result: picks the renderer in the pages."""
    metrics: ClassVar[tuple[Metric, ...]] = ()
    """The metrics beside the loss, in the order of display. They get their names when the class is made."""
    objective: ClassVar[str] = "val_loss"
    """The metric that decides which epoch is best, as Keras logs it (`val_accuracy`)."""
    maximize: ClassVar[bool] = False
    """Whether more of the objective is better: its metric says so."""
    suggested: ClassVar[dict[str, Any]] = {}
    """Values of other fields that suit this task (`units`, `epochs` ...): form defaults; dataset and model overrule."""

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Declare the metrics, and take the direction of the objective from its metric."""
        super().__pydantic_init_subclass__(**options)
        for metric in cls.metrics:
            declare(metric)
        cls.maximize = metric_named(cls.objective).maximize

    @classmethod
    def metric_names(cls) -> tuple[str, ...]:
        """Return the names of the metrics, in the order of display."""
        return tuple(metric.name for metric in cls.metrics)

    @classmethod
    def mean_over_examples(cls, name: str) -> bool:
        """Return whether a metric of the training step is a mean over examples, as any that the task does not declare."""
        return all(metric.over == "mean" for metric in cls.metrics if metric.name == name)

    def inputs(self, info: DataInfo) -> "tuple[Any, Any]":
        """What the saved model takes and, computed from it, what networks are trained on: often the same.

        Each a symbolic tensor, or a dict of such where an input has several fields. The default is the modality's.
        """
        return modalities[self.modality].inputs(info)

    def learn(self, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """What must be known of the training split's targets before the network is built, such as their scale.

        Plain JSON; the head finds it as `info.learned["targets"]`, which is missing where only shapes count.
        """
        return {}

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

    def guess(self, targets: np.ndarray, count: int, info: DataInfo) -> tuple[str, np.ndarray] | None:
        """What is best answered to everything, by the training split's `targets`: its words, and outputs (count, outputs).

        A network that is not better has learned nothing. None where no single answer makes sense.
        """
        return None

    @classmethod
    def example_scores(cls, outputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
        """How good each row of `outputs` (examples, outputs) is, (examples,) by metric: their mean is the metric.

        For a metric whose `over` is `root` it is the root of their mean. Runs of a task without such are not compared
        example by example.
        """
        return {}

    def predictions(self, outputs: np.ndarray, info: DataInfo) -> list[Prediction]:
        """One typed result for each row of `outputs` (examples, outputs)."""
        raise NotImplementedError(f"{type(self).__name__} must define predictions.")


tasks: Registry[Task] = Registry(
    "task",
    package="engine.tasks",
    order=(
        "image-classification",
        "text-classification",
        "audio-classification",
        "tabular-classification",
        "tabular-regression",
    ),
)
