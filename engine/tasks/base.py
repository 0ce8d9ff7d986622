"""Task: the head of the network, its losses and metrics, and how predictions are evaluated and shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from engine.data_info import DataInfo
from engine.language.reader import Writes
from engine.metrics import Metric, declare, metric_named
from engine.modalities.base import modalities
from engine.registry import Registry
from engine.spec import Spec
from engine.targets import Stored, Targets, Values
from engine.tasks.contents import Contents
from engine.tasks.graph import Tensors

if TYPE_CHECKING:
    import keras


_DETAILS = frozenset(
    (
        "outside",
        "interval",
        "level",
        "threshold",
        "false_accepts",
        "same_pairs",
        "different_pairs",
        "nearest",
        "picture",
        "not_known",
        "hits",
        "chosen_next",
    )
)
"""Values of predictions that one line has no room for, or says in its own way."""


@dataclass(frozen=True)
class Prediction:
    """A typed result for one input. `kind` picks the renderer; `values` is plain JSON.

    Beside what a kind has, `values` may say what was `unknown` in the input: categories by column that training never saw;
    that the input is `unlike` the data; and of a number the range of the training targets where it lies well `outside` of it,
    and the `interval` that contains the target with a probability of `level`.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> str:
        """One line for a terminal."""
        words = [
            f"{v:.1%}" if k == "probability" else (k if v else f"not {k}") if isinstance(v, bool) else str(v)
            for k, v in self.values.items()
            if not isinstance(v, dict | list) and k not in _DETAILS
        ]
        if named := self.values.get("items"):
            words.append(" · ".join(named))
        if told := self.values.get("forecast"):
            words.append(" ".join(f"{value:.6g}" for value in told))
        if interval := self.values.get("interval"):
            words.append(f"({self.values['level']:.0%}: {interval[0]:.6g} to {interval[1]:.6g})")
        if outside := self.values.get("outside"):
            words.append(f"(outside the training targets, which are from {outside[0]:.6g} to {outside[1]:.6g})")
        if unknown := self.values.get("unknown"):
            words.append(f"(unknown: {', '.join(f'{column} {name!r}' for column, name in unknown.items())})")
        if unlike := self.values.get("unlike"):
            words.append(
                f"(unlike the training data: {unlike['as_far']:,} of {unlike['of']:,} validation examples lie as far out)"
            )
        return " ".join(words)


class Answering(Spec):
    """Settings of prediction that can be changed without training again. By default there are none."""


