"""How far an answer can be relied on: inputs unlike the data, intervals of numbers."""

from pathlib import Path

import numpy as np
import pytest

from engine.reliability.distance import FEWEST, NARROW, Reference
from engine.reliability.intervals import fewest, radius
from engine.reliability.stored import Reliability, read_reliability, write_reliability

RNG = np.random.default_rng(0)


def known(examples: int = 400, units: int = 8) -> Reference:
    """Two classes."""
    found = Reference.of(cluster(examples, units), np.arange(examples) % 2)
    assert found is not None
    return found


def cluster(examples: int, units: int = 8) -> np.ndarray:
    rows = RNG.normal(size=(examples, units)).astype(np.float32)
    rows[::2, 0] += 20
    rows[1::2, 1] += 20
    return rows


def test_of_ordinary_inputs_no_more_are_flagged_than_allowed() -> None:
    shares = [(near.as_far(cluster(200)) <= near.most(0.03)).mean() for near in (known() for _ in range(20))]
    assert 0.015 < np.mean(shares) < 0.04


def test_what_lies_outside_and_what_lies_between_clusters_is_flagged() -> None:
    near, odd = known(), np.zeros((2, 8), np.float32)
    odd[0, :2], odd[1, 3] = 10, 40
    assert near.as_far(odd).tolist() == [0, 0]


def test_wide_representations_are_projected_and_still_tell_what_is_odd() -> None:
    near = known(300, NARROW + 100)
    assert near.whitening.shape == (2, NARROW, NARROW)
    assert (near.as_far(cluster(100, NARROW + 100)) <= near.most(0.05)).mean() < 0.15
    assert near.as_far(50 * np.ones((1, NARROW + 100))).tolist() == [0]


def test_numbers_that_are_not_finite_lie_farther_out_than_everything() -> None:
    near, odd = known(), np.zeros((2, 8), np.float32)
    odd[0, 0], odd[1, 0] = np.nan, np.inf
    assert near.as_far(odd).tolist() == [0, 0]
    assert near.as_far(np.empty((0, 8), np.float32)).tolist() == []


def test_few_examples_flag_only_what_is_farther_than_all_of_them_and_fewer_flag_nothing() -> None:
    assert known(FEWEST).most(0.03) == 0
    assert known(1000).most(0.03) == 29
    assert Reference.of(cluster(FEWEST - 1), np.zeros(FEWEST - 1)) is None
    assert Reference.of(np.ones((100, 4), np.float32), np.zeros(100)) is None


def test_an_interval_holds_its_promise_on_average_for_any_number_of_examples() -> None:
    for examples in (9, 25, 300):
        held = []
        for _ in range(400):
            reach = radius(np.abs(RNG.normal(size=examples)), 0.9)
            assert reach is not None
            held.append((np.abs(RNG.normal(size=50)) <= reach).mean())
        assert 0.885 < np.mean(held) < 0.93


def test_an_interval_takes_enough_examples() -> None:
    assert [fewest(level) for level in (0.5, 0.9, 0.95)] == [1, 9, 19]
    for level in (0.5, 0.9, 0.95):
        assert radius(np.arange(fewest(level), dtype=float), level) == fewest(level) - 1
        assert radius(np.arange(fewest(level) - 1, dtype=float), level) is None
    assert radius(np.array([1.0] * 20 + [np.inf]), 0.9) is None


def test_what_is_stored_is_read_back_and_what_is_damaged_is_none(tmp_path: Path) -> None:
    path = tmp_path / "reliability.npz"
    assert read_reliability(path) is None
    near = known()
    write_reliability(path, Reliability("hidden", near, 0.03, 2.5, 0.9))
    found = read_reliability(path)
    assert found is not None
    assert found.reference is not None
    assert (found.layer, found.flagged, found.radius, found.level) == ("hidden", 0.03, 2.5, 0.9)
    rows = cluster(50)
    assert found.reference.as_far(rows).tolist() == near.as_far(rows).tolist()
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"PK nothing"):
        path.write_bytes(damaged)
        assert read_reliability(path) is None
    write_reliability(path, Reliability(level=0.9))
    assert read_reliability(path) == Reliability(level=0.9)


@pytest.mark.parametrize(("as_far", "said"), [(0, True), (11, True), (12, False), (400, False)])
def test_an_input_is_called_unlike_where_few_examples_lie_as_far_out(as_far: int, said: bool) -> None:
    found = Reliability("hidden", known(), 0.03).unlike(as_far)
    assert found == ({"unlike": {"as_far": as_far, "of": 400}} if said else {})
    assert Reliability().unlike(0) == {}
