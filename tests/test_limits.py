"""Limits of requests: who is counted as whom, what is refused, and what the counts survive."""

from engine.limits.allowances import Allowance, strictest
from engine.sentences import Sentence


def test_of_each_unit_the_allowance_with_the_least_left_counts_and_of_equals_the_one_that_resets_last() -> None:
    predictions, minutes = Sentence("predictions"), Sentence("minutes")
    rows = [
        Allowance(Sentence("visitor"), 10, 0, 20, predictions, 60.0),
        Allowance(Sentence("all"), 595, 0, 5, predictions, 60.0),
        Allowance(Sentence("a day"), 60, 0, 0, minutes, 100.0),
        Allowance(Sentence("at once"), 1, 1, 0, minutes, None),
    ]
    assert strictest(rows) == {1, 3}
    assert rows[0].total == 30
