"""Interrupted at any step, stopped, paused or killed, every model continues exactly: `python -m bench exactness` tries all."""

from collections.abc import Iterator

import pytest

from bench.exactness import Case, all_cases, difference, few_cases, few_examples
from engine.augmentations.base import augmentations
from engine.models.base import models
from engine.optimizers import optimizers
from engine.schedules import schedules
from engine.settings import settings
from engine.store import Store

pytestmark = pytest.mark.usefixtures("kept_preparations")
CASES = few_cases()


@pytest.fixture(autouse=True)
def examples(home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Made-up data, and a checkpoint after each epoch."""
    monkeypatch.setenv("TRAINYARD_CHECKPOINT_SECONDS", "0")
    settings.cache_clear()
    with few_examples():
        yield


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_run_that_is_left_at_a_step_ends_with_the_weights_of_one_that_is_not(store: Store, case: Case) -> None:
    assert difference(store, case) == ""


def test_every_model_optimizer_schedule_and_augmentation_is_among_them() -> None:
    assert {case.model for case in CASES} == set(models)
    assert {case.optimizer for case in CASES} == set(optimizers)
    assert {case.schedule for case in CASES} == set(schedules)
    assert {case.modality for case in CASES if case.augmented} == set(augmentations)
    assert {case.patience for case in CASES} == {0, 1}
    pairs = {(case.modality, case.model, case.optimizer, case.augmented) for case in all_cases()}
    assert len(pairs) == len(all_cases())
    assert {case.model for case in CASES} == {case.model for case in all_cases()}
