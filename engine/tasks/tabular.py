"""Rows of tables in: one label or one number out."""

from typing import Any, ClassVar

from engine.data_info import DataInfo
from engine.tasks.base import tasks
from engine.tasks.classification import Classification
from engine.tasks.regression import Regression

_TEXTBOOK = {"units": 64, "depth": 2, "narrowing": True, "epochs": 100, "batch_size": 32, "patience": 15}


@tasks.register("tabular-classification", "Table classification")
class TabularClassification(Classification):
    """Predict the class of a row of a table."""

    modality: ClassVar[str] = "table"
    boosts: ClassVar[bool] = True
    objective: ClassVar[str] = "val_cross_entropy"
    """Select by cross-entropy: on a dozen validation rows, accuracy soon stays at a round number."""
    suggested: ClassVar[dict[str, Any]] = _TEXTBOOK

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Beside the accuracy the cross-entropy, whatever the loss is: without weight penalties or smoothing."""
        import keras

        options = super().compile_options(info)
        options["metrics"].append(keras.metrics.CategoricalCrossentropy("cross_entropy", from_logits=True))
        return options


@tasks.register("tabular-regression", "Table regression")
class TabularRegression(Regression):
    """Predict a number from the other columns of its row."""

    modality: ClassVar[str] = "table"
    boosts: ClassVar[bool] = True
    suggested: ClassVar[dict[str, Any]] = _TEXTBOOK
    earlier: ClassVar[dict[str, Any]] = {"target_scale": "linear"}
