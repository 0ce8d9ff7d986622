"""Object detection: which things are in a picture, and where."""

from collections import Counter
from typing import Annotated, Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.detection.evaluation import box_scores, evaluate_boxes
from engine.detection.grid import CELL, NONE, SIDES, boxes_of_cells, detection_loss, moved_boxes, true_cells
from engine.detection.peaks import COLUMNS, find_boxes
from engine.detection.proposals import propose
from engine.errors import TrainyardError
from engine.metrics import ANY_CLASS, BOX_F1, MAP, MAP_50, Metric
from engine.spec import Range
from engine.targets import Boxes, Ragged, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents, FoundObjects
from engine.tasks.graph import Tensors

_ROWS = 64
_PRIOR = -4.6  # log odds of 1 %: at first no cell is taken for an object


class Finding(Answering):
    """Which of the boxes that a network sees are shown."""

    threshold: Annotated[float, Range(0.01, 0.95, step=0.01)] = 0.3
    """Least probability of a box that is shown. Lower: fewer objects are missed, more boxes are wrong."""
    overlap: Annotated[float, Range(0.1, 0.9, step=0.05)] = 0.5
    """Of boxes of one class that overlap by more than this (intersection over union) only the likeliest is shown."""
    most: Annotated[int, Range(1, 500, log=True)] = 100
    """Most boxes of a picture that are shown, the likeliest."""


@tasks.register("object-detection", "Object detection")
class ObjectDetection(Task):
    """Finds the things in a picture and draws a box around each."""

    modality: ClassVar[str] = "scene"
    targets: ClassVar[Targets] = Boxes()
    prediction: ClassVar[str] = "objects"
    contents: ClassVar[type[Contents]] = FoundObjects
    metrics: ClassVar[tuple[Metric, ...]] = (MAP_50, MAP, ANY_CLASS, BOX_F1)
    answering: ClassVar[type[Answering]] = Finding
    baselines: ClassVar[bool] = True
    padding: ClassVar[float] = NONE
    moved_targets: ClassVar[bool] = True

    # -- training ----------------------------------------------------------------------------------------------------

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """Pictures -> scores of cells (batch, rows, columns, classes + 4); probabilities and boxes in pixels for people."""
        from keras import layers, ops

        if any(side % SIDES for side in info.shape[:2]):
            raise TrainyardError(
                "Pictures have {height} × {width} pixels; for object detection both must be multiples of {sides}.",
                height=info.shape[0],
                width=info.shape[1],
                sides=SIDES,
            )
        raw, inputs = self.inputs(info)
        frozen = model.features(model.preprocess(inputs, info))
        cells = model.cells(frozen)
        representation = layers.GlobalAveragePooling2D(name="representation")(cells)
        heat = layers.Conv2D(info.num_classes, 1, dtype="float32", name="heat")(cells) + _PRIOR
        sides = layers.Conv2D(4, 1, dtype="float32", name="sides")(cells)
        scores = layers.Concatenate(dtype="float32", name="scores")([heat, sides])
        likely = layers.Activation("sigmoid", dtype="float32", name="probabilities")(scores[..., :-4])
        final = ops.concatenate([likely, boxes_of_cells(scores[..., -4:])], axis=-1)
        return Tensors(raw, inputs, frozen, scores, final, representation=representation)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Focal loss of centres and generalised intersection over union of boxes."""
        return {"loss": detection_loss}

    def encode_targets(self, targets: Any, info: DataInfo) -> Any:
        """Boxes (batch, most, 5) -> what is true of each cell, (batch, rows, columns, classes + 5)."""
        return true_cells(targets, info.num_classes, -(-info.shape[0] // CELL), -(-info.shape[1] // CELL))

    def move(self, targets: Any, transforms: Any, info: DataInfo) -> Any:
        """The smallest boxes around the moved corners, cut at the edges; without those of which too little is left."""
        return moved_boxes(targets, transforms, info.shape[0], info.shape[1])

    # -- answers -----------------------------------------------------------------------------------------------------

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """Return for each picture its boxes (boxes, 6), the likeliest first: see `peaks`."""
        assert isinstance(options, Finding)
        found = list[np.ndarray]()
        for start in range(0, len(inputs), _ROWS):
            for cells in np.asarray(call(inputs[start : start + _ROWS])):
                boxes = find_boxes(cells, options.threshold, options.overlap, options.most)
                found.append(inside(boxes, info))
        return Ragged.of(found, np.float32, (COLUMNS,))

    def score(self, call: Call, inputs: np.ndarray, targets: Stored, info: DataInfo) -> Stored:
        """Return also boxes that an answer does not show: average precision looks at all thresholds."""
        return self.answer(call, inputs, info, Finding(threshold=0.01))

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """The objects of each picture."""
        return [Prediction(self.prediction, _contents(np.asarray(row), info)) for row in outputs]

    def describe(self, target: Any, info: DataInfo) -> str:
        """How many of which classes."""
        return counted([info.labels[int(index)] for index in np.asarray(target)[:, 4]])

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """What a detector proposes that ships with the program and knows none of these classes; all are taken for the most frequent."""
        often = int(np.bincount(np.asarray(targets.values[:, 4], np.int64), minlength=1).argmax())

        def proposed(inputs: np.ndarray, targets: Any) -> Ragged:
            rows = [_named(found, often) for found in propose(np.asarray(inputs))]
            return Ragged.of(rows, np.float32, (COLUMNS,))

        return {"proposals": proposed}

    # -- evaluating --------------------------------------------------------------------------------------------------

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """F1 of the boxes that an answer shows of each picture."""
        return {"box_f1": box_scores(outputs, targets, Finding().threshold)}

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Average precision, of each class its curve, by size, and what was taken for what."""
        return evaluate_boxes(outputs, targets, info.labels, Finding().threshold)


def _named(rows: np.ndarray, index: int) -> np.ndarray:
    """Boxes (boxes, 6), all of one class."""
    named = rows.copy()
    named[:, 4] = index
    return named


def inside(boxes: np.ndarray, info: DataInfo) -> np.ndarray:
    """Return `boxes` (boxes, 6) cut at the edges of the picture."""
    height, width = info.shape[:2]
    cut = np.clip(boxes[:, :4], 0, [width, height, width, height])
    return np.concatenate([cut, boxes[:, 4:]], axis=1, dtype=np.float32)


def counted(labels: list[str]) -> str:
    """Return labels in one line, each once: "bird, 2 × fish"."""
    counts = Counter(sorted(labels))
    return ", ".join(label if count == 1 else f"{count} × {label}" for label, count in counts.items())


def _contents(row: np.ndarray, info: DataInfo) -> dict[str, Any]:
    """(boxes, 6) -> the contents of a prediction."""
    found = [
        {"label": info.labels[int(index)], "index": int(index), "probability": round(probability, 4)}
        | {side: round(at, 2) for side, at in zip(("left", "top", "right", "bottom"), sides, strict=True)}
        for *sides, index, probability in row.tolist()
    ]
    return {"objects": found, "width": int(info.shape[1]), "height": int(info.shape[0])}
