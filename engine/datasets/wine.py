"""Italian wines, as they come with scikit-learn."""

from typing import ClassVar

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.sklearn_tables import SklearnTable


@datasets.register("wine", "Wine (178 bottles)")
class Wine(SklearnTable):
    """Three growers in one region of Italy, by thirteen chemical measurements of their wines."""

    loader: ClassVar[str] = "load_wine"
    source: ClassVar[str] = (
        "Forina et al. 1988, in scikit-learn, https://scikit-learn.org/stable/datasets/toy_dataset.html"
    )
    licence: ClassVar[str] = "BSD-3-Clause, as part of scikit-learn; CC BY 4.0 at the UCI repository"
    limits: ClassVar[str] = (
        "178 bottles, and nearly every method gets them right. The test split has 27, so one mistake "
        "costs nearly four points."
    )
    num_examples: ClassVar[int] = 178
    num_classes: ClassVar[int] = 3
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {"class_0": "第 0 类", "class_1": "第 1 类", "class_2": "第 2 类"}
    }

    def load(self) -> Examples:
        """178 rows of thirteen numbers."""
        return self.rows()
