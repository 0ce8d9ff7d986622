"""Values that layers learned from the training split, computed by the script itself where a few lines give the same numbers."""

from typing import Any

import numpy as np

from engine.data_info import DataInfo
from engine.preparation.prepare import PreparedDataset

_NUMBERS = """columns = data["train_numbers"].astype("float64")
MEANS, DEVIATIONS = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0)
DEVIATIONS[DEVIATIONS <= 1e-6 * abs(MEANS)] = 1.0  # a column that does not vary is not divided"""
_TARGETS = "TARGET_MEAN, TARGET_DEVIATION = float(train_targets.mean()), float(train_targets.std())"
_LOGARITHMS = """logarithms = np.log(train_targets)
TARGET_MEAN, TARGET_DEVIATION = float(logarithms.mean()), float(logarithms.std())"""


class Learned:
    """The expressions that stand for learned values, and the lines that the used ones need."""

    def __init__(self, data: PreparedDataset, info: DataInfo) -> None:
        self.pieces: list[str] = []
        self._known: dict[str, tuple[Any, str, str]] = {}
        learned = info.learned
        if info.named("number") and {"mean", "deviation"} <= learned.keys():
            self._numbers(data.arrays("train")[0]["numbers"], learned["mean"], learned["deviation"])
        if {"mean", "deviation"} <= learned.get("targets", {}).keys():  # a plug-in's task may learn anything
            self._targets(data.arrays("train")[1], learned["targets"])

    def expression(self, name: str, value: Any) -> str:
        """Return the expression for the `value` of an argument (`centre_offset`) or a variable; "" where there is none."""
        known, code, lines = self._known.get(name, (None, "", ""))
        if not code or type(value) is not type(known) or value != known:
            return ""
        if lines not in self.pieces:
            self.pieces.append(lines)
        return code

    def _numbers(self, numbers: np.ndarray, means: list[float], deviations: list[float]) -> None:
        """Write the scale of the columns, unless a number is infinite or a column is all gaps: there the script would differ."""
        columns = numbers.astype(np.float64)
        if np.isinf(columns).any() or np.isnan(columns).all(axis=0).any():
            return
        found, spread = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0)
        spread[spread <= 1e-6 * abs(found)] = 1.0
        if (found.tolist(), spread.tolist()) == (means, deviations):
            self._known["centre_offset"] = [-mean for mean in means], "(-MEANS).tolist()", _NUMBERS
            self._known["scale_scale"] = [1.0 / each for each in deviations], "(1 / DEVIATIONS).tolist()", _NUMBERS

    def _targets(self, targets: np.ndarray, scale: dict[str, Any]) -> None:
        lines = _TARGETS
        if scale.get("logarithm"):
            targets, lines = np.log(targets), _LOGARITHMS
        if (float(targets.mean()), float(targets.std())) == (scale["mean"], scale["deviation"]):
            self._known["unit_offset"] = scale["mean"], "TARGET_MEAN", lines
            for name in ("unit_scale", "deviation"):
                self._known[name] = scale["deviation"], "TARGET_DEVIATION", lines
