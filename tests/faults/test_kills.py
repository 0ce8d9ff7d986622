"""Some processes of an installation under load are killed at random; `python -m bench kills` kills fifty."""

from pathlib import Path

import pytest

from tests.faults.killing import KINDS, kill_at_random, unsound
from tests.faults.killing_ray import KillingRay, kill_on_ray
from tests.test_depot import missing

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
def test_nothing_is_lost_done_twice_or_charged_wrongly() -> None:
    found = kill_at_random(8, seed=1, seconds=150)
    assert set(found["kills"]) == set(KINDS)
    assert not unsound(found), found


@pytest.mark.timeout(600)
def test_nor_is_it_on_a_ray_cluster(tmp_path: Path) -> None:
    if lacks := missing("ray"):
        pytest.skip(f"not installed: {lacks}; see requirements-ray.txt")
    found = kill_on_ray(5, seed=1, seconds=150, folder=tmp_path)
    assert set(found["kills"]) == set(KillingRay.kinds)
    assert not unsound(found), found
