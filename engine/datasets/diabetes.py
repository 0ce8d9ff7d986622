"""Diabetes, as it comes with scikit-learn: a number is predicted."""

from typing import Any, ClassVar

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.sklearn_tables import SklearnTable


@datasets.register("diabetes", "Diabetes (442 patients)")
class Diabetes(SklearnTable):
    """Progression of diabetes after one year, from age, sex, body mass, blood pressure and six blood values."""

    tasks: ClassVar[tuple[str, ...]] = ("tabular-regression",)
    loader: ClassVar[str] = "load_diabetes"
    target: ClassVar[str] = "disease progression after one year"
    options: ClassVar[dict[str, Any]] = {"scaled": False}
    source: ClassVar[str] = (
        "Efron, Hastie, Johnstone, Tibshirani 2004, in scikit-learn, "
        "https://scikit-learn.org/stable/datasets/toy_dataset.html"
    )
    licence: ClassVar[str] = "BSD-3-Clause, as part of scikit-learn"
    limits: ClassVar[str] = (
        "The ten columns explain about half of the variance, whatever the method; how much depends "
        "on which 66 patients are in the test split. A linear model does as well as a network."
    )
    num_examples: ClassVar[int] = 442
    suggested: ClassVar[dict[str, Any]] = {"l2": 0.03}

    def load(self) -> Examples:
        """442 rows of ten numbers in their own units."""
        return self.rows()
