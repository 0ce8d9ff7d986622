"""The tables that come with scikit-learn: numbers only, none missing."""

from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from engine.data_info import Column
from engine.datasets.base import Examples, UnsplitDataset
from engine.modalities.table.rows import equal_rows, make_rows


class SklearnTable(UnsplitDataset):
    """A table that `sklearn.datasets` loads from its own package, without a network."""

    tasks: ClassVar[tuple[str, ...]] = ("tabular-classification",)
    loader: ClassVar[str] = ""
    """Name of the function in `sklearn.datasets`."""
    target: ClassVar[str] = ""
    """Target of a regression, with its unit."""
    options: ClassVar[dict[str, Any]] = {}
    """Further arguments of the loader."""

    def fingerprint(self) -> str:
        """The version of scikit-learn: the data is part of it."""
        return f"{self.loader} {version('scikit-learn')}"

    def rows(self) -> Examples:
        """All rows; classes where the source names some, values otherwise. Equal rows stay in one split."""
        from sklearn import datasets as source

        found = getattr(source, self.loader)(**self.options)
        labels = tuple(str(name) for name in found.get("target_names", ()))
        inputs = make_rows(found.data, None)
        return Examples(
            inputs=inputs,
            targets=found.target.astype(np.int64 if labels else np.float64),
            labels=labels,
            groups=equal_rows(inputs),
            columns=tuple(Column(str(name), "number") for name in found.feature_names),
            target=self.target,
        )
