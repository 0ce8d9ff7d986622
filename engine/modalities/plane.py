"""A plane through inputs that are numbers, on which the answers of a network can be drawn like a map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_EDGES = (1, 99)  # percentiles: a few far examples must not shrink all others into a corner
_MARGIN = 0.1


@dataclass(frozen=True)
class Plane:
    """Two axes through the inputs of a dataset. `columns` names what they are, where they are columns of the data."""

    middle: np.ndarray
    """(numbers,) the point (0, 0)."""
    scale: np.ndarray
    """(numbers,) the unit of each number."""
    axes: np.ndarray
    """(2, numbers) in these units, orthogonal and of length 1."""
    low: np.ndarray
    """(2,) where the map begins."""
    high: np.ndarray
    """(2,) where it ends."""
    columns: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    """Share of the variance along each axis, where they are principal components."""

    def places(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers (examples, numbers) -> where they lie on the map (examples, 2); a missing number counts as the middle."""
        scaled = (numbers - self.middle) / self.scale
        return np.asarray(np.where(np.isfinite(scaled), scaled, 0.0) @ self.axes.T)

    def grid(self, points: int) -> np.ndarray:
        """Return the numbers (points * points, numbers) of a square grid, row by row from the lowest."""
        across, up = (np.linspace(low, high, points) for low, high in zip(self.low, self.high, strict=True))
        places = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        return np.asarray(self.middle + self.scale * (places @ self.axes))


def plane_through(numbers: np.ndarray, names: Sequence[str]) -> Plane | None:
    """Return the plane of two columns, or of the first two principal components of more; None for fewer than two.

    `numbers` (examples, columns) are of the training split, NaN for missing.
    """
    if numbers.shape[1] < 2 or len(numbers) < 3:
        return None
    numbers = numbers.astype(np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    present = np.isfinite(numbers)
    if not present.any(axis=0).all():
        return None
    mean, deviation = np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0)
    if numbers.shape[1] == 2:
        flat = Plane(mean * 0, mean * 0 + 1, np.eye(2), *_ends(np.where(present, numbers, mean)), tuple(names))
        return flat if (flat.high > flat.low).all() else None
    deviation[deviation == 0] = 1.0
    scaled = np.where(present, (numbers - mean) / deviation, 0.0)
    _, sizes, axes = np.linalg.svd(scaled - scaled.mean(axis=0), full_matrices=False)
    if sizes[1] <= 1e-9 * max(sizes[0], 1e-300):  # all lie on a line
        return None
    axes = axes[:2] * np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])[:, None]  # the same way each time
    shares = sizes[:2] ** 2 / (sizes**2).sum()
    return Plane(mean, deviation, axes, *_ends(scaled @ axes.T), shares=tuple(shares.tolist()))


def _ends(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(examples, 2) -> where a map of them begins and ends."""
    low, high = np.percentile(places, _EDGES, axis=0)
    margin = _MARGIN * (high - low)
    return low - margin, high + margin
