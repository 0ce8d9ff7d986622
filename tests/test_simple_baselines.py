"""Methods that a task itself brings are fitted to as many examples as the time for a baseline allows."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.baselines import base
from engine.baselines.base import baseline_of
from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.preparation.prepare import prepare
from engine.runs import RunSpec
from engine.settings import settings


class ManyLines(UnsplitDataset):
    """Lines of letters."""

    tasks: ClassVar[tuple[str, ...]] = ("text-generation",)

    def fingerprint(self) -> str:
        return "many"

    def load(self) -> Examples:
        rng = np.random.default_rng(0)
        return Examples(np.array(["".join(rng.choice(list("abcd"), 20)) for _ in range(400)], object), None)


@pytest.mark.parametrize(("seconds", "everything"), [(60.0, True), (1e-6, False)])
def test_the_time_for_a_baseline_bounds_how_many_examples_are_counted(
    home: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, everything: bool
) -> None:
    monkeypatch.setenv("TRAINYARD_BASELINE_SECONDS", str(seconds))
    settings.cache_clear()
    monkeypatch.setattr(base, "_FEW", 50)
    datasets.register("many-lines", "Many lines")(ManyLines)
    try:
        values: dict[str, Any] = {"task": "text-generation", "dataset": "many-lines", "tokenization": "characters"}
        spec = RunSpec.build(values)
        found = baseline_of(prepare(spec.dataset), spec.task)
    finally:
        datasets.unregister("many-lines")
    assert found.name == "4-gram"
    assert found.num_examples == (found.num_available if everything else 50)
    assert found.metrics["test"]["perplexity"] < 10
