"""The index pipeline: every example once an epoch, in an order in which any step of any epoch can be reached."""

from typing import Any

import numpy as np
import pytest

from engine.data_info import DataInfo
from engine.models.mlp import Mlp
from engine.runs import RunSpec
from engine.settings import settings
from engine.training.pipeline import Batches, bucket, evaluation_dataset

INFO = DataInfo((1, 1, 1), ("a", "b", "c"))
INPUTS = np.arange(23, dtype=np.uint8).reshape(23, 1, 1, 1)
TARGETS = np.arange(23) % 3


def spec(**values: Any) -> RunSpec:
    """A spec with batches of five."""
    return RunSpec.build({"dataset": "digits", "model": "mlp", "batch_size": 5, **values})


def batches(**values: Any) -> Batches:
    """23 examples whose input is their position."""
    return Batches(INPUTS, TARGETS, spec(**values), INFO)


def seen(made: Batches, epoch: int, first_step: int = 0) -> list[list[int]]:
    """Positions of the examples in each batch."""
    made.epoch = epoch
    return [x.numpy().astype(int).ravel().tolist() for x, _ in made.dataset(first_step)]


def test_an_epoch_has_every_example_once_in_batches_of_one_size() -> None:
    made = batches()
    parts = seen(made, 0)
    assert [len(part) for part in parts] == [5, 5, 5, 5, 3]
    assert made.steps_per_epoch == 5
    assert sorted(i for part in parts for i in part) == list(range(23))


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else() -> None:
    assert seen(batches(), 3) == seen(batches(), 3)
    assert seen(batches(), 3) != seen(batches(), 4)
    assert seen(batches(), 3) != seen(batches(seed=1), 3)


@pytest.mark.parametrize("step", [1, 3, 4])
def test_an_epoch_goes_on_at_any_step(step: int) -> None:
    assert seen(batches(), 2, step) == seen(batches(), 2)[step:]


def test_inputs_keep_their_targets() -> None:
    for inputs, targets in batches().dataset():
        assert inputs.dtype == "float32"
        np.testing.assert_array_equal(targets.numpy().argmax(axis=1), inputs.numpy().ravel().astype(int) % 3)


def test_a_split_that_is_too_large_for_memory_is_read_from_disk_and_gives_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resident = seen(batches(), 1)
    large = np.broadcast_to(np.arange(23, dtype=np.uint8)[:, None, None, None], (23, 250, 250, 1))
    monkeypatch.setenv("TRAINYARD_MAX_RESIDENT_MB", "1")
    settings.cache_clear()
    made = Batches(large, TARGETS, spec(), DataInfo((250, 250, 1), INFO.labels))
    made.epoch = 1
    assert [x.numpy()[:, 0, 0, 0].astype(int).tolist() for x, _ in made.dataset()] == resident
    settings.cache_clear()


def test_a_batch_is_never_larger_than_the_data() -> None:
    made = batches(batch_size=4096)
    assert (made.batch_size, made.steps_per_epoch) == (23, 1)


def test_evaluation_sees_everything_once_and_in_order() -> None:
    parts = [x.numpy().astype(int).ravel() for x, _ in evaluation_dataset(INPUTS, TARGETS, spec(), INFO)]
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(23))


WORDS = np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0], [5, 6, 7, 8, 9], [1, 0, 0, 0, 0], [2, 3, 0, 0, 0]], np.int32)


@pytest.fixture
def telling_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that starts from numbers of words, of which 0 is padding."""
    monkeypatch.setattr(Mlp, "lengths", lambda self, features: (features > 0).sum(axis=1))


@pytest.mark.usefixtures("telling_lengths")
def test_batches_of_words_end_with_the_longest_and_lose_none() -> None:
    info = DataInfo((), ("a", "b"))
    made = Batches(WORDS, np.arange(5) % 2, spec(batch_size=4), info)
    found = [x.numpy() for x, _ in made.dataset()]
    assert [len(part) for part in found] == [4, 1]
    assert all(part.dtype == np.int32 and part[:, -1].any() for part in found)
    assert sorted(part[part > 0].tolist() for rows in found for part in rows) == sorted(
        row[row > 0].tolist() for row in WORDS
    )
    evaluated = [x.numpy() for x, _ in evaluation_dataset(WORDS, np.arange(5) % 2, spec(), info)]
    assert [(row > 0).sum() for part in evaluated for row in part] == [1, 1, 2, 3, 5]


def test_bucketing_keeps_every_example_and_brings_like_lengths_together() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 500, 3203)
    order = bucket(rng.permutation(3203), lengths, 32, rng)
    assert sorted(order) == list(range(3203))
    spread = [np.ptp(lengths[order[i : i + 32]]) for i in range(0, 3200, 32)]
    assert np.median(spread) < 30  # of 500
    firsts = [lengths[order[i]] for i in range(0, 3200, 32)]
    assert 0.3 < np.mean(np.diff(firsts) > 0) < 0.7  # short and long batches in no order
