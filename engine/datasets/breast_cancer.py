"""Breast cancer in Wisconsin, as it comes with scikit-learn: many numbers, two classes."""

from typing import ClassVar

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.sklearn_tables import SklearnTable


@datasets.register("breast-cancer", "Breast cancer (569 biopsies)")
class BreastCancer(SklearnTable):
    """Malignant or benign, by thirty measurements of cell nuclei under the microscope."""

    loader: ClassVar[str] = "load_breast_cancer"
    source: ClassVar[str] = (
        "Wolberg, Street, Mangasarian 1995, in scikit-learn, https://scikit-learn.org/stable/datasets/toy_dataset.html"
    )
    licence: ClassVar[str] = "BSD-3-Clause, as part of scikit-learn; CC BY 4.0 at the UCI repository"
    limits: ClassVar[str] = (
        "569 biopsies of one hospital, long ago: not for diagnosis. The test split has 86, so one "
        "more mistake costs more than a point."
    )
    num_examples: ClassVar[int] = 569
    num_classes: ClassVar[int] = 2
    class_words: ClassVar[dict[str, dict[str, str]]] = {"zh": {"malignant": "恶性", "benign": "良性"}}

    def load(self) -> Examples:
        """569 rows of thirty numbers."""
        return self.rows()
