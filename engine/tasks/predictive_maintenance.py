"""Predictive maintenance: whether a machine fails within the steps to come."""

from dataclasses import asdict
from typing import Annotated, Any, ClassVar

import numpy as np

from engine.data_info import CALIBRATED, DataInfo
from engine.evaluation.alarms import alarms_at, threshold_for, weeks_of
from engine.metrics import ACCURACY, ALARM_PRECISION, ALARM_RECALL, AVERAGE_PRECISION, CROSS_ENTROPY, Metric
from engine.modalities.time_series import timeline
from engine.spec import FORKABLE, Range
from engine.targets import Stored
from engine.tasks.base import Prediction, Simple, tasks
from engine.tasks.classification import Classification
from engine.tasks.contents import Alarm, Contents

FAILS = 1
"""The class that is looked for."""


@tasks.register("predictive-maintenance", "Predictive maintenance")
class PredictiveMaintenance(Classification):
    """Tells from the last hours of its sensors whether a machine will fail soon, and raises as many alarms as people have time for."""

    modality: ClassVar[str] = "time-series"
    prediction: ClassVar[str] = "alarm"
    contents: ClassVar[type[Contents]] = Alarm
    metrics: ClassVar[tuple[Metric, ...]] = (
        AVERAGE_PRECISION, ALARM_PRECISION, ALARM_RECALL, CROSS_ENTROPY, ACCURACY,
    )  # fmt: skip
    objective: ClassVar[str] = "val_cross_entropy"
    occludes: ClassVar[bool] = False
    suggested: ClassVar[dict[str, Any]] = {"units": 32, "dropout": 0.2, "learning_rate": 0.001}

    alarms: Annotated[float, Range(0.05, 100.0, log=True), FORKABLE] = 1.0
    """Alarms a week and machine that there is time for. The validation split tells from which probability on there are so many."""

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """Beside the accuracy the cross-entropy, whatever the loss is: failures are rare, and accuracy hardly sees them."""
        import keras

        options = super().compile_options(info)
        options["metrics"].append(keras.metrics.CategoricalCrossentropy("cross_entropy", from_logits=True))
        return options

    def calibrate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return the probability from which on there are as many alarms on the validation split as the budget allows."""
        return {"threshold": self._allowed(np.asarray(outputs)[:, FAILS], info)}

    def _allowed(self, probabilities: np.ndarray, info: DataInfo) -> float:
        return threshold_for(probabilities, self.alarms * weeks_of(len(probabilities), timeline(info)))

    def evaluate(self, outputs: np.ndarray, targets: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """What is known of all classifiers, and what the alarms are worth.

        Where no threshold was calibrated, as of a method that is compared, the split itself says which one the budget allows.
        """
        found = super().evaluate(outputs, targets, info)
        likely, fails = np.asarray(outputs)[:, FAILS], np.asarray(targets) == FAILS
        known = info.learned.get(CALIBRATED, {}).get("threshold")
        threshold = self._allowed(likely, info) if known is None else float(known)
        alarms, weeks = alarms_at(threshold, likely, fails), weeks_of(len(likely), timeline(info))
        worth = {
            "average_precision": ranked(likely, fails),
            "alarm_precision": alarms.precision,
            "alarm_recall": alarms.recall,
        }
        found["metrics"] |= {name: value for name, value in worth.items() if value == value}
        found["alarms"] = asdict(alarms) | {"threshold": threshold, "budget": self.alarms, "weeks": weeks}
        return found

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """Logistic regression on the last values of the sensors."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if len(set(np.asarray(targets).tolist())) < 2:
            return {}
        known = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
        known.fit(np.asarray(inputs[:, -1]), np.asarray(targets))

        def score(inputs: np.ndarray, targets: Stored) -> np.ndarray:
            return np.asarray(known.predict_proba(np.asarray(inputs[:, -1])), np.float32)

        return {"logistic-regression-last-values": score}

    def predictions(self, outputs: np.ndarray, info: DataInfo) -> list[Prediction]:
        """Class and probabilities, and whether that is an alarm."""
        threshold = info.learned.get(CALIBRATED, {}).get("threshold")
        found = []
        for one in super().predictions(outputs, info):
            failing = one.values["probabilities"][info.labels[FAILS]]
            raised = {} if threshold is None else {"threshold": float(threshold), "alarm": failing > threshold}
            found.append(Prediction(self.prediction, {**one.values, "failing": failing, **raised}))
        return found


def ranked(probabilities: np.ndarray, fails: np.ndarray) -> float:
    """Return the average precision (examples,); NaN where nothing fails."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(fails, probabilities)) if fails.any() else float("nan")
