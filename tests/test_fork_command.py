"""The commands `fork`, `pause` and `steer`."""

import json
import signal
from typing import Any

import pytest

from engine.artifacts import artifacts_of
from engine.cli import foreground, main
from engine.epochs import kept_epochs
from engine.runs import Run, RunSpec, RunState
from engine.store import Store
from tests.test_cli import TINY, asked, refused
from tests.training_runs import SMALL, create
from tests.waiting import wait_until


def parent(store: Store, **values: Any) -> int:
    """A run that has kept epochs 2 and 4, though nobody has trained it."""
    run = create(store, **{"epochs": 9} | values)
    folder = artifacts_of(run.id).epochs
    folder.mkdir(parents=True)
    for epoch in (2, 4):
        (folder / f"{epoch}.npz").write_bytes(b"weights")
    store.attempts.report(run, epoch=4)
    return run.id


def test_a_fork_in_the_queue_has_the_parent_s_values_but_for_those_that_are_given(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    number = str(parent(store, dropout=0.4, schedule="cosine", warmup_fraction=0.2))
    flags = ("--learning-rate", "0.0001", "--schedule", "exponential", "--final-ratio", "0.5", "--dropout", "0")
    found = asked(capsys, "fork", number, "--epoch", "4", "--queue", "--owner", "bob", *flags)
    assert found == {"run": 2, "state": "queued", "parent": 1, "epoch": 4, "executor_alive": False}
    run = store.runs.get(2)
    values = run.parsed().values()
    assert (values["learning_rate"], values["final_ratio"], values["dropout"]) == (0.0001, 0.5, 0.0)
    assert (values["units"], values["epochs"], run.owner) == (16, 9, "bob")
    assert artifacts_of(2).start.samefile(artifacts_of(1).epochs / "4.npz")
    shown = asked(capsys, "show", number)
    assert (shown["children"], shown["kept_epochs"], shown["parent"]) == ([2], [2, 4], None)
    assert asked(capsys, "show", "2")["parent"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--epoch", "4", "--queue", "1", "--final-ratio", "0.5"),
        ("--epoch", "4", "--batch-size", "16", "1", "--queue", "--final-ratio", "0.5"),
        ("--queue", "--final-ratio", "0.5", "--epoch", "4", "--no-class-weights", "1"),
    ],
    ids=" ".join,
)
def test_the_number_of_the_run_may_stand_behind_flags(
    store: Store, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    parent(store, schedule="exponential")
    for _ in range(3):
        store.runs.create(RunSpec.build({"dataset": "digits", "model": "vit"}))
    assert asked(capsys, "fork", *words)["parent"] == 1
    assert store.runs.list(limit=1)[0].parsed().values()["final_ratio"] == 0.5


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--epoch", "3"), "These were: 2, 4."),
        (("--epoch", "4", "--units", "32"), "A fork keeps units of its parent"),
        (("--epoch", "4", "--model", "cnn"), "A fork keeps the model of its parent"),
        (("--epoch", "4", "--epochs", "4"), "Set epochs to 5 or more"),
        (("--epoch", "4", "--lerning-rate", "1"), "Did you mean '--learning-rate'"),
        (("--epoch", "four"), "invalid int value"),
    ],
    ids=lambda value: "-".join(value).strip("-") if isinstance(value, tuple) else "words",
)
def test_what_cannot_be_forked_is_one_sentence(
    store: Store, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], words: str
) -> None:
    assert words in refused(capsys, "fork", str(parent(store)), *flags)
    assert store.runs.queue() == []


@pytest.mark.slow
def test_a_fork_trains_in_the_foreground_and_says_what_came_of_it(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *TINY, "--epochs", "2", "--batch-size", "64", "--json"]) == 0
    trained = json.loads(capsys.readouterr().out.splitlines()[-1])
    kept = kept_epochs(trained["run"])
    assert kept[-1] == 2
    arguments = ["fork", str(trained["run"]), "--epoch", "2", "--epochs", "3", "--learning-rate", "0.0001", "--json"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["state"], found["epochs"]) == ("completed", 3)
    assert found["weights_sha256"] != trained["weights_sha256"]


def test_pause_and_steer_say_what_they_did(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run = store.runs.create(RunSpec.build(SMALL))
    assert asked(capsys, "steer", str(run.id), "--learning-rate", "0.5")["steering"] == [
        {"step": None, "learning_rate": 0.5}
    ]
    assert main(["steer", str(run.id), "--learning-rate", "0.25"]) == 0
    assert "continues with learning rate 0.25" in capsys.readouterr().out
    assert "less than or equal to 1" in refused(capsys, "steer", str(run.id), "--learning-rate", "7")
    assert asked(capsys, "pause", str(run.id)) == {"run": run.id, "state": "paused"}
    assert store.runs.get(run.id).state is RunState.PAUSED
    assert main(["pause", str(run.id)]) == 0
    assert f"Run {run.id}: paused." in capsys.readouterr().out


def test_one_ctrl_c_stops_and_a_second_cancels_whatever_was_asked_for_elsewhere(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def press(store: Store, run: Run, _: object) -> None:
        for _press in range(2):
            before = store.runs.get(run.id).request
            signal.raise_signal(signal.SIGINT)
            wait_until(lambda before=before: store.runs.get(run.id).request != before, "the request of the key")
            heard.append(store.runs.get(run.id).request)

    run = create(store)
    store.runs.request_end(run.id, RunState.PAUSED)
    monkeypatch.setattr("engine.worker.work", press)
    monkeypatch.setattr(foreground, "_log_to_file", lambda _: None)
    foreground.train_in_foreground(run, quiet=True)
    assert heard == ["stopped", "canceled"]
