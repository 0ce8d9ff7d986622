"""`python -m engine search`: a real study with real workers, its exit codes, and immediate errors."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.cli.commands import make_parsers
from engine.cli.search import plan, study_spec
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.models.base import models
from engine.runs import RunState, choose_parts
from engine.settings import settings
from engine.spec import Choices
from engine.store import Store
from tests.faults.lab import Lab
from tests.tiny import NETWORKS

ROOT = Path(__file__).resolve().parents[1]
MANY = ("units", "depth", "dropout", "activation", "learning_rate", "batch_size", "epochs", "patience")
TINY = ("search", "--dataset", "digits", "--model", "mlp", "--epochs", "2", "--patience", "0")


@pytest.fixture
def lab(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """An installation whose executor, once the command has started it, ends with the test."""
    monkeypatch.setenv("TRAINYARD_EXECUTOR_IDLE_SECONDS", "1")
    monkeypatch.setenv("TRAINYARD_MIN_FREE_DISK_MB", "0")
    monkeypatch.setenv("TRAINYARD_SLOTS", "1")
    settings.cache_clear()
    Store(settings().url).close()
    made = Lab()
    yield made
    made.until(lambda: made.store.leases.get() is None)
    made.close()


def command(*words: str) -> "subprocess.Popen[str]":
    """Start it in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine", *TINY, *words],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_study_trains_its_trials_and_prints_the_best(lab: Lab) -> None:
    done = command("--search", "units=16:64", "--search", "activation=relu,tanh", "--trials", "2", "--json")
    printed, errors = done.communicate(timeout=120)
    assert done.returncode == 0, errors
    found = json.loads(printed.splitlines()[-1])
    assert (found["state"], found["trials"]) == ("completed", {"complete": 2})
    best = lab.store.runs.get(found["best_run"])
    assert best.spec["model"]["units"] == found["best_params"]["units"]
    assert found["best_values"]["quality"] == best.best["val_accuracy"]
    assert max(run.best["val_accuracy"] for run in lab.store.runs.list()) == best.best["val_accuracy"]


@pytest.mark.slow
def test_ctrl_c_stops_the_study_and_its_runs(lab: Lab) -> None:
    waiting = command("--search", "units", "--trials", "50", "--batch-size", "4", "--epochs", "100")
    lab.until(lambda: any(run.epoch >= 1 for run in lab.store.runs.list(states=["running"])))
    waiting.send_signal(signal.SIGINT)
    printed, errors = waiting.communicate(timeout=120)
    assert waiting.returncode == 3, errors
    assert "Study 1: stopped." in printed
    assert "pruned" in printed
    assert [run.state for run in lab.store.runs.list()][:1] == [RunState.STOPPED]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--search", "unit"), "Did you mean 'units'"),
        (("--search", "units=1:9999999"), "narrow this range, not widen it"),
        (("--search", "units", "--trials", "0"), "trials"),
        (("--search", "units", "--sampler", "magic"), "sampler"),
        (("--search", "units", "--objective", "speed"), "speed"),
        (("--search", "units", "--objective", "latency", "--pruner", "median"), "choose 'none'"),
        (("--search", "units", "--trial", "5"), "--trials"),
        ((*itertools.chain(*(("--search", name) for name in MANY)), "--sampler", "grid"), "combinations, more than"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_searched_is_a_sentence_and_leaves_nothing(
    store: Store, capsys: pytest.CaptureFixture[str], words: Any, sentence: str
) -> None:
    assert main([*TINY, *words]) == 1
    assert sentence in capsys.readouterr().err
    assert store.studies.list() == []


@pytest.mark.parametrize(
    ("dataset", "model", "varied"),
    [
        ("digits", "mlp", {"learning_rate", "units", "depth", "dropout"}),
        ("digits", "cnn", {"learning_rate", "units", "dropout", "blocks", "batch_normalisation"}),
        ("tweets", "textcnn", {"learning_rate", "filters", "dropout", "splitting", "signs"}),
        ("tweets", "bag-of-embeddings", {"learning_rate", "units", "dropout", "splitting", "signs", "ngrams"}),
        ("fashion", "efficientnet-lite0", {"learning_rate", "units", "dropout", "resolution", "unfreeze_from"}),
    ],
)
def test_without_a_word_a_search_varies_what_matters_first(dataset: str, model: str, varied: set[str]) -> None:
    words = ["search", "--dataset", dataset, "--model", model]
    parser, _known = make_parsers(words)
    spec = study_spec(parser.parse_args(words))
    assert spec.space.keys() == varied
    if "splitting" in varied:
        assert spec.space["splitting"] == Choices(("words", "characters", "pieces"))


def test_a_small_space_is_said_before_it_is_searched() -> None:
    words = [*TINY, "--search", "units=16:18", "--search", "activation=relu,tanh"]
    parser, _known = make_parsers(words)
    lines = list(plan(study_spec(parser.parse_args(words))))
    assert lines[1:] == [
        "  units: 16 to 18",
        "  activation: relu, tanh",
        "At most 6 trials: there are only 6 combinations of values.",
    ]


@pytest.mark.parametrize("model", list(models))
def test_every_model_says_only_of_what_it_has_that_it_matters(model: str) -> None:
    assert set(models[model].searched) <= {field.name for field in models[model].hyperparameters()}


@pytest.mark.parametrize("model", list(models))
def test_flags_of_a_search_and_of_a_run_are_never_the_same(model: str) -> None:
    dataset = next(name for name in datasets if _fits(name, model))
    _, known = make_parsers(["search", "--dataset", dataset, "--model", model])  # argparse refuses a flag that is there
    flags = {option for action in known["search"]._actions for option in action.option_strings}
    assert {"--search", "--trials", "--epochs"} <= flags
    assert ("--learning-rate" in flags) == (model in NETWORKS)


def _fits(dataset: str, model: str) -> bool:
    try:
        choose_parts({"dataset": dataset, "model": model})
    except TrainyardError:
        return False
    return True
