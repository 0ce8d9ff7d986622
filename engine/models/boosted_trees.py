"""Gradient boosted trees: what most tables are predicted best with, and what any network for tables has to beat."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.data_info import DataInfo
from engine.modalities.seen import Seen
from engine.models.base import BOOSTING, Model, models
from engine.spec import ADVANCED, Range
from engine.tasks.base import Call, Task
from engine.trees import Trees

if TYPE_CHECKING:
    import numpy as np


@models.register("boosted-trees", "Gradient boosted trees")
class BoostedTrees(Model):
    """Hundreds of small decision trees, each grown on the errors of those before: strong on tables, and trained in seconds."""

    modalities: ClassVar[tuple[str, ...]] = ("table",)
    source: ClassVar[str] = (
        "Ke et al. 2017 (LightGBM), https://papers.nips.cc/paper/6907; histograms as in scikit-learn"
    )
    fits: ClassVar[str] = BOOSTING
    same_as: ClassVar[str] = "gradient-boosting"
    suggested: ClassVar[dict[str, Any]] = {"epochs": 50, "patience": 3, "first_best": 1, "device": "cpu"}
    searched: ClassVar[tuple[str, ...]] = ("shrinkage", "leaves", "leaf_examples")
    compared: ClassVar[tuple[str, ...]] = ("table",)
    unused: ClassVar[frozenset[str]] = frozenset(
        (
            *("optimizer", "schedule", "loss", "label_smoothing"),
            *("batch_size", "deterministic", "device", "devices", "machines", "mixed_precision"),
        )
    )

    shrinkage: Annotated[float, Range(0.01, 1.0, log=True)] = 0.1
    """Learning rate of boosting: what each tree says is multiplied by it. Smaller: more trees are needed, often a better result."""
    rounds: Annotated[int, Range(1, 50, log=True), ADVANCED] = 10
    """Rounds of boosting in an epoch. A round grows one tree; with three or more classes, one for each class."""
    leaves: Annotated[int, Range(2, 255, log=True)] = 31
    """Most leaves of a tree. More: each tree tells finer differences, and overfits sooner."""
    leaf_examples: Annotated[int, Range(1, 200, log=True)] = 20
    """Least training examples in a leaf. More: smoother answers; less than the rarest pattern that counts."""
    leaf_penalty: Annotated[float, Range(0.0, 100.0), ADVANCED] = 0.0
    r"""L2 penalty on what leaves say: a leaf with gradients $g$ and curvatures $h$ says $-\sum g / (\sum h + \lambda)$."""
    columns_tried: Annotated[float, Range(0.1, 1.0, step=0.05), ADVANCED] = 0.7
    """Share of the columns that each split chooses from, drawn at random. Below 1, trees differ more; at 1 nothing depends on the seed."""

    @property
    def depends_on_seed(self) -> bool:
        """Only which columns are tried is drawn."""
        return self.columns_tried < 1

    def learn(self, inputs: "np.ndarray", info: DataInfo) -> dict[str, Any]:
        """Return which code each category has, and which columns say anything: see `learn_matrix`."""
        from engine.modalities.table.matrix import learn_matrix

        return learn_matrix(inputs)

    def matrix(self, inputs: "np.ndarray", info: DataInfo) -> "np.ndarray":
        """Rows as people or datasets have them (examples,) -> (examples, columns) float64, NaN for missing."""
        from engine.modalities.table.matrix import to_matrix

        return to_matrix(inputs, info.learned)

    def seen(self, features: "np.ndarray", info: DataInfo) -> list[Seen]:
        """Return each number of the matrix under the name of its column, a code with its category; what is missing is left out."""
        from engine.modalities.table.matrix import name_cells

        return [Seen(numbers=name_cells(row, info)) for row in features.tolist()]

    def freezes(self, info: DataInfo) -> bool:
        """Return False: there is no network."""
        return False


def answering(trees: Trees, task: Task, info: DataInfo) -> Call:
    """Return trees as what answers: raw inputs (examples,) -> outputs (examples, outputs). Nothing of TensorFlow or scikit-learn."""
    from engine.modalities.table.matrix import to_matrix

    def call(inputs: "np.ndarray", extra: Any = None) -> "np.ndarray":
        raw = trees.scores(trees.raw(to_matrix(inputs, trees.columns)), info.num_classes)
        return task.final_of(task.raw_scores(raw, info))

    return call
