"""Carbon dioxide in the air of Mauna Loa, month by month."""

import csv
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import EMBEDDED, Examples, datasets
from engine.datasets.sources.windows import SeriesDataset, filled
from engine.files import file_fingerprint
from engine.timeline import Timeline

_FILE = EMBEDDED / "series" / "co2_monthly.csv"


@datasets.register("co2", "CO₂ at Mauna Loa (526 months)")
class Co2(SeriesDataset):
    """Carbon dioxide in the air over Hawaii, 1958 to 2001: it rises from year to year, and falls each summer."""

    source: ClassVar[str] = (
        "C. D. Keeling, T. P. Whorf 2004, in statsmodels, https://www.statsmodels.org/stable/datasets/generated/co2.html"
    )
    licence: ClassVar[str] = "Public domain, as statsmodels states"
    limits: ClassVar[str] = (
        "One series, and an unusually regular one. A good forecast here does not mean that sales or prices can be told. Five months "
        "without a measurement are filled along a straight line."
    )
    suggested: ClassVar[dict[str, Any]] = {"model": "linear"}

    def fingerprint(self) -> str:
        """Hash of the embedded file."""
        return file_fingerprint(_FILE)

    def load(self) -> Examples:
        """Windows of the monthly means, in parts per million."""
        with _FILE.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        values, _gaps = filled(np.array([float(row["co2"] or "nan") for row in rows]))
        line = Timeline(self.window, self.horizon, season=12, step="month", names=("co2",))
        return self.cut([values[:, None]], line, "CO₂ (ppm)")
