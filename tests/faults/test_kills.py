"""Eight processes of an installation under load are killed at random; `python -m bench kills` kills fifty."""

import pytest

from tests.faults.killing import KINDS, kill_at_random, unsound

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
def test_nothing_is_lost_done_twice_or_charged_wrongly() -> None:
    found = kill_at_random(8, seed=1, seconds=150)
    assert set(found["kills"]) == set(KINDS)
    assert not unsound(found), found
