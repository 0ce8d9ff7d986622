"""Planes through rows of numbers: two columns as they are, two principal components of more."""

import numpy as np
import pytest

from engine.modalities.base import modalities
from engine.modalities.plane import plane_through
from engine.modalities.table.rows import make_rows

RNG = np.random.default_rng(0)


def test_two_columns_are_the_axes() -> None:
    numbers = RNG.normal([50, 0.1], [9, 0.02], (300, 2))
    plane = plane_through(numbers, ["age", "dose"])
    assert plane is not None
    assert (plane.columns, plane.shares) == (("age", "dose"), ())
    assert plane.places(numbers) == pytest.approx(numbers)
    grid = plane.grid(5)
    assert grid[0] == pytest.approx(plane.low)
    assert grid[4] == pytest.approx([plane.high[0], plane.low[1]])  # row by row from the lowest
    assert grid[-1] == pytest.approx(plane.high)


def test_more_columns_are_drawn_along_the_directions_in_which_they_vary_most() -> None:
    hidden = RNG.normal(size=(500, 2)) * [3, 1]
    numbers = hidden @ RNG.normal(size=(2, 6)) * 100 + 7 + RNG.normal(size=(500, 6))
    plane = plane_through(numbers, list("abcdef"))
    assert plane is not None
    assert plane.columns == ()
    assert sum(plane.shares) > 0.99
    assert plane.places(plane.grid(7))[[0, -1]] == pytest.approx(np.array([plane.low, plane.high]))
    back = plane.middle + plane.scale * (plane.places(numbers) @ plane.axes)
    assert np.abs(back - numbers).mean() < 0.05 * numbers.std()
    again = plane_through(numbers, list("abcdef"))
    assert again is not None
    assert (again.axes == plane.axes).all()


@pytest.mark.parametrize("numbers", [
    np.zeros((9, 2)), np.ones((9, 3)), RNG.normal(size=(9, 1)), RNG.normal(size=(2, 2)),
    np.column_stack([np.arange(9.0), np.full(9, np.nan)]), np.outer(np.arange(9.0), [1, 2, 3]),
], ids=["constant", "constant, three", "one column", "two rows", "an empty column", "a line"])  # fmt: skip
def test_what_is_no_plane_has_none(numbers: np.ndarray) -> None:
    assert plane_through(numbers, list("abc")) is None


def test_gaps_lie_in_the_middle() -> None:
    numbers = RNG.normal(size=(50, 3))
    numbers[0] = np.nan
    plane = plane_through(numbers, list("abc"))
    assert plane is not None
    assert plane.places(numbers)[0] == pytest.approx([0, 0])


def test_rows_of_the_grid_have_the_commonest_categories() -> None:
    rows = make_rows(np.zeros((3, 2)), np.array([["red", "x"], ["red", ""], ["blue", ""]], object))
    made = modalities["table"].from_numbers(np.ones((4, 2)), rows)
    assert made.dtype == rows.dtype
    assert made["categories"].tolist() == [["red", ""]] * 4
    assert made["numbers"].tolist() == [[1, 1]] * 4