class Call(Protocol):
    """The saved network, ready to be called."""

    def __call__(self, inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> Any:
        """Map raw inputs (batch, ...), and what the graph takes beside them by name, to outputs (batch, ...), or a dict of them.

        Of the `state` that earlier calls leave, what is not given begins empty: axes of any length have length 0.
        """


class Simple(Protocol):
    """A fitted method that needs no network."""

    def __call__(self, inputs: np.ndarray, targets: Stored) -> Stored:
        """Return outputs for stored examples, in the form that `Task.score` has."""


class Task(Spec):
    """Definition of what is predicted from what. Its fields are the choices that belong to the task, such as the loss."""

    modality: ClassVar[str] = ""
    """Name of its kind of input."""
    targets: ClassVar[Targets] = Values()
    """The form of what is to be predicted, as datasets give it and as it is stored."""
    prediction: ClassVar[str] = ""
    """Kind of result: picks the renderer in the pages."""
    contents: ClassVar[type[Contents]] = Contents
    """Type of the values of a prediction; the API describes its responses by it."""
    metrics: ClassVar[tuple[Metric, ...]] = ()
    """The metrics beside the loss, in the order of display. They get their names when the class is made."""
    objective: ClassVar[str] = "val_loss"
    """The metric that decides which epoch is best, as Keras logs it (`val_accuracy`)."""
    maximize: ClassVar[bool] = False
    """Whether more of the objective is better: its metric says so."""
    baselines: ClassVar[bool] = False
    """Whether classical methods can be fitted to the targets, and `evaluate` takes what they say."""
    padding: ClassVar[float] = 0
    """Value that pads ragged targets to the longest of a batch."""
    moved_targets: ClassVar[bool] = False
    """Whether targets lie in the picture, and must move with it when it is flipped, turned or shifted: boxes, masks."""
    answering: ClassVar[type[Answering]] = Answering
    """The settings of an answer, such as a temperature or a threshold: on the demo page, in the API, on the command line."""
    streams: ClassVar[bool] = False
    """Whether `stream` shows an answer as it comes."""
    encodes: ClassVar[bool] = False
    """Whether `encode` makes of the stored examples what the network takes. It answers for stored inputs all the same."""
    learns_inputs: ClassVar[bool] = True
    """Whether `learn` looks at the inputs, too, and not at the targets alone."""
    fuses: ClassVar[bool] = True
    """Whether XLA can compile a step: not where its loss is an operation of its own."""
    companions: ClassVar[int] = 0
    """Most further validation examples that are answered with the probes at epoch ends, to be compared with them: see `watched`."""
    simple_examples: ClassVar[int] = 0
    """Most examples of the training split that `simple` is given; 0: all."""
    illustrations: ClassVar[int] = 0
    """Examples of each split that `illustrate` is given."""
    occludes: ClassVar[bool] = False
    """Whether `effects` says what hidden parts of an input do to its answer."""
    boosts: ClassVar[bool] = False
    """Whether trees can be fitted to its targets: see `even_targets`."""
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
        """Return the saved model's inputs and, computed from them, those that networks are trained on: often the same.

        Each is a symbolic tensor, or a dict of them if an input has several fields. The default is the modality's.
        """
        return modalities[self.modality].inputs(info)

    def learn(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Learn what is needed from the training split before the network is built: the scale of targets, tokens of texts.

        Plain JSON; the head finds it as `info.learned["targets"]`, which is missing where only shapes count.
        """
        return {}

    def encode(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> tuple[np.ndarray, Any]:
        """Return inputs and targets of a split, as they are stored, in the form that `batch` takes: texts as ids.

        Called once before training, where `encodes` is set. An example may become several rows, or none.
        """
        return inputs, targets

    def encode_stored(self, targets: Stored, info: DataInfo) -> Stored:
        """Return the stored targets of a split in the form that `batch` takes: transcripts as ids. Called once before training."""
        return targets

    def raw_lengths(self, model: Any, inputs: np.ndarray) -> "np.ndarray | None":
        """Return roughly how long stored `inputs` (examples, ...) are for the network: see `Model.raw_lengths`."""
        found: np.ndarray | None = model.raw_lengths(inputs)
        return found

    @classmethod
    def accepts(cls, model: type[Any]) -> bool:
        """Return whether networks of `model`, a class of `engine.models`, can be trained for this task: by default those that
        give one vector for each input."""
        fits = cls.boosts or model.fits == "gradient-descent"
        return fits and cls.modality in model.modalities and not issubclass(model, Writes)

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """Build the graph of a network of `model`: by default the model's parts and the head, one after the other.

        A task that feeds more than the stored input, or joins several networks, builds its own.
        """
        raw, inputs = self.inputs(info)
        frozen = model.features(model.preprocess(inputs, info))
        representation = model.body(frozen)
        scores = self.head(representation, info)
        return Tensors(raw, inputs, frozen, scores, self.final(scores), representation=representation)

    def fitted(self, model: Any) -> Any:
        """Return whose `network` makes what is fitted, and whose `batch` feeds it: this task's, or the model's."""
        return self

    def network(self, inputs: Any, outputs: Any, name: str) -> "keras.Model":
        """Make the Keras model that is compiled and fitted: a subclass with its own `compute_loss` is welcome."""
        import keras

        return keras.Model(inputs, outputs, name=name)

    def head(self, x: "keras.KerasTensor", info: DataInfo) -> "keras.KerasTensor":
        """Map a representation (batch, units) to raw scores (batch, outputs), in float32."""
        raise NotImplementedError(f"{type(self).__name__} must define head.")

    def final(self, scores: "keras.KerasTensor") -> "keras.KerasTensor":
        """Map raw scores to what the saved model returns; probabilities for a classifier."""
        raise NotImplementedError(f"{type(self).__name__} must define final.")

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """`loss` and `metrics` for `keras.Model.compile`, on raw scores."""
        raise NotImplementedError(f"{type(self).__name__} must define compile_options.")

    def even_targets(self, targets: np.ndarray, info: DataInfo) -> np.ndarray:
        """Return stored targets (examples,) as trees are fitted to them: class indices, or numbers on the scale where errors count."""
        return targets

    def raw_scores(self, raw: np.ndarray, info: DataInfo) -> np.ndarray:
        """Return what trees say, (examples, outputs) on the scale of `even_targets`, as `head` would have it."""
        return raw

    def final_of(self, scores: np.ndarray) -> np.ndarray:
        """Return scores (examples, outputs) as `final` does, of numpy."""
        return scores

    def batch(self, inputs: Any, targets: Any, info: DataInfo) -> tuple[Any, Any]:
        """Return what a step of training is fed and what its loss takes, inside the input pipeline (TensorFlow ops).

        `inputs` and `targets` are of a batch: stored inputs or their frozen features, and stored targets, of which
        ragged ones are filled up with `padding`. A task whose graph has `extra` inputs, or whose targets are made of
        the inputs, says so here.
        """
        return inputs, self.encode_targets(targets, info)

    def move(self, targets: Any, transforms: Any, info: DataInfo) -> Any:
        """Return a batch of stored targets as they are after the pictures were moved (TensorFlow ops).

        `transforms` (batch, 3, 3) float32 maps homogeneous (x, y, 1) of the old picture, from 0 to 1, to the new one.
        """
        raise NotImplementedError(f"{type(self).__name__} must define move.")

    def encode_targets(self, targets: Any, info: DataInfo) -> Any:
        """Turn a batch of stored targets into what the loss takes, inside the input pipeline (TensorFlow ops)."""
        return targets

    def class_weight(self, targets: np.ndarray, info: DataInfo) -> dict[int, float] | None:
        """Weight of each class, or None to weigh all examples alike. `targets` are those of the training split."""
        return None

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """Return the outputs for raw `inputs` (examples, ...): one pass of the network, unless the task needs more.

        A task that decodes or samples calls the network in a loop, as its `options` say, and may return ragged outputs.
        """
        outputs: Stored = call(inputs)
        return outputs

    def stream(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Iterator[Stored]:
        """Yield the outputs for one raw input (1, ...) as far as they have come; the last one is the whole answer."""
        yield self.answer(call, inputs, info, options)

    @classmethod
    def repeatable(cls) -> Answering:
        """Return settings of an answer that are the same each time: for probes and evaluations."""
        return cls.answering()

    def score(self, call: Call, inputs: np.ndarray, targets: Stored, info: DataInfo) -> Stored:
        """Return the outputs that `evaluate` takes: by default the answers. A task may ask how likely the truth is instead."""
        return self.answer(call, inputs, info, self.repeatable())

    def sample(self, call: Call, known: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Let a network that makes things make some, and measure them, once, beside the training split's inputs `known` and `targets`.

        Plain JSON that is added to the evaluation; its `metrics` join the others.
        """
        return {}

    def illustrate(self, call: Call, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return what an evaluation shows of some examples of a split, `illustrations` of them: plain JSON that is added to it."""
        return {}

    def copies(self, known: np.ndarray) -> Callable[[Mapping[str, Any]], str] | None:
        """Return what finds, in the contents of a prediction, a line that stands in the training inputs `known` as it is, "" where
        none does. None: copies are no fault, or cannot be told."""
        return None

    def simple(self, inputs: np.ndarray, targets: Stored, info: DataInfo) -> dict[str, Simple]:
        """Fit the simple methods to beat to the training split: by name what stands for `score`.

        Where a task does not say so, classical methods of the modality are tried, if `baselines` is set.
        """
        return {}

    def prompts(self, inputs: np.ndarray) -> np.ndarray:
        """Return what a probe is answered for: the stored inputs (examples, ...), or their beginnings where a task goes on with them."""
        return inputs

    def truth(self, inputs: np.ndarray, targets: Stored) -> Stored:
        """Return what outputs are compared with: the stored targets, unless they are made of the inputs."""
        return targets

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Evaluate outputs (examples, ...) by `truth`: plain JSON with `metrics` and what pages draw.

        Both may be memory-mapped and large. By default every metric follows from `example_scores`.
        """
        scores = self.example_scores(outputs, targets)
        return {
            "metrics": {
                metric.name: of_scores(metric, scores[metric.name]) for metric in self.metrics if metric.name in scores
            }
        }

    def guess(self, targets: np.ndarray, count: int, info: DataInfo) -> tuple[str, np.ndarray] | None:
        """Return the best constant answer, by the training split's `targets`: its words, and outputs (count, outputs).

        A network that is not better has learned nothing. None where no single answer makes sense.
        """
        return None

    def calibrate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return what single answers need that follows from the outputs of the final network on the validation split: a threshold.

        Plain JSON, kept beside the model; afterwards `info.learned[CALIBRATED]` has it, which is missing while a run trains.
        """
        return {}

    def watched(self, outputs: Any, inputs: np.ndarray, targets: Any, count: int, info: DataInfo) -> list[Prediction]:
        """Return the answers to the first `count` of some validation examples, the probes, by the outputs for all of them.

        The others are their `companions`.
        """
        return self.predictions(outputs[:count], info)

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Return the score of each row of `outputs` (examples, ...), (examples,) by metric: their mean is the metric.

        For a metric whose `over` is `root` it is the root of their mean. Runs of a task without these scores are not
        compared example by example.
        """
        return {}

    @classmethod
    def example_ratios(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Return (examples, 2) by metric that is `exp(a / b)` of the sums a and b of both columns, such as perplexity."""
        return {}

    def nonconformity(self, outputs: Any, targets: Any, info: DataInfo) -> np.ndarray | None:
        """Return how far each row of `outputs` is from its target (examples,), on a scale on which errors are alike.

        Intervals are calibrated on it. None: answers of this task have no interval.
        """
        return None

    def interval(self, outputs: Any, radius: float, info: DataInfo) -> np.ndarray:
        """Return the least and the largest target (examples, 2) whose nonconformity is at most `radius`."""
        raise NotImplementedError(f"{type(self).__name__} must define interval.")

    def effects(self, outputs: Any) -> np.ndarray:
        """Return how much the answer to an input, the first row, loses in each of its variants, the other rows: (variants,)."""
        raise NotImplementedError(f"{type(self).__name__} must define effects.")

    def describe(self, target: Any, info: DataInfo) -> str:
        """Return one line that says what a stored target is; empty where there is none, or words cannot say it."""
        return ""

    def heights(self, outputs: Any, info: DataInfo) -> np.ndarray | None:
        """Return one number for each answer (examples,), for a map of them; None where an answer is more than a number.

        Of a class: its index plus its probability, which is kept below 1.
        """
        return None

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """One typed result for each row of `outputs` (examples, ...)."""
        raise NotImplementedError(f"{type(self).__name__} must define predictions.")


def of_scores(metric: Metric, scores: np.ndarray) -> float:
    """Return a metric of all examples from what it says of each (examples,)."""
    mean = float(np.mean(scores)) if len(scores) else float("nan")
    return mean**0.5 if metric.over == "root" else mean


tasks: Registry[Task] = Registry(
    "task",
    package="engine.tasks",
    order=(
        "image-classification",
        "object-detection",
        "image-similarity",
        "text-classification",
        "audio-classification",
        "tabular-classification",
        "tabular-regression",
        "image-regression",
        "text-generation",
        "text2text-generation",
        "translation",
        "summarization",
        "time-series-forecasting",
        "predictive-maintenance",
        "recommendation",
        "automatic-speech-recognition",
        "text-to-speech",
        "image-generation",
    ),
)
