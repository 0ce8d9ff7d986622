"""Iris flowers, as they come with scikit-learn: the classic small table."""

from typing import Any, ClassVar

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.sklearn_tables import SklearnTable


@datasets.register("iris", "Iris (150 flowers)")
class Iris(SklearnTable):
    """Three species of iris by the length and width of their sepals and petals, in centimetres."""

    loader: ClassVar[str] = "load_iris"
    source: ClassVar[str] = (
        "R. A. Fisher 1936, in scikit-learn, https://scikit-learn.org/stable/datasets/toy_dataset.html"
    )
    licence: ClassVar[str] = "BSD-3-Clause, as part of scikit-learn; CC BY 4.0 at the UCI repository"
    limits: ClassVar[str] = (
        "150 flowers, and two of the three species overlap. The test split has 23, so one more "
        "mistake costs over four points."
    )
    num_examples: ClassVar[int] = 150
    num_classes: ClassVar[int] = 3
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {"setosa": "山鸢尾", "versicolor": "变色鸢尾", "virginica": "维吉尼亚鸢尾"}
    }
    suggested: ClassVar[dict[str, Any]] = {"batch_size": 8, "learning_rate": 0.003, "epochs": 150, "patience": 30}

    def load(self) -> Examples:
        """150 rows of four numbers."""
        return self.rows()
