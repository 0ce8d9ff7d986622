"""Alarms say what is wrong with texts that a network writes, by texts that networks wrote, and are silent about good ones."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.advice.alarms import Written, alarms, repeated, written
from engine.artifacts import artifacts_of
from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.probes import read
from engine.runs import RunSpec
from engine.store import Store
from engine.training.fit import train_run

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
GOOD = ["An oak stood by the road.", "Nobody came.", "We walked home in the rain.", "The river rose at night."]
LOOPS = [
    "the lord of the lord of the lord of the lord of the lord of the",
    "明月明月明月明月明月明月明月明月明月明月明月明月",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "and he said and he said and he said and he said to them",
]
"""As small networks write early on."""


class FewLines(UnsplitDataset):
    """Few lines, which a network soon knows by heart."""

    tasks: ClassVar[tuple[str, ...]] = ("text-generation",)

    def fingerprint(self) -> str:
        return "few"

    def load(self) -> Examples:
        places = ("hill", "road", "wood", "wall", "sea", "ice")
        lines = [f"the {who} went over the {place}." for who in ("fox", "cat", "dog") for place in places]
        return Examples(np.array([f"{line} {line}" for line in lines], object), None)


def kinds(now: Sequence[str], before: Sequence[str] | None = None, copied: Sequence[str] = ()) -> list[str]:
    """What is raised after two epochs that were alike, or differed."""
    return [alarm.kind for alarm in alarms([Written(now if before is None else before, copied), Written(now, copied)])]


@pytest.mark.parametrize("text", LOOPS)
def test_loops_are_found_in_words_characters_and_other_scripts(text: str) -> None:
    assert repeated(text)


@pytest.mark.parametrize(
    "text", [*GOOD, "ha ha ha ha", "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。", "", "10101"]
)
def test_texts_that_repeat_little_are_no_loops(text: str) -> None:
    assert repeated(text) == ""


def test_each_fault_has_its_alarm_and_good_texts_none() -> None:
    assert kinds(GOOD) == []
    assert kinds(["", " ", "\n", "a"]) == ["empty"]
    assert kinds([GOOD[0]] * 4) == ["same"]
    assert kinds(LOOPS) == ["repetition"]
    assert kinds(GOOD, copied=["", GOOD[1], GOOD[2], ""]) == ["copies"]
    assert kinds(GOOD, copied=["", GOOD[1], "", ""]) == []


def test_one_epoch_and_few_answers_are_no_cause() -> None:
    assert kinds(LOOPS, before=GOOD) == []
    assert alarms([Written(LOOPS)]) == []
    assert kinds(["", ""]) == []


def test_what_is_no_text_has_no_alarms() -> None:
    assert written([{"label": "cat"}]) is None
    assert written([]) is None
    assert written([{"text": "a"}, {"text": "b"}]) == Written(["a", "b"])


def test_long_answers_are_looked_at_in_no_time() -> None:
    rng = np.random.default_rng(0)
    for alphabet in ("ab", "abcdefgh "):
        assert repeated("".join(rng.choice(list(alphabet), 100_000))) == ""


def epochs_of(store: Store, **values: Any) -> list[Written]:
    """What a real run wrote at its epoch ends."""
    datasets.register("few-lines", "Few lines")(FewLines)
    try:
        spec = {"task": "text-generation", "dataset": "few-lines", "model": "lstm-lm", "units": 48, "batch_size": 4}
        split = {"test_fraction": 0.1, "validation_fraction": 0.3, "context_length": 48, "patience": 0}
        run = store.runs.create(RunSpec.build(spec | split | values), slot="t")
        train_run(store, run)
    finally:
        datasets.unregister("few-lines")
    probes = read(artifacts_of(run.id).probes)
    assert probes is not None
    found = [written(answers.values, answers.copied) for answers in probes.epochs]
    return [one for one in found if one is not None]


def test_a_network_that_knows_its_few_lines_by_heart_is_said_to_copy(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.probing.SHARE", 1.0)
    wrote = epochs_of(store, epochs=40, learning_rate=0.02)
    found = [alarm for end in range(2, len(wrote) + 1) for alarm in alarms(wrote[:end]) if alarm.kind == "copies"]
    assert found
    assert found[-1].example.startswith("the ")
    assert "copies" not in {alarm.kind for alarm in alarms(wrote[:2])}, "at first it knows nothing"
